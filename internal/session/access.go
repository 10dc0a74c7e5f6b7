// What a session gives access to, each part made when it is first asked for.

package session

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// API goes the whole way from settings to an API. Nothing is sent yet.
func (s *Session) API(ctx context.Context, options Options) (*API, error) {
	settings, err := s.Settings()
	if err != nil {
		return nil, err
	}
	endpoint, err := s.Endpoint()
	if err != nil {
		return nil, err
	}
	access, err := newAccess(ctx, s, options)
	if err != nil {
		return nil, err
	}
	chain := access.chain
	if options.Chain != nil {
		chain = options.Chain(chain)
	}
	api := &API{Endpoint: endpoint, Source: access.source, authorizer: access.authorizer, session: s, settings: settings, options: options}
	api.Client = &explaining{Client: client(endpoint, chain), api: api}
	return api, nil
}

// PlainClient sends each request once and without any credentials.
func (s *Session) PlainClient() *http.Client { return s.network().plainClient() }

// ProviderClient carries requests to the OpenID provider.
func (s *Session) ProviderClient() *http.Client { return s.network().providerClient() }

func (s *Session) network() network { return network{s.App, s.Flags} }

// RecordedGrant is the grant of a token in the index, as far as logging out needs it.
func (s *Session) RecordedGrant(record tokencache.Record) *Grant {
	return &Grant{
		Name:     record.Grant,
		Issuer:   record.Issuer,
		ClientID: record.ClientID,
		Parameters: auth.Parameters{
			Audience: record.Audience, Organization: record.Organization, Scopes: record.Scopes,
		},
		http:     s.ProviderClient(),
		provider: s.Provider,
		notice:   s.App.Notice,
	}
}

// CachedGrant decorates the grant of the settings with the token cache.
func (s *Session) CachedGrant(ctx context.Context) (*CachedGrant, error) {
	return s.cached.get(func() (*CachedGrant, error) {
		grant, err := newGrant(ctx, s)
		if err != nil {
			return nil, err
		}
		stores, err := s.Stores(grant.proof.seal)
		if err != nil {
			return nil, err
		}
		return s.Cache(grant, stores), nil
	})
}

// Cache decorates a grant with one of the stores.
func (s *Session) Cache(grant *Grant, stores *tokencache.Stores) *CachedGrant {
	key := grant.Key()
	cached := &CachedGrant{Grant: grant, Key: key, Stores: stores, Store: stores.Find(key), session: s}
	secrets := s.App.Secrets
	cached.Source = &tokencache.Source{
		Key:   key.Token(),
		Store: cached.Store,
		Lock:  cached.Store.Lock(key.Token()),
		Grant: func(ctx context.Context, old tokencache.Entry) (*oauth2.Token, error) {
			secrets.Add(old.AccessToken)
			secrets.Add(old.RefreshToken)
			token, err := grant.Renew(ctx, old, func() (auth.Secret, error) { return hidden(s.App)(cached.storedSecret(ctx)) })
			if err == nil {
				secrets.AddToken(token.AccessToken)
				secrets.Add(token.RefreshToken)
			}
			return token, err
		},
		Spent: spent,
		Ready: cached.Store.Ready,
		Saved: func(ctx context.Context, entry tokencache.Entry) {
			s.Record(ctx, stores, cached.Store, key.Token(), TokenRecord(key, entry))
		},
		Now:    s.App.Now,
		Notice: onceEach(s.App.Notice),
	}
	return cached
}

// TokenSource returns the source of the tokens that the settings describe.
func (s *Session) TokenSource(ctx context.Context) (TokenSource, error) {
	settings, err := s.Settings()
	if err != nil {
		return nil, err
	}
	if token := settings.Text(config.Token); token != "" {
		if strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' }) {
			// The token is not quoted.
			return nil, failure.Errorf(failure.Usage, "%s holds characters that no header can carry", config.Describe(config.Token).Variable)
		}
		return GivenToken(token), nil
	}
	cached, err := s.CachedGrant(ctx)
	if err != nil {
		return nil, err
	}
	return cached.Source, nil
}

// Provider returns the metadata of issuer, from the disk while it is fresh.
func (s *Session) Provider(ctx context.Context, client *http.Client, issuer string) (*auth.Provider, error) {
	return providers{s.App}.find(ctx, client, issuer)
}

// Stores returns the stores that settings allow. A passphrase seals the file, if
// there is one, and else seal does.
func (s *Session) Stores(seal tokencache.Seal) (*tokencache.Stores, error) {
	settings, err := s.Settings()
	if err != nil {
		return nil, err
	}
	mode := tokencache.Mode(cmp.Or(settings.Text(config.TokenStore), string(tokencache.Auto)))
	state, err := config.StateDir(s.App.LookupEnv)
	if failure.Is[*config.NoHomeError](err) && mode == tokencache.Auto {
		mode, err = tokencache.MemoryMode, nil // nowhere to remember anything
	}
	if err != nil {
		return nil, err
	}
	notice := onceEach(s.App.Notice) // a token is read twice on its way to be renewed
	if passphrase := settings.Text(config.Passphrase); passphrase != "" {
		seal = tokencache.PassphraseSeal(passphrase)
	}
	return &tokencache.Stores{
		Mode:    mode,
		Keyring: s.App.Keyring(s.App.Terminal && !s.Flags.NoInput, s.App.Notice),
		File:    &tokencache.File{Dir: filepath.Join(state, "tokens"), Seal: seal, Notice: notice},
		Memory:  &s.memory,
		Index:   tokencache.Index{Path: filepath.Join(state, "index.json")},
		Locks:   locks(s.App, state),
	}, nil
}

// Record notes in the index where a value went. A keyring cannot be listed, so
// this is how logout finds it again.
func (s *Session) Record(ctx context.Context, stores *tokencache.Stores, place *tokencache.Place, name string, record tokencache.Record) {
	record.Store = place.Name()
	if record.Store == string(tokencache.MemoryMode) {
		return
	}
	if err := stores.Index.Put(ctx, name, record); err != nil {
		s.App.Notice("could not note where the token is stored: " + err.Error())
	}
}

// LockFile returns the path of a lock file in the user's home, or "" where there is no
// place for one.
func (s *Session) LockFile(name string) string {
	state, err := config.StateDir(s.App.LookupEnv)
	if err != nil {
		state = ""
	}
	folder := locks(s.App, state)
	if folder == "" {
		return ""
	}
	return filepath.Join(folder, name)
}

// APIKey returns the key for the API and where it came from: the environment, or the
// store that a login put it in.
func (s *Session) APIKey(ctx context.Context) (key, from string, err error) {
	settings, err := s.Settings()
	if err != nil {
		return "", "", err
	}
	endpoint, err := s.Endpoint()
	if err != nil {
		return "", "", err
	}
	if key := settings.Text(config.APIKey); key != "" {
		return key, "environment", nil
	}
	stores, err := s.Stores(tokencache.Seal{})
	if err != nil {
		return "", "", err
	}
	name := tokencache.APIKey(endpoint.String())
	store := stores.FindName(name)
	value, err := store.Get(ctx, name)
	if errors.Is(err, tokencache.ErrNotFound) {
		return "", "", &config.MissingError{Setting: config.Describe(config.APIKey)}
	}
	s.App.Secrets.Add(string(value))
	return string(value), store.Name(), err
}

// Subject returns the set-up that the settings describe, whole or not. Nothing is sent
// before it is examined, and nothing twice then: no request is retried, and no token is
// renewed because the API refuses it.
func (s *Session) Subject(ctx context.Context) *Subject {
	settings, problem := s.ReadableSettings()
	once := Options{NoRetries: true}
	mode := cmp.Or(settings.Text(config.Auth), ModeOIDC)
	subject := &Subject{Tokens: &SubjectToken{secrets: s.App.Secrets, now: s.App.Now}}
	subject.Subject = &doctor.Subject{
		Profile:    settings.Text(config.Profile),
		Settings:   ownSettings(s.App, settings),
		Needed:     neededSettings(settings, mode),
		Mode:       mode,
		Plain:      s.network().chain(once, s.network().attempt(once, s.Flags.Timeout)),
		Provider:   s.ProviderClient(),
		LookupHost: s.App.LookupHost,
		Proxy:      proxyOf(s.App),
		Now:        s.App.Now,
		Deadline:   s.App.Deadline,
		Clean:      s.App.Secrets.Text,
		Problem:    problem.Err,
		Remedy:     problem.Remedy,
	}
	switch given := settings.Get(config.Token); {
	case !UsesToken(mode):
		subject.Store = apiKeyStore(s, settings, mode)
	case given.Text != "":
		subject.Tokens.source = GivenToken(given.Text) // damaged or not
		subject.Token, subject.TokenFrom = subject.Tokens.Token, func() string { return given.Origin }
	default:
		subject.addGrant(ctx, s, settings)
	}
	access := subjectAccess(s, mode, subject.Tokens)
	subject.Authorized = access.chain
	subject.connect = subjectConnections(s, access.authorizer)
	subject.Realtime = subject.connect()
	subject.Account = account(ctx, s)
	subject.Subject.Account = &subjectAccount{subject.Account}
	return subject
}
