// Package config finds the value of each setting: a flag beats an environment
// variable, which beats the profile, which beats the default. Each value knows
// where it came from.
//
// Profiles live in one YAML file, read and edited with go.yaml.in/yaml/v3 (the
// maintained fork that cobra uses too): it reports unknown keys with their line
// and keeps a person's comments.
package config

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// Name names a setting. It is also the key in a profile.
type Name string

// The settings.
const (
	Profile          Name = "profile"
	Endpoint         Name = "endpoint"
	Auth             Name = "auth"
	AuthScheme       Name = "auth_scheme"
	Issuer           Name = "issuer"
	ClientID         Name = "client_id"
	ClientSecret     Name = "client_secret"
	ClientSecretFile Name = "client_secret_file"
	SecretCommand    Name = "secret_command"
	ClientKeyFile    Name = "client_key_file"
	ClientAuth       Name = "client_auth"
	Audience         Name = "audience"
	Organization     Name = "organization"
	Scopes           Name = "scopes"
	Grant            Name = "grant"
	Token            Name = "token"
	TokenStore       Name = "token_store"
	Passphrase       Name = "passphrase"
	APIKey           Name = "api_key"
	Region           Name = "region"
	File             Name = "config"
)

// A Setting describes one setting: the help texts and the README are made from
// it.
type Setting struct {
	Name     Name
	Flag     string // without dashes; empty when no flag may carry it
	Variable string
	Profile  bool // may stand in a profile
	// Of is the setting that this one belongs to: the profile's value holds only
	// where Of has the profile's value too. A client's secret is not for another
	// provider, nor an audience for another tenant.
	Of      Name
	Secret  bool     // its value is never shown
	Values  []string // the only ones, if they are known
	Default string
	Usage   string
}

// Settings returns all settings in the order in which people meet them.
func Settings() []Setting {
	return []Setting{
		{Name: Profile, Flag: "profile", Variable: "APPSYNCCTL_PROFILE", Default: "the file's current profile, else default", Usage: "profile to take settings from"},
		{Name: Endpoint, Flag: "endpoint", Variable: "APPSYNCCTL_ENDPOINT", Profile: true, Usage: "GraphQL endpoint of the AppSync API (https://….amazonaws.com/graphql)"},
		{Name: Auth, Flag: "auth", Variable: "APPSYNCCTL_AUTH", Profile: true, Of: Endpoint, Default: "oidc", Values: []string{"oidc", "cognito", "lambda", "api-key", "iam"}, Usage: "the API's authorization mode: oidc, cognito, lambda, api-key or iam"},
		{Name: AuthScheme, Flag: "auth-scheme", Variable: "APPSYNCCTL_AUTH_SCHEME", Profile: true, Of: Endpoint, Default: "raw", Values: []string{"raw", "bearer"}, Usage: "how to send the token: raw or bearer"},
		{Name: Issuer, Flag: "issuer", Variable: "APPSYNCCTL_ISSUER", Profile: true, Usage: "OpenID provider (https://TENANT.auth0.com/)"},
		{Name: ClientID, Flag: "client-id", Variable: "APPSYNCCTL_CLIENT_ID", Profile: true, Of: Issuer, Usage: "client ID of this program at the provider"},
		{Name: ClientSecret, Variable: "APPSYNCCTL_CLIENT_SECRET", Secret: true, Usage: "client secret, for client credentials"},
		{Name: ClientSecretFile, Flag: "client-secret-file", Variable: "APPSYNCCTL_CLIENT_SECRET_FILE", Profile: true, Of: ClientID, Usage: "file that holds the client secret; read again after the provider has refused it"},
		{Name: SecretCommand, Variable: "APPSYNCCTL_SECRET_COMMAND", Profile: true, Of: ClientID, Usage: "command that prints the client secret, such as that of a password manager; the shell runs it once, and again after the provider has refused its secret"},
		{Name: ClientKeyFile, Flag: "client-key-file", Variable: "APPSYNCCTL_CLIENT_KEY_FILE", Profile: true, Of: ClientID, Usage: "file that holds the client's private RSA key in PEM, for a private key JWT"},
		{Name: ClientAuth, Flag: "client-auth", Variable: "APPSYNCCTL_CLIENT_AUTH", Profile: true, Of: ClientID, Default: "post; rs256 with a client key", Values: []string{"post", "basic", "rs256", "ps256"}, Usage: "how the client proves itself: post or basic with a secret, rs256 or ps256 with a key"},
		{Name: Audience, Flag: "audience", Variable: "APPSYNCCTL_AUDIENCE", Profile: true, Of: Issuer, Usage: "identifier of the API that the token is for; Auth0 needs it"},
		{Name: Organization, Flag: "organization", Variable: "APPSYNCCTL_ORGANIZATION", Profile: true, Of: Issuer, Usage: "Auth0 organization to log in to"},
		{Name: Scopes, Flag: "scope", Variable: "APPSYNCCTL_SCOPES", Profile: true, Of: Issuer, Usage: "scope to ask for (repeatable; separated by blanks in the variable)"},
		{Name: Grant, Flag: "grant", Variable: "APPSYNCCTL_GRANT", Profile: true, Of: ClientID, Default: "client-credentials with a client secret or key, else device", Values: []string{"device", "browser", "client-credentials"}, Usage: "how to get a token: device, browser or client-credentials"},
		{Name: Token, Variable: "APPSYNCCTL_TOKEN", Secret: true, Usage: "access token to use as it is; bypasses login and cache"},
		{Name: TokenStore, Flag: "token-store", Variable: "APPSYNCCTL_TOKEN_STORE", Profile: true, Default: "auto", Values: []string{"auto", "keyring", "file", "memory"}, Usage: "where tokens rest: auto, keyring, file or memory"},
		{Name: Passphrase, Variable: "APPSYNCCTL_PASSPHRASE", Secret: true, Usage: "seals the token file, where there is no client secret to do it"},
		{Name: APIKey, Variable: "APPSYNCCTL_API_KEY", Secret: true, Usage: "API key, for the authorization mode api-key"},
		{Name: Region, Flag: "region", Variable: "APPSYNCCTL_REGION", Profile: true, Of: Endpoint, Default: "from the endpoint's host, else the AWS configuration", Usage: "AWS region to sign requests for, in the authorization mode iam"},
		{Name: File, Variable: "APPSYNCCTL_CONFIG", Default: "appsyncctl/config.yaml in the user's configuration folder", Usage: "file that holds the profiles"},
	}
}

// Describe returns the setting called name.
func Describe(name Name) Setting {
	for _, setting := range Settings() {
		if setting.Name == name {
			return setting
		}
	}
	panic("config: no setting is called " + string(name)) // a programming error
}

// Source says where a value came from.
type Source string

// The sources, strongest first.
const (
	FromFlag        Source = "flag"
	FromEnvironment Source = "environment"
	FromProfile     Source = "profile"
	FromDefault     Source = "default"
	Unset           Source = "unset"
)

// A Value is what a setting is set to, and why. The text may be a secret, so a
// Value prints as its origin.
type Value struct {
	Text   string
	Source Source
	Origin string // the flag, variable or profile, as a person would name it
}

// Format prints where the value came from, for every verb.
func (v Value) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, redact.Redacted+" from "+v.Origin)
}

// ValueError says that a setting has a value which it cannot have.
type ValueError struct {
	Setting Setting
	Value   Value
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("unknown %s %q (from %s): use %s", e.Setting.Label(), e.Value.Text, e.Value.Origin, strings.Join(e.Setting.Values, ", "))
}

// Kind implements the interface of failure.Of.
func (*ValueError) Kind() failure.Kind { return failure.Usage }

// check returns a *ValueError unless value is one that s can have.
func (s Setting) check(value Value) error {
	if len(s.Values) == 0 || slices.Contains(s.Values, value.Text) {
		return nil
	}
	return &ValueError{s, value}
}

// MissingError says that a setting which a command needs has no value.
type MissingError struct{ Setting Setting }

func (e *MissingError) Error() string {
	return fmt.Sprintf("no %s is set", e.Setting.Label())
}

// Kind implements the interface of failure.Of.
func (*MissingError) Kind() failure.Kind { return failure.Usage }

// Remedy names the ways to set it.
func (e *MissingError) Remedy() string {
	if e.Setting.Flag == "" {
		return "set " + e.Setting.Variable
	}
	return fmt.Sprintf("pass --%s or set %s", e.Setting.Flag, e.Setting.Variable)
}

// Label returns the name in words: "client ID".
func (s Setting) Label() string {
	words := strings.ReplaceAll(string(s.Name), "_", " ")
	return strings.NewReplacer("id", "ID", "api", "API").Replace(words)
}
