package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
	"github.com/appsyncctl/appsyncctl/internal/shell"
)

// A Subject is the set-up that is examined, as the caller found it. Nothing is
// looked up before Examine runs.
type Subject struct {
	Profile  string    // the profile's name
	Settings []Setting // all of them, in the order in which people meet them
	Needed   []string  // the names of those that must have a value
	Mode     string    // the client's authorization mode: oidc, cognito, lambda, api-key or iam
	// Problem is why settings could not be resolved as they stand, such as a profile
	// that cannot be read, and Remedy what to do about it; nil and empty if they could.
	Problem error
	Remedy  string
	Grant   string // device, browser or client-credentials; empty if the token was given

	// Token gets the token that a command would send; nil if the mode uses none.
	// TokenFrom says where from: "standard input", "APPSYNCCTL_TOKEN", "the keyring".
	Token     func(ctx context.Context) (string, error)
	TokenFrom func() string

	Authorized http.RoundTripper // sends what a command would send
	Plain      http.RoundTripper // the same without any credentials
	Provider   *http.Client      // for the OpenID provider; follows no redirect

	// Realtime is a connection as "customers watch" makes it, not started; nil if there
	// can be none.
	Realtime *appsync.Realtime

	// Store is where tokens rest; nil if nothing is kept for this set-up.
	Store *Store

	// Account reads what the AWS account says; nil without AWS credentials.
	Account Account

	// Answer is a saved answer of the API, to be explained in place of asking; nil
	// otherwise.
	Answer *Answer

	// Clean takes secrets out of a text from outside, before it is cut; nil takes none.
	Clean func(text string) string

	LookupHost func(ctx context.Context, host string) ([]string, error)
	// Proxy returns the proxy that a request to address goes through, or nil.
	Proxy func(address *url.URL) (*url.URL, error)
	Now   func() time.Time

	Deadline Deadline // when the checks give up
}

// Store is the token store of a set-up.
type Store struct {
	Name  string                          // keyring, file or memory
	Probe func(ctx context.Context) error // stores, reads and removes a value
	// Instead returns the store that a probe found in place of Name, which there is
	// none of on this machine, or ""; nil if no other may take its place.
	Instead func() string
}

// name returns where values rest, once Probe has ended.
func (s *Store) name() string {
	if s.Instead != nil {
		if other := s.Instead(); other != "" {
			return other
		}
	}
	return s.Name
}

// An Account reads the configuration of an API from AWS itself.
type Account interface {
	API(ctx context.Context, endpoint string) (*awsaccount.API, error)
}

// A Setting is one setting as it was resolved.
type Setting struct {
	Name     string // "client_id"
	Label    string // "client ID"
	Flag     string // without dashes; empty when no flag may carry it
	Variable string
	Value    string // empty when unset, "[redacted]" for a secret
	Source   string // flag, environment, profile, default or unset
	Origin   string // the flag, variable or profile that it came from, as a person would name it
}

// setting returns the setting called name; its zero value if there is none.
func (s *Subject) setting(name string) Setting {
	for _, setting := range s.Settings {
		if setting.Name == name {
			return setting
		}
	}
	return Setting{}
}

// change returns the way to give a setting another value, where its value is now.
func (s *Subject) change(name, value string) string {
	setting := s.setting(name)
	switch {
	case setting.Source == "environment" || setting.Flag == "":
		return fmt.Sprintf("export %s=%s", setting.Variable, shell.Word(value))
	case setting.Source == "flag":
		return fmt.Sprintf("--%s %s", setting.Flag, shell.Word(value))
	default:
		return fmt.Sprintf("appsyncctl profile set %s --%s %s", s.Profile, setting.Flag, shell.Word(value))
	}
}

// remedy names the ways to give a setting a value.
func (s Setting) remedy() string {
	if s.Flag == "" {
		return "set " + s.Variable
	}
	return fmt.Sprintf("pass --%s or set %s", s.Flag, s.Variable)
}

// The modes, as the setting auth has them.
const (
	modeOIDC    = "oidc"
	modeCognito = "cognito"
	modeLambda  = "lambda"
	modeAPIKey  = "api-key"
	modeIAM     = "iam"
)

// The grants, as the setting grant has them.
const (
	grantDevice  = "device"
	grantBrowser = "browser"
	grantMachine = "client-credentials"
)

// mode is the mode that is set.
func (s *Subject) mode() string {
	if s.Mode == "" {
		return modeOIDC
	}
	return s.Mode
}

// tokened tells whether the mode shows a token.
func (s *Subject) tokened() bool { return s.jwt() || s.mode() == modeLambda }

// jwt tells whether AppSync itself reads the mode's token.
func (s *Subject) jwt() bool { return s.mode() == modeOIDC || s.mode() == modeCognito }

// bearer tells whether the token is sent behind "Bearer".
func (s *Subject) bearer() bool { return s.setting("auth_scheme").Value == "bearer" }

// modeType is AppSync's name of a mode.
func modeType(mode string) awsaccount.ModeType {
	return map[string]awsaccount.ModeType{
		modeOIDC: awsaccount.OpenIDConnect, modeCognito: awsaccount.UserPools, modeLambda: awsaccount.Lambda,
		modeAPIKey: awsaccount.APIKey, modeIAM: awsaccount.IAM,
	}[mode]
}

// modeName is the client's name of a mode; empty for one that it has not.
func modeName(kind awsaccount.ModeType) string {
	for _, name := range []string{modeOIDC, modeCognito, modeLambda, modeAPIKey, modeIAM} {
		if modeType(name) == kind {
			return name
		}
	}
	return ""
}

// directive is what opens a field to the mode where it is not the API's default.
func directive(mode string) string {
	return map[string]string{
		modeOIDC: "@aws_oidc", modeCognito: "@aws_cognito_user_pools", modeLambda: "@aws_lambda",
		modeAPIKey: "@aws_api_key", modeIAM: "@aws_iam",
	}[mode]
}

// A Deadline ends what is waited for when limit has passed, as context.WithTimeout does,
// which it is if nil. It is told whose time that is: TokenObtained for a check or a step,
// which is given up then, and "AUTH-001/ask" for what a check asks somebody, of which it
// can still say what came of it; nothing for all that share the time.
type Deadline func(ctx context.Context, limit time.Duration, whose string) (context.Context, context.CancelFunc)

// Set returns a context that ends at the deadline.
func (d Deadline) Set(ctx context.Context, limit time.Duration, whose string) (context.Context, context.CancelFunc) {
	if d == nil {
		return context.WithTimeout(ctx, limit)
	}
	return d(ctx, limit, whose)
}

// A TokenError is what Subject.Token returns where only the caller can tell what
// kept it from a token. What the provider and the token store say needs none: their
// own errors tell.
type TokenError struct {
	Kind    TokenErrorKind
	Setting string // the name of the setting that Unset and NoSecret are about
	Err     error  // what a command would end with; may wrap an *auth.Error
}

// A TokenErrorKind is a cause of having no token.
type TokenErrorKind string

// The kinds.
const (
	LoginNeeded TokenErrorKind = "login needed"      // a person has to log in
	Unset       TokenErrorKind = "unset"             // a setting has no value
	NoSecret    TokenErrorKind = "no secret"         // the place that a setting names gives no secret
	Unreadable  TokenErrorKind = "not a whole token" // there is one, but it is opaque, and it was thrown away
)

func (e *TokenError) Error() string { return e.Err.Error() }

func (e *TokenError) Unwrap() error { return e.Err }

// maxText is how many bytes of a text from outside a finding repeats.
const maxText = 200

// bounded shortens a text that a server or a token made.
func bounded(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText-len("…")], "") + "…"
}

// asked is the evidence of what a setting asks for.
func (s *Subject) asked(setting string) Evidence {
	found := s.setting(setting)
	return Evidence{Name: setting, Found: found.Value, From: found.from()}
}

// from names where a setting came from, for evidence.
func (s Setting) from() string {
	if s.Origin == "" {
		return "settings"
	}
	return s.Origin
}

// login is the command by which a person logs in.
func (s *Subject) login(flags ...string) string {
	return s.command(append([]string{"login"}, flags...)...)
}

// command is one of this program's own, for the profile that is looked at.
func (s *Subject) command(words ...string) string {
	words = append([]string{"appsyncctl"}, words...)
	if s.setting("profile").Source == "flag" {
		words = append(words, "--profile", shell.Word(s.Profile))
	}
	return strings.Join(words, " ")
}

// anotherToken is the way to a token in place of the one that was looked at.
func (s *Subject) anotherToken() string {
	switch {
	case s.Grant == grantMachine:
		return s.command("token", "--force") + " >/dev/null"
	case s.Grant != "":
		return s.login()
	case s.TokenFrom != nil && s.TokenFrom() == "APPSYNCCTL_TOKEN":
		return "unset APPSYNCCTL_TOKEN"
	default:
		return "appsyncctl token | appsyncctl doctor --token -"
	}
}
