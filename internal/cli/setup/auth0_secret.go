package setup

import (
	"context"
	"errors"
	"fmt"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/management"
	"github.com/appsyncctl/appsyncctl/internal/session"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// secretKeeper puts the secret of a machine's application where login would.
type secretKeeper struct {
	session *session.Session
	stores  *tokencache.Stores
	usable  bool // there is a store that keeps secrets
}

// newSecretKeeper tries the store out before there is a secret to lose. A store that is
// locked is an error; where there is none the secret is not kept.
func newSecretKeeper(ctx context.Context, s *session.Session, setup *auth0Setup) (*secretKeeper, error) {
	stores, err := s.Stores(tokencache.Seal{})
	if err != nil {
		return nil, err
	}
	store := stores.Find(setup.machineKey())
	err = store.Ready(ctx)
	if failure.Is[*tokencache.UnavailableError](err) || failure.Is[tokencache.NoSealError](err) {
		return &secretKeeper{s, stores, false}, nil
	}
	return &secretKeeper{s, stores, store.KeepsSecrets()}, err
}

// machineKey names the token that the machine's profile gets.
func (s *auth0Setup) machineKey() tokencache.Key {
	return tokencache.Key{
		Grant:    session.ClientCredentials,
		Issuer:   s.issuer,
		ClientID: s.plan.Machine.ID,
		Audience: s.audience,
	}
}

// keep stores a new secret, or the one of an application that was there unless it is
// stored already.
func (k *secretKeeper) keep(ctx context.Context, secret management.Secret, setup *auth0Setup) error {
	key := setup.machineKey()
	store := k.stores.Find(key)
	if !k.usable {
		k.unkept(setup, "no token store here can keep it")
		return nil
	}
	if secret == "" {
		_, err := store.Get(ctx, key.Secret())
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
	if err := store.SetAlone(ctx, key.Secret(), []byte(secret), k.session.App.Notice); err != nil {
		return fmt.Errorf("the client secret could not be stored: %w", err)
	}
	// logout --all finds by the index what is to be forgotten.
	k.session.Record(ctx, k.stores, store, key.Token(), session.TokenRecord(key, tokencache.Entry{Obtained: k.session.App.Now()}))
	k.session.App.Notice(fmt.Sprintf("the client secret of %s is stored in the %s", setup.plan.Machine.Name, session.StoreName(store)))
	return nil
}

// unkept says where the secret is to come from.
func (k *secretKeeper) unkept(setup *auth0Setup, reason string) {
	k.session.App.Notice(fmt.Sprintf("the client secret of %s is not stored: %s", setup.plan.Machine.Name, reason))
	k.session.App.Notice(fmt.Sprintf("copy it from the dashboard: set %s, or run appsyncctl login --profile %s --client-secret-stdin",
		config.Describe(config.ClientSecret).Variable, setup.machine.name))
}
