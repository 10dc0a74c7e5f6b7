// The keys that sign, and their rotation.

package auth0

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const keyBits = 2048

// signer holds the tenant's signing keys. Making an RSA key takes longer than all
// the rest of a start, so the first one is made in the background.
type signer struct {
	ready chan struct{} // closed when the first key is there, or err is set

	mu   sync.RWMutex
	keys []jose.JSONWebKey // the newest, which signs, first; all are published
	err  error
}

func newSigner(key *rsa.PrivateKey) *signer {
	s := &signer{ready: make(chan struct{})}
	if key != nil {
		s.keys = []jose.JSONWebKey{published(key)}
		close(s.ready)
		return s
	}
	go func() {
		defer close(s.ready)
		s.rotate(nil)
	}()
	return s
}

// published is a key as the JWKS names it.
func published(key *rsa.PrivateKey) jose.JSONWebKey {
	return jose.JSONWebKey{Key: key, KeyID: rand.Text(), Algorithm: string(jose.RS256), Use: "sig"}
}

// rotate makes a new key the signing one and keeps those of the old ones that keep
// says true for.
func (s *signer) rotate(keep func(jose.JSONWebKey) bool) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.err = fmt.Errorf("make a signing key: %w", err)
		return
	}
	keys := []jose.JSONWebKey{published(private)}
	for _, old := range s.keys {
		if keep(old) {
			keys = append(keys, old)
		}
	}
	s.keys, s.err = keys, nil
}

// sign returns claims as a compact JWS (RS256) with the header's typ.
func (s *signer) sign(typ jose.ContentType, claims any) (string, error) {
	<-s.ready
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.err != nil {
		return "", s.err
	}
	sig, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.RS256, Key: s.keys[0]},
		(&jose.SignerOptions{}).WithType(typ),
	)
	if err != nil {
		return "", err
	}
	return jwt.Signed(sig).Claims(claims).Serialize()
}

// signFor is sign for the tokens of an API, by the API's algorithm.
func (s *signer) signFor(api *API, typ jose.ContentType, claims any) (string, error) {
	if api.Algorithm != HS256 {
		return s.sign(typ, claims)
	}
	sig, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.HS256, Key: []byte(api.secret)},
		(&jose.SignerOptions{}).WithType(typ),
	)
	if err != nil {
		return "", err
	}
	return jwt.Signed(sig).Claims(claims).Serialize()
}

// verify reads the claims of a token that one of the published keys signed (RS256).
func (s *signer) verify(token string, claims ...any) error {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return err
	}
	return parsed.Claims(s.public(), claims...)
}

// public returns the JWKS (RFC 7517 section 5).
func (s *signer) public() jose.JSONWebKeySet {
	<-s.ready
	s.mu.RLock()
	defer s.mu.RUnlock()
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, key := range s.keys {
		set.Keys = append(set.Keys, key.Public())
	}
	return set
}
