// Tests of a seal whose secret takes effort to get, such as a command to run.

package tokencache_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// asked is a secret that counts how often it is asked for.
type asked struct {
	times  int
	secret string
	err    error
}

func (a *asked) get() (string, error) {
	a.times++
	return a.secret, a.err
}

func (a *asked) want(t *testing.T, times int) {
	t.Helper()
	if a.times != times {
		t.Errorf("the secret was asked for %d times, want %d", a.times, times)
	}
}

func TestSealFromIsSealOfTheSameSecret(t *testing.T) {
	secret := &asked{secret: "s1"}
	from, direct := tokencache.SecretSealFrom(secret.get), tokencache.SecretSeal("s1")
	for _, tt := range []struct{ close, open tokencache.Seal }{{from, direct}, {direct, from}} {
		if got, err := tt.open.Open("key", closeSeal(t, tt.close, "key")); err != nil || string(got) != sealedText {
			t.Errorf("got %q, %v; want the value", got, err)
		}
	}
	secret.want(t, 1) // the key of one salt is derived once
	if from.IsZero() || from.ByPassphrase() {
		t.Error("it is no seal by a secret")
	}
}

// A command that asks a person must not run for nothing.
func TestSealFromAsksOnlyWhenNeeded(t *testing.T) {
	secret := &asked{secret: "s1"}
	seal := tokencache.SecretSealFrom(secret.get)
	stores, _ := newStores(t, tokencache.FileMode, seal, "")
	place := stores.Find(credential)
	_ = place.KeepsSecrets()
	_ = seal.String()
	wantNone(t, place, "key")
	if err := place.Delete(t.Context(), "key"); err != nil {
		t.Error(err)
	}
	for _, data := range []string{"{", `{"v":2}`, `{"v":1,"kdf":"pbkdf2-sha256"}`} {
		if _, err := seal.Open("key", []byte(data)); err == nil {
			t.Errorf("%s was opened", data)
		}
	}
	secret.want(t, 0)
	if err := place.Ready(t.Context()); err != nil { // a login follows: then nothing may take time
		t.Error(err)
	}
	secret.want(t, 1)
	set(t, place, "key", "value")
	wantValue(t, place, "key", "value")
	secret.want(t, 1)
}

// A keyring that works needs no seal.
func TestSealFromIsNotAskedBesideAKeyring(t *testing.T) {
	secret := &asked{err: errGrant}
	stores, _ := newStores(t, tokencache.Auto, tokencache.SecretSealFrom(secret.get), "")
	place := stores.Find(credential)
	set(t, place, "key", "value")
	wantValue(t, place, "key", "value")
	if err := place.Delete(t.Context(), "key"); err != nil {
		t.Error(err)
	}
	secret.want(t, 0)
}

func TestSealFromFails(t *testing.T) {
	sealed := closeSeal(t, tokencache.SecretSeal("s1"), "key")
	seal := tokencache.SecretSealFrom((&asked{secret: "s1", err: errGrant}).get)
	if got, err := seal.Close("key", []byte(sealedText)); !errors.Is(err, errGrant) || got != nil {
		t.Errorf("close: got %q, %v; want the error", got, err)
	}
	if got, err := seal.Open("key", sealed); !errors.Is(err, errGrant) || got != nil {
		t.Errorf("open: got %q, %v; want the error", got, err)
	}

	file, notices := newFile(t, tokencache.SecretSeal("s1"))
	set(t, file, "key", "value")
	file.Seal = seal
	if err := file.Set(t.Context(), "key", []byte("other")); !errors.Is(err, errGrant) {
		t.Errorf("set: got %v, want the error", err)
	}
	file.Seal = tokencache.SecretSeal("s1")
	wantValue(t, file, "key", "value") // which nothing has replaced
	if all := strings.Join(*notices, "\n"); all != "" {
		t.Errorf("noticed %q", all)
	}
}
