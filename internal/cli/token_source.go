// From a grant to a token source: the grant decorated with the token cache, or a
// token that was given.

package cli

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// tokenSource is what a command needs of a token.
type tokenSource interface {
	Token(ctx context.Context) (string, error)
	Renew(ctx context.Context, rejected string) (string, error)
}

// bearer returns the source of the tokens that settings describe.
func (app *App) bearer(ctx context.Context, settings config.Resolved, flags *globals) (tokenSource, error) {
	if token := settings.Text(config.Token); token != "" {
		if strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' }) {
			return nil, &badTokenError{}
		}
		return givenToken(token), nil
	}
	cached, err := app.cachedGrant(ctx, settings, flags)
	if err != nil {
		return nil, err
	}
	return cached.source, nil
}

// badTokenError says that the given token cannot be one. It does not quote it.
type badTokenError struct{}

func (*badTokenError) Error() string {
	return config.Describe(config.Token).Variable + " holds characters that no header can carry"
}

// givenToken is a token from the environment: used as it is, never renewed.
type givenToken string

// Token returns the token.
func (t givenToken) Token(context.Context) (string, error) { return string(t), nil }

// Renew returns nothing: there is no other token.
func (t givenToken) Renew(context.Context, string) (string, error) { return "", nil }

// A cachedGrant is a grant with the place where its token rests.
type cachedGrant struct {
	*grant
	key    tokencache.Key
	stores *tokencache.Stores
	place  *tokencache.Place
	source *tokencache.Source
}

// cachedGrant decorates the grant of settings with the token cache.
func (app *App) cachedGrant(ctx context.Context, settings config.Resolved, flags *globals) (*cachedGrant, error) {
	grant, err := app.grant(ctx, settings, flags)
	if err != nil {
		return nil, err
	}
	stores, err := app.stores(settings, flags, grant.proof.seal)
	if err != nil {
		return nil, err
	}
	return app.cache(grant, stores), nil
}

func (app *App) cache(grant *grant, stores *tokencache.Stores) *cachedGrant {
	key := grant.key()
	cached := &cachedGrant{grant: grant, key: key, stores: stores, place: stores.Find(key)}
	cached.source = &tokencache.Source{
		Key:   key.Token(),
		Store: cached.place,
		Lock:  cached.place.Lock(key.Token()),
		Grant: func(ctx context.Context, old tokencache.Entry) (*oauth2.Token, error) {
			app.Secrets.Add(old.AccessToken)
			app.Secrets.Add(old.RefreshToken)
			token, err := grant.renew(ctx, old, func() (auth.Secret, error) { return app.noted(cached.storedSecret(ctx)) })
			if err == nil {
				app.Secrets.AddToken(token.AccessToken)
				app.Secrets.Add(token.RefreshToken)
			}
			return token, err
		},
		Spent: spent,
		Ready: cached.place.Ready,
		Saved: func(ctx context.Context, entry tokencache.Entry) {
			app.record(ctx, stores, cached.place, key.Token(), tokenRecord(key, entry))
		},
		Now:    app.Now,
		Notice: onceEach(app.Notice),
	}
	return cached
}

// noStoredSecret looks for a secret where there is no store.
func noStoredSecret() (auth.Secret, error) {
	return "", &config.MissingError{Setting: config.Describe(config.ClientSecret)}
}

// storedSecret returns the client secret that an earlier login kept.
func (c *cachedGrant) storedSecret(ctx context.Context) (auth.Secret, error) {
	value, err := c.place.Get(ctx, c.key.Secret())
	if errors.Is(err, tokencache.ErrNotFound) {
		return noStoredSecret()
	}
	return auth.Secret(value), err
}

// tokenRecord is what the index says of a token.
func tokenRecord(key tokencache.Key, entry tokencache.Entry) tokencache.Record {
	return tokencache.Record{
		Grant:        key.Grant,
		Issuer:       key.Issuer,
		ClientID:     key.ClientID,
		Audience:     key.Audience,
		Organization: key.Organization,
		Scopes:       key.Scopes,
		Saved:        entry.Obtained,
		Expiry:       entry.Expiry,
	}
}
