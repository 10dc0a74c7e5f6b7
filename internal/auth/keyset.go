// A provider's public keys: AppSync fetches them to check the signature of access
// tokens, and we do to check ID tokens and to explain refusals.

package auth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// A KeySet is what a provider publishes at its jwks_uri (RFC 7517, section 5).
type KeySet struct {
	Keys []Key // those for signatures, in the provider's order
}

// A Key is a public key for signatures.
type Key struct {
	ID        string // kid; may be empty
	Algorithm string // alg: "RS256"; may be empty
	Type      string // kty: "RSA"; may be of a kind that came later

	public crypto.PublicKey // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey; nil if it cannot be read
}

// FetchKeys gets the keys of provider with one request. The error is an
// *UnsupportedError if it names no place for them, an *EndpointError, a
// *TransportError, an *Error for a status other than 200, or an *AnswerError.
func FetchKeys(ctx context.Context, client *http.Client, provider *Provider) (*KeySet, error) {
	// They are fetched here and not by go-oidc, which makes text of a network error.
	address := provider.JWKSURI
	if address == "" {
		return nil, &UnsupportedError{Issuer: provider.Issuer, Feature: "keys to check a signature"}
	}
	if err := checkEndpoint(address); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &EndpointError{Reason: "it is not a URL"}
	}
	a, err := roundTrip(client, req)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, newError(a)
	}
	var published struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(a.body, &published); err != nil {
		return nil, &AnswerError{Endpoint: place(address), Problem: "it is not a set of keys"}
	}
	set := new(KeySet)
	for _, encoded := range published.Keys {
		if key, ok := readKey(encoded); ok {
			set.Keys = append(set.Keys, key)
		}
	}
	return set, nil
}

// readKey reads one entry; ok is false for a key that is not for signatures, and for
// what is no key: each names its type (RFC 7517, section 4.1).
func readKey(encoded json.RawMessage) (key Key, ok bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(encoded, &members) != nil || text(members["use"]) == "enc" {
		return Key{}, false
	}
	key = Key{ID: text(members["kid"]), Algorithm: text(members["alg"]), Type: text(members["kty"])}
	if key.Type == "" {
		return Key{}, false
	}
	var read jose.JSONWebKey
	if json.Unmarshal(encoded, &read) != nil || !read.Valid() {
		return key, true
	}
	switch read.Key.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
		key.public = read.Key
	}
	return key, true
}

// Find returns the key called id.
func (s *KeySet) Find(id string) (Key, bool) {
	i := slices.IndexFunc(s.Keys, func(key Key) bool { return key.ID == id })
	if i < 0 {
		return Key{}, false
	}
	return s.Keys[i], true
}

// Verify reports whether one of the keys made the signature of token, a JWT
// signed with an asymmetric algorithm: the key that its header names, or any if it
// names none. Claims are not looked at.
func (s *KeySet) Verify(token string) bool {
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
		jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
	})
	if err != nil {
		return false
	}
	id := signed.Signatures[0].Header.KeyID
	return slices.ContainsFunc(s.Keys, func(key Key) bool {
		if key.public == nil || id != "" && key.ID != id {
			return false
		}
		_, err := signed.Verify(key.public)
		return err == nil
	})
}

// public returns the keys that can be read.
func (s *KeySet) public() (keys []crypto.PublicKey) {
	for _, key := range s.Keys {
		if key.public != nil {
			keys = append(keys, key.public)
		}
	}
	return keys
}
