package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/management"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// secretKeeper puts the secret of a machine's application where login would.
type secretKeeper struct {
	app    *App
	stores *tokencache.Stores
	usable bool // there is a store that keeps secrets
}

// secretKeeper tries the store out before there is a secret to lose. A store that is
// locked is an error; where there is none the secret is not kept.
func (app *App) secretKeeper(ctx context.Context, flags *globals, setup *auth0Setup) (*secretKeeper, error) {
	stores, err := app.stores(setup.settings, flags, tokencache.Seal{})
	if err != nil {
		return nil, err
	}
	place := stores.Find(setup.machineKey())
	err = place.Ready(ctx)
	if is[*tokencache.UnavailableError](err) || is[tokencache.NoSealError](err) {
		return &secretKeeper{app, stores, false}, nil
	}
	return &secretKeeper{app, stores, place.KeepsSecrets()}, err
}

// machineKey names the token that the machine's profile gets.
func (s *auth0Setup) machineKey() tokencache.Key {
	return tokencache.Key{
		Grant:    grantClientCredentials,
		Issuer:   s.issuer,
		ClientID: s.plan.Machine.ID,
		Audience: s.audience,
	}
}

// keep stores a new secret, or the one of an application that was there unless it is
// stored already.
func (k *secretKeeper) keep(ctx context.Context, secret management.Secret, setup *auth0Setup) error {
	key := setup.machineKey()
	place := k.stores.Find(key)
	if !k.usable {
		k.unkept(setup, "no token store here can keep it")
		return nil
	}
	if secret == "" {
		_, err := place.Get(ctx, key.Secret())
		if !errors.Is(err, tokencache.ErrNotFound) {
			return err
		}
		secret, err = setup.client.MachineSecret(ctx, key.ClientID)
		if refused, ok := errors.AsType[*management.Error](err); ok && refused.Unauthorized() {
			err = nil
		}
		if err != nil {
			return err
		}
		if secret == "" {
			k.unkept(setup, "the token lacks read:client_keys")
			return nil
		}
	}
	if err := place.SetAlone(ctx, key.Secret(), []byte(secret), k.app.Notice); err != nil {
		return fmt.Errorf("the client secret could not be stored: %w", err)
	}
	// logout --all finds by the index what is to be forgotten.
	k.app.record(ctx, k.stores, place, key.Token(), tokenRecord(key, tokencache.Entry{Obtained: k.app.Now()}))
	k.app.Notice(fmt.Sprintf("the client secret of %s is stored in the %s", setup.plan.Machine.Name, storeName(place)))
	return nil
}

// unkept says where the secret is to come from.
func (k *secretKeeper) unkept(setup *auth0Setup, reason string) {
	k.app.Notice(fmt.Sprintf("the client secret of %s is not stored: %s", setup.plan.Machine.Name, reason))
	k.app.Notice(fmt.Sprintf("copy it from the dashboard: set %s, or run appsyncctl login --profile %s --client-secret-stdin",
		config.Describe(config.ClientSecret).Variable, setup.machine.name))
}
