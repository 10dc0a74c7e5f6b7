// What doctor examines: the settings, grants, stores and transports of this session, taken
// apart.

package session

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/address"
	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// A Subject is a set-up to be examined, with what is to be looked after meanwhile.
type Subject struct {
	*doctor.Subject
	Tokens  *SubjectToken // whoever examines calls Settle in the end
	Cached  *CachedGrant  // where tokens come from; nil if the settings lead to no grant
	Account func() (*awsaccount.Account, error)

	connect func() *appsync.Realtime // makes a new real-time connection
}

// neededSettings are those that a command could not do without.
func neededSettings(settings config.Resolved, mode string) []string {
	needed := []string{string(config.Endpoint)}
	if UsesToken(mode) && settings.Text(config.Token) == "" {
		needed = append(needed, string(config.Issuer), string(config.ClientID))
		if by := settings.Text(config.ClientAuth); by == proveByRS256 || by == proveByPS256 {
			needed = append(needed, string(config.ClientKeyFile))
		}
	}
	return needed
}

// subjectSettings are all settings, without secrets, and where they are kept.
func ownSettings(world *app.App, settings config.Resolved) []doctor.Setting {
	all := subjectSettings(settings)
	file := config.Describe(config.File)
	path, err := config.Path(world.LookupEnv)
	if err != nil {
		return all
	}
	from, origin := config.FromDefault, "default"
	if given, _ := world.LookupEnv(file.Variable); given != "" {
		from, origin = config.FromEnvironment, file.Variable
	}
	return append(all, doctor.Setting{
		Name: string(file.Name), Label: file.Label(), Variable: file.Variable, Value: path, Source: string(from), Origin: origin,
	})
}

// subjectSettings are the settings of a profile, without secrets. A command that
// prints a secret may have it in its text.
func subjectSettings(settings config.Resolved) []doctor.Setting {
	var all []doctor.Setting
	for _, view := range SettingViews(settings) {
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

// Again returns the subject for another examination.
func (s *Subject) Again() *doctor.Subject {
	fresh := *s.Subject
	fresh.Realtime = s.connect()
	return &fresh
}

// proxyOf returns what knows the proxy for an address.
func proxyOf(world *app.App) func(*url.URL) (*url.URL, error) {
	return func(address *url.URL) (*url.URL, error) {
		return world.Proxy(&http.Request{URL: address, Host: net.JoinHostPort(address.Hostname(), address.Port())})
	}
}

// addGrant adds the token that settings lead to, and the store in which it rests.
func (s *Subject) addGrant(ctx context.Context, session *Session, settings config.Resolved) {
	s.Grant, s.Token = cmp.Or(settings.Text(config.Grant), Device), s.Tokens.Token
	cached, err := session.CachedGrant(ctx)
	if err != nil {
		s.Tokens.err = err
		s.TokenFrom = func() string { return "" }
		s.Store = storeOf(session, "") // of no token in particular
		return
	}
	s.Grant = cached.Name
	secrets := session.App.Secrets
	secrets.Add(string(cached.proof.secret))
	cached.provider = providers{session.App}.known
	cached.Store.Store = &overheard{cached.Store.Store, secrets}
	var fetched atomic.Bool
	grant := cached.Source.Grant
	cached.Source.Grant = func(ctx context.Context, old tokencache.Entry) (*oauth2.Token, error) {
		if old.RefreshToken != "" && cached.Name != ClientCredentials {
			if err := s.Tokens.spend(ctx); err != nil {
				return nil, err
			}
		}
		token, err := grant(ctx, old)
		fetched.Store(fetched.Load() || err == nil)
		return token, err
	}
	s.Cached, s.Tokens.source = cached, cached.Source
	s.TokenFrom = func() string {
		if fetched.Load() {
			return "the provider"
		}
		return "the " + StoreName(cached.Store)
	}
	s.Store = subjectStore(cached.Stores, cached.Store)
}

// overheard is a store whose values are kept out of reports.
type overheard struct {
	tokencache.Store
	secrets *redact.Secrets
}

// Get implements tokencache.Store.
func (o *overheard) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := o.Store.Get(ctx, key)
	if entry, notOne := tokencache.DecodeEntry(value); notOne == nil {
		o.secrets.Add(entry.AccessToken)
		o.secrets.Add(entry.RefreshToken)
	} else {
		o.secrets.Add(string(value))
	}
	return value, err
}

// subjectStore is the store at place. A keyring that is not there is no trouble where
// the file takes what it should have taken.
func subjectStore(stores *tokencache.Stores, place *tokencache.Place) *doctor.Store {
	store := &doctor.Store{Name: place.Name(), Probe: place.Ready}
	if store.Name != string(tokencache.KeyringMode) {
		return store
	}
	var absent atomic.Bool
	store.Probe = func(ctx context.Context) error {
		err := stores.Keyring.Probe(ctx)
		if !failure.Is[*tokencache.UnavailableError](err) || place.Ready(ctx) != nil {
			return err
		}
		absent.Store(true)
		return stores.File.Ready()
	}
	store.Instead = func() string {
		if absent.Load() {
			return string(tokencache.FileMode)
		}
		return ""
	}
	return store
}

// storeOf is the store that a value called name rests in, or will.
func storeOf(s *Session, name string) *doctor.Store {
	stores, err := s.Stores(tokencache.Seal{})
	if err != nil {
		return nil
	}
	return subjectStore(stores, stores.FindName(name))
}

// apiKeyStore is the store of an API key that is not in the environment; nil for the
// other modes without a token.
func apiKeyStore(s *Session, settings config.Resolved, mode string) *doctor.Store {
	endpoint, err := s.Endpoint()
	if err != nil || mode != ModeAPIKey || settings.Text(config.APIKey) != "" {
		return nil
	}
	return storeOf(s, tokencache.APIKey(endpoint.String()))
}

// metadataTime is what the metadata service of an EC2 machine has to tell its
// credentials. It is on the machine itself; elsewhere nobody is to wait for it.
const metadataTime = 300 * time.Millisecond

// account returns what opens the AWS account of whoever runs the program, once, when
// it is first asked for. An emulator on this machine has none of EC2's credentials.
func account(ctx context.Context, s *Session) func() (*awsaccount.Account, error) {
	settings, _ := s.ReadableSettings()
	options := awsaccount.Options{Region: settings.Text(config.Region), MetadataTime: metadataTime, Secret: s.App.Secrets.Add}
	endpoint, err := s.Endpoint()
	if err == nil {
		options.Region = cmp.Or(options.Region, address.AppSyncRegion(endpoint.Hostname()))
	}
	if err != nil || address.Loopback(endpoint.Hostname()) {
		options.MetadataTime = time.Nanosecond
	}
	if s.Flags.Debug {
		options.Around = func(base http.RoundTripper) http.RoundTripper {
			return &transport.Trace{Writer: app.Harmless(s.App.Err), Base: base}
		}
	}
	return sync.OnceValues(func() (*awsaccount.Account, error) { return awsaccount.Open(ctx, options) })
}

// subjectAccount is an account that may not be there.
type subjectAccount struct {
	open func() (*awsaccount.Account, error)
}

// API implements doctor.Account.
func (a *subjectAccount) API(ctx context.Context, endpoint string) (*awsaccount.API, error) {
	account, err := a.open()
	switch {
	case err != nil:
		return nil, err
	case !account.HasCredentials(ctx):
		return nil, &awsaccount.Error{Reason: awsaccount.NoCredentials}
	default:
		return account.API(ctx, endpoint)
	}
}

// subjectAccess sends what a command would send, once.
func subjectAccess(s *Session, mode string, tokens *SubjectToken) access {
	later := newLaterAccess(func(ctx context.Context) (access, error) {
		return newAccess(ctx, s, Options{NoRetries: true, source: tokens})
	})
	if UsesToken(mode) {
		return later
	}
	explained := &explained{later}
	return access{chain: explained, authorizer: explained}
}

// subjectConnections returns what makes a new real-time connection, which works once.
func subjectConnections(s *Session, authorizer appsync.Authorizer) func() *appsync.Realtime {
	endpoint, err := s.Endpoint()
	if err != nil {
		return func() *appsync.Realtime { return nil }
	}
	return func() *appsync.Realtime { return s.network().connector(endpoint, authorizer).Connection() }
}

// explained tells the checks what only this package's errors know.
type explained struct{ of access }

// RoundTrip implements http.RoundTripper.
func (e *explained) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := e.of.chain.RoundTrip(req)
	return resp, tokenError(err)
}

// Authorize implements appsync.Authorizer.
func (e *explained) Authorize(ctx context.Context, req *http.Request) (http.Header, error) {
	header, err := e.of.authorizer.Authorize(ctx, req)
	return header, tokenError(err)
}

// laterAccess is built when the first request is sent, and kept once that worked.
type laterAccess struct {
	build func(ctx context.Context) (access, error)

	mu    sync.Mutex
	built *access
}

func newLaterAccess(build func(ctx context.Context) (access, error)) access {
	later := &laterAccess{build: build}
	return access{chain: later, authorizer: later}
}

// RoundTrip implements http.RoundTripper.
func (l *laterAccess) RoundTrip(req *http.Request) (*http.Response, error) {
	access, err := l.get(req.Context())
	if err != nil {
		return nil, err
	}
	return access.chain.RoundTrip(req)
}

// Authorize implements appsync.Authorizer.
func (l *laterAccess) Authorize(ctx context.Context, req *http.Request) (http.Header, error) {
	access, err := l.get(ctx)
	if err != nil {
		return nil, err
	}
	return access.authorizer.Authorize(ctx, req)
}

func (l *laterAccess) get(ctx context.Context) (*access, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.built != nil {
		return l.built, nil
	}
	built, err := l.build(ctx)
	if err != nil {
		return nil, err
	}
	l.built = &built
	return l.built, nil
}

// SubjectToken is the token of a set-up that is examined: the one that a command
// would send, and not renewed when the API refuses it, which would hide why.
//
// A check that asks for it may be given up before it has it. A refresh goes on then: one
// that is cut off may have used up the login, see Settle. Everything else is given up
// too; a secret command ends with the program.
type SubjectToken struct {
	source  TokenSource
	err     error // why there is no source
	secrets *redact.Secrets
	now     func() time.Time

	mu      sync.Mutex
	calls   int
	idle    chan struct{} // closed when the last of calls has ended
	spends  bool          // one of calls has sent a refresh token
	refusal error         // of the provider
	again   time.Time     // when it may be asked again after that
}

// refusalPause is how long a provider that has refused to give a token is not asked
// again: whoever waits for it to change its mind must not look like an attack.
const refusalPause = 30 * time.Second

// Token returns the token.
func (t *SubjectToken) Token(ctx context.Context) (string, error) {
	if err := t.begin(ctx); err != nil {
		return "", err
	}
	defer t.end()
	token, err := t.source.Token(ctx)
	t.secrets.Add(token)
	if refused, ok := errors.AsType[*auth.Error](err); ok {
		t.refused(err, refused)
	}
	return token, tokenError(err)
}

// tokenError tells the checks what only this package's errors know.
func tokenError(err error) error {
	if missing, ok := errors.AsType[*config.MissingError](err); ok {
		return &doctor.TokenError{Kind: doctor.Unset, Setting: string(missing.Setting.Name), Err: err}
	}
	if secret, ok := errors.AsType[*SecretError](err); ok {
		return &doctor.TokenError{Kind: doctor.NoSecret, Setting: strings.ReplaceAll(secret.From, " ", "_"), Err: err}
	}
	switch {
	case failure.Is[*LoginNeededError](err):
		return &doctor.TokenError{Kind: doctor.LoginNeeded, Err: err}
	case failure.Is[*OpaqueTokenError](err):
		return &doctor.TokenError{Kind: doctor.Unreadable, Err: err}
	default:
		return err
	}
}

// Err is why there is no source of tokens; nil if there is one.
func (t *SubjectToken) Err() error { return t.err }

// Renew returns nothing: the refusal of this token is what is looked at.
func (t *SubjectToken) Renew(context.Context, string) (string, error) { return "", nil }

func (t *SubjectToken) begin(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.err != nil:
		return tokenError(t.err)
	case ctx.Err() != nil: // the check was given up before it came here
		return context.Cause(ctx)
	case t.refusal != nil && t.now().Before(t.again):
		return tokenError(t.refusal)
	}
	if t.calls == 0 {
		t.idle = make(chan struct{})
	}
	t.calls++
	return nil
}

func (t *SubjectToken) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.calls--; t.calls == 0 {
		t.spends = false
		close(t.idle)
	}
}

// spend is to be called before a refresh token is sent: the call that sends it is waited
// for. It fails if ctx has ended, since nobody waits then.
func (t *SubjectToken) spend(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	t.spends = true
	return nil
}

func (t *SubjectToken) refused(err error, refused *auth.Error) {
	wait := max(refusalPause, refused.RetryAfter)
	for _, quota := range refused.Quotas {
		if quota.Remaining == 0 {
			wait = max(wait, quota.Reset)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refusal, t.again = err, t.now().Add(wait)
}

// Settle waits for a refresh that is still under way; it ends by the limits of the
// provider's client and of the token store. The context of all checks has ended by now.
func (t *SubjectToken) Settle(notice func(string)) {
	t.mu.Lock()
	calls, idle, spends := t.calls, t.idle, t.spends
	t.mu.Unlock()
	if calls == 0 {
		return
	}
	soon := time.NewTimer(200 * time.Millisecond) // one that was cancelled needs a moment
	defer soon.Stop()
	select {
	case <-idle:
		return
	case <-soon.C:
	}
	if !spends {
		return
	}
	notice("waiting for the token: a renewal that is cut off would lose the login")
	<-idle
}
