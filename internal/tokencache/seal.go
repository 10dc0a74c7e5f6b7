package tokencache

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// A Seal encrypts values with AES-256-GCM under a key derived from something
// that the disk does not hold: the client's secret, by HKDF (RFC 5869), or a
// passphrase, by PBKDF2 (RFC 8018), since people choose passphrases that can be
// guessed. It prints as [redacted].
type Seal struct {
	derivation string
	secret     func() (string, error) // nil if there is none
	derived    *derivedKey
}

// derivedKey is the last key that was derived, with its salt. To derive one from a
// passphrase takes a while, which must not lie between a new token and its rest.
type derivedKey struct {
	mu   sync.Mutex
	salt []byte
	aead cipher.AEAD
}

const (
	fromSecret     = "hkdf-sha256"
	fromPassphrase = "pbkdf2-sha256"

	// iterations of PBKDF2-HMAC-SHA256, as the OWASP Password Storage Cheat
	// Sheet advises; about a tenth of a second.
	iterations = 600_000
)

// SecretSeal returns a seal for holders of the client secret.
func SecretSeal(secret string) Seal { return newSeal(fromSecret, secret) }

// SecretSealFrom is SecretSeal for a secret that takes effort to get: get is
// called when there is something to seal or to open, and not before; and again only
// after Forget.
func SecretSealFrom(get func() (string, error)) Seal { return Seal{fromSecret, get, new(derivedKey)} }

// PassphraseSeal returns a seal for holders of the passphrase.
func PassphraseSeal(passphrase string) Seal { return newSeal(fromPassphrase, passphrase) }

func newSeal(derivation, secret string) Seal {
	if secret == "" {
		return Seal{}
	}
	return Seal{derivation, func() (string, error) { return secret, nil }, new(derivedKey)}
}

// IsZero reports whether there is nothing to seal with.
func (s Seal) IsZero() bool { return s.secret == nil }

// ByPassphrase reports whether a passphrase seals, and not the client secret.
func (s Seal) ByPassphrase() bool { return s.derivation == fromPassphrase }

func (Seal) String() string       { return redact.Redacted }
func (Seal) GoString() string     { return redact.Redacted }
func (Seal) LogValue() slog.Value { return slog.StringValue(redact.Redacted) }

// Prepare derives the key for Close, so that Close takes no time.
func (s Seal) Prepare() error {
	_, _, err := s.key(nil)
	return err
}

// Forget drops the key that was derived, since its secret was replaced: what is sealed
// from now on is for holders of the new one.
func (s Seal) Forget() {
	if s.derived == nil {
		return
	}
	s.derived.mu.Lock()
	defer s.derived.mu.Unlock()
	s.derived.salt, s.derived.aead = nil, nil
}

// sealSecretError says that the secret could not be had: nothing is known of the
// file then.
type sealSecretError struct{ err error }

func (e *sealSecretError) Error() string { return e.err.Error() }
func (e *sealSecretError) Unwrap() error { return e.err }

// envelope is a sealed value. The nonce is fresh each time; the salt stays with a
// file, so that its key is derived once in a process.
type envelope struct {
	Version    int    `json:"v"`
	Derivation string `json:"kdf"`
	Salt       []byte `json:"salt"`
	Nonce      []byte `json:"nonce"`
	Sealed     []byte `json:"sealed"`
}

// Close seals value. The key under which it is stored is authenticated with it,
// so that a file cannot stand in for another.
func (s Seal) Close(key string, value []byte) ([]byte, error) {
	salt, aead, err := s.key(nil)
	if err != nil {
		return nil, err
	}
	sealed := envelope{
		Version:    1,
		Derivation: s.derivation,
		Salt:       salt,
		Nonce:      random(aead.NonceSize()),
	}
	sealed.Sealed = aead.Seal(nil, sealed.Nonce, value, []byte(key))
	return json.Marshal(sealed)
}

// Open returns what Close sealed. Its errors say what is wrong with the file
// and never quote it.
func (s Seal) Open(key string, data []byte) ([]byte, error) {
	var sealed envelope
	if err := json.Unmarshal(data, &sealed); err != nil {
		return nil, errors.New("its file is damaged")
	}
	if sealed.Version != 1 {
		return nil, fmt.Errorf("its file has version %d, this program reads 1", sealed.Version)
	}
	if sealed.Derivation != s.derivation {
		return nil, errors.New("its file was sealed in another way (" + describe(sealed.Derivation) + ")")
	}
	if len(sealed.Salt) == 0 {
		return nil, errors.New("its file is damaged")
	}
	_, aead, err := s.key(sealed.Salt)
	if err != nil {
		return nil, err
	}
	if len(sealed.Nonce) != aead.NonceSize() {
		return nil, errors.New("its file is damaged")
	}
	value, err := aead.Open(nil, sealed.Nonce, sealed.Sealed, []byte(key))
	if err != nil {
		return nil, errors.New("its file was sealed with another secret, or is damaged")
	}
	return value, nil
}

// key returns the key for a salt. Without a salt it is the last key, or one for a
// new salt.
func (s Seal) key(salt []byte) ([]byte, cipher.AEAD, error) {
	s.derived.mu.Lock()
	defer s.derived.mu.Unlock()
	if s.derived.aead != nil && (salt == nil || bytes.Equal(salt, s.derived.salt)) {
		return s.derived.salt, s.derived.aead, nil
	}
	if salt == nil {
		salt = random(16)
	}
	aead, err := s.cipher(salt)
	if err != nil {
		return nil, nil, err
	}
	s.derived.salt, s.derived.aead = salt, aead
	return salt, aead, nil
}

func (s Seal) cipher(salt []byte) (cipher.AEAD, error) {
	const size = 32 // AES-256
	secret, err := s.secret()
	if err != nil {
		return nil, &sealSecretError{err}
	}
	var key []byte
	if s.derivation == fromPassphrase {
		key, err = pbkdf2.Key(sha256.New, secret, salt, iterations, size)
	} else {
		key, err = hkdf.Key(sha256.New, []byte(secret), salt, "appsyncctl token store", size)
	}
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func describe(derivation string) string {
	switch derivation {
	case fromSecret:
		return "with the client secret"
	case fromPassphrase:
		return "with a passphrase"
	default:
		return "by another program"
	}
}

func random(n int) []byte {
	bytes := make([]byte, n)
	_, _ = rand.Read(bytes) // never fails: crypto/rand ends the program instead
	return bytes
}
