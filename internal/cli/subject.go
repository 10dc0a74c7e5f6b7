// From settings to the subject of an examination: the same settings, grants, stores
// and transports as those of a command, taken apart.

package cli

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/url"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// An examinee is a set-up to be examined, with what is to be looked after meanwhile.
type examinee struct {
	*doctor.Subject
	tokens  *examinedToken // whoever examines calls settle in the end
	cached  *cachedGrant   // where tokens come from; nil if settings lead to no grant
	secrets *redact.Secrets
	link    func() *appsync.Realtime // makes a new real-time connection
	account func() (*awsaccount.Account, error)
}

// examinee returns the set-up that settings describe, whole or not. Nothing is sent
// before it is examined, and nothing twice then.
func (app *App) examinee(ctx context.Context, flags *globals, settings config.Resolved) *examinee {
	once := *flags
	once.MaxRetries = 0
	mode := cmp.Or(settings.Text(config.Auth), authOIDC)
	s := &examinee{secrets: app.know(settings)}
	s.tokens = &examinedToken{secrets: s.secrets, now: app.Now}
	s.Subject = &doctor.Subject{
		Profile:    settings.Text(config.Profile),
		Settings:   app.examinedSettings(settings),
		Needed:     neededSettings(settings, mode),
		Mode:       mode,
		Plain:      app.chain(&once, app.attempt(&once)),
		Provider:   app.providerClient(&once),
		LookupHost: app.LookupHost,
		Proxy:      app.proxyOf,
		Now:        app.Now,
		Deadline:   app.Deadline,
		Clean:      s.secrets.Text,
	}
	switch given := settings.Get(config.Token); {
	case !usesToken(mode):
		s.Store = app.apiKeyStore(flags, settings, mode)
	case given.Text != "":
		s.tokens.source = givenToken(given.Text) // damaged or not
		s.Token, s.TokenFrom = s.tokens.Token, func() string { return given.Origin }
	default:
		s.addGrant(ctx, app, flags, settings)
	}
	access := app.examinedAccess(&once, settings, s)
	s.Authorized = access.chain
	s.link = app.examinedLink(settings, access.authorizer)
	s.Realtime = s.link()
	s.account = app.awsAccount(ctx, &once, settings)
	s.Account = &examinedAccount{s.account}
	return s
}

// usesToken reports whether an API in this mode takes a token.
func usesToken(mode string) bool { return mode != authAPIKey && mode != authIAM }

// neededSettings are those that a command could not do without.
func neededSettings(settings config.Resolved, mode string) []string {
	needed := []string{string(config.Endpoint)}
	if usesToken(mode) && settings.Text(config.Token) == "" {
		needed = append(needed, string(config.Issuer), string(config.ClientID))
		if by := settings.Text(config.ClientAuth); by == proveByRS256 || by == proveByPS256 {
			needed = append(needed, string(config.ClientKeyFile))
		}
	}
	return needed
}

// examinedSettings are all settings, without secrets, and where they are kept.
func (app *App) examinedSettings(settings config.Resolved) []doctor.Setting {
	all := examinedSettings(settings)
	file := config.Describe(config.File)
	path, err := config.Path(app.LookupEnv)
	if err != nil {
		return all
	}
	from, origin := config.FromDefault, "default"
	if given, _ := app.LookupEnv(file.Variable); given != "" {
		from, origin = config.FromEnvironment, file.Variable
	}
	return append(all, doctor.Setting{
		Name: string(file.Name), Label: file.Label(), Variable: file.Variable, Value: path, Source: string(from), Origin: origin,
	})
}

// examinedSettings are the settings of a profile, without secrets. A command that
// prints a secret may have it in its text.
func examinedSettings(settings config.Resolved) []doctor.Setting {
	var all []doctor.Setting
	for _, view := range settingViews(settings) {
		setting := config.Describe(config.Name(view.Name))
		if setting.Name == config.SecretCommand && view.Value != "" {
			view.Value = redact.Redacted
		}
		all = append(all, doctor.Setting{
			Name: view.Name, Label: setting.Label(), Flag: setting.Flag, Variable: setting.Variable,
			Value: view.Value, Source: view.Source, Origin: view.Origin,
		})
	}
	return all
}

// again returns the subject for another examination.
func (s *examinee) again() *doctor.Subject {
	fresh := *s.Subject
	fresh.Realtime = s.link()
	return &fresh
}

// proxyOf returns the proxy for an address.
func (app *App) proxyOf(address *url.URL) (*url.URL, error) {
	return app.Proxy(&http.Request{URL: address, Host: net.JoinHostPort(address.Hostname(), address.Port())})
}
