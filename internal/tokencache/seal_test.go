package tokencache_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

const sealedText = "planted-token"

func closeSeal(t *testing.T, seal tokencache.Seal, key string) []byte {
	t.Helper()
	data, err := seal.Close(key, []byte(sealedText))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("planted")) {
		t.Fatalf("the sealed value can be read: %s", data)
	}
	return data
}

func TestSealOpens(t *testing.T) {
	secret, passphrase := tokencache.SecretSeal("s1"), tokencache.PassphraseSeal("s1")
	tests := []struct {
		name    string
		closed  tokencache.Seal
		opened  tokencache.Seal
		key     string
		problem string // in the error; none if empty
	}{
		{"secret", secret, secret, "key", ""},
		{"passphrase", passphrase, passphrase, "key", ""},
		{"another secret", secret, tokencache.SecretSeal("s2"), "key", "another secret"},
		{"another passphrase", passphrase, tokencache.PassphraseSeal("s2"), "key", "another secret"},
		{"a secret for a passphrase", passphrase, secret, "key", "with a passphrase"},
		{"a passphrase for a secret", secret, passphrase, "key", "with the client secret"},
		{"nothing for a secret", secret, tokencache.Seal{}, "key", "with the client secret"},
		{"under another name", secret, secret, "other", "another secret"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.opened.Open(tt.key, closeSeal(t, tt.closed, "key"))
			if tt.problem == "" {
				if err != nil || string(got) != sealedText {
					t.Errorf("got %q, %v; want the value", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("got error %v, want one with %q", err, tt.problem)
			}
			if got != nil {
				t.Errorf("got %q with the error", got)
			}
		})
	}
}

// Files that the program has sealed before must open after an update: the derivation of
// the key is a part of their form.
func TestSealOpensEarlierFiles(t *testing.T) {
	tests := []struct {
		name string
		seal tokencache.Seal
		file string
	}{
		{"by a secret", tokencache.SecretSeal("a client secret"), `{"v":1,"kdf":"hkdf-sha256","salt":"G77nDeK4+heNlE4e9cGR1g==","nonce":"eeueIXc4n8yD+oUG","sealed":"naswy15nA9ubMZwUj3MIgeQobHt+rbx6drHl+Iw="}`},
		{"by a passphrase", tokencache.PassphraseSeal("a passphrase"), `{"v":1,"kdf":"pbkdf2-sha256","salt":"AXNS2PjKraBP2AResitQcg==","nonce":"SZUYbDtenPVtgzJ/","sealed":"a0Cr4BushWodG3KhKB+lExgwrdpxrFYMygI6/jE="}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := tt.seal.Open("key", []byte(tt.file)); err != nil || string(got) != sealedText {
				t.Errorf("got %q, %v; want %q", got, err, sealedText)
			}
		})
	}
}

// Whoever changes a byte gets an error, or what was sealed: never another value.
func TestSealTampered(t *testing.T) {
	seal := tokencache.SecretSeal("s1")
	data := closeSeal(t, seal, "key")
	for i := range data {
		for _, flip := range []byte{0x01, 0x20, 0x80} {
			changed := bytes.Clone(data)
			changed[i] ^= flip
			if got, err := seal.Open("key", changed); err == nil && string(got) != sealedText {
				t.Fatalf("byte %d changed: got %q", i, got)
			}
		}
	}
	var envelope map[string]any
	if err := json.Unmarshal(data, &envelope); err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{"salt", "nonce", "sealed"} {
		for _, value := range []any{nil, "", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA=="} {
			changed := maps.Clone(envelope)
			changed[member] = value
			text, err := json.Marshal(changed)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := seal.Open("key", text); err == nil {
				t.Errorf("%s changed to %v: got %q, want an error", member, value, got)
			}
		}
	}
}

// One nonce twice under one key would give both values away.
func TestSealIsFreshEachTime(t *testing.T) {
	seal := tokencache.SecretSeal("s1")
	salt := ""
	seen := make(map[string]bool)
	for range 50 {
		var envelope struct {
			Salt   []byte `json:"salt"`
			Nonce  []byte `json:"nonce"`
			Sealed []byte `json:"sealed"`
		}
		if err := json.Unmarshal(closeSeal(t, seal, "key"), &envelope); err != nil {
			t.Fatal(err)
		}
		for _, value := range [][]byte{envelope.Nonce, envelope.Sealed} {
			if seen[string(value)] {
				t.Fatal("a nonce or sealed value came twice")
			}
			seen[string(value)] = true
		}
		salt = string(envelope.Salt)
	}
	var other struct {
		Salt []byte `json:"salt"`
	}
	if err := json.Unmarshal(closeSeal(t, tokencache.SecretSeal("s1"), "key"), &other); err != nil {
		t.Fatal(err)
	}
	if string(other.Salt) == salt {
		t.Error("another process has the same salt")
	}
}

// What is sealed after the secret was replaced is for holders of the new one.
func TestSealFollowsTheSecret(t *testing.T) {
	secret := "s1"
	seal := tokencache.SecretSealFrom(func() (string, error) { return secret, nil })
	before := closeSeal(t, seal, "key")
	secret = "s2"
	seal.Forget()
	after := closeSeal(t, seal, "key")
	if got, err := tokencache.SecretSeal("s2").Open("key", after); err != nil || string(got) != sealedText {
		t.Errorf("got %q, %v; want what was sealed with the new secret", got, err)
	}
	if got, err := seal.Open("key", before); err == nil {
		t.Errorf("the new secret opens what the old one sealed: %q", got)
	}
}

func TestSealIsZero(t *testing.T) {
	tests := []struct {
		name       string
		seal       tokencache.Seal
		zero       bool
		passphrase bool
	}{
		{"none", tokencache.Seal{}, true, false},
		{"empty secret", tokencache.SecretSeal(""), true, false},
		{"empty passphrase", tokencache.PassphraseSeal(""), true, false},
		{"secret", tokencache.SecretSeal("s"), false, false},
		{"passphrase", tokencache.PassphraseSeal("s"), false, true},
	}
	for _, tt := range tests {
		if got := tt.seal.IsZero(); got != tt.zero {
			t.Errorf("%s: IsZero is %t, want %t", tt.name, got, tt.zero)
		}
		if got := tt.seal.ByPassphrase(); got != tt.passphrase {
			t.Errorf("%s: ByPassphrase is %t, want %t", tt.name, got, tt.passphrase)
		}
	}
}

func FuzzSealOpen(f *testing.F) {
	seal := tokencache.SecretSeal("s1")
	data, err := seal.Close("key", []byte(sealedText))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"v":1,"kdf":"hkdf-sha256","salt":"","nonce":"AAAAAAAAAAAAAAAA","sealed":""}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := seal.Open("key", data); err == nil && string(got) != sealedText {
			t.Errorf("opened %q, which was never sealed", got)
		}
	})
}

// A seal whose secret takes effort to get, such as a command to run.

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
