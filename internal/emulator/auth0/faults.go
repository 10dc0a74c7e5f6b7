// The faults on demand that need to know how a tenant works. What needs to know no
// more than HTTP is not here.

package auth0

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// The faults that a tenant can commit, by the names under which Config.Fault is
// asked for them. Each is asked for only where it would have an effect.
const (
	FaultExpiredToken  = "expired-token"  // the access token expired an hour ago; expires_in does not say so
	FaultWrongAudience = "wrong-audience" // the access token is for another API
	FaultOpaqueToken   = "opaque-token"   // the access token is not a JWT
	FaultAlteredToken  = "altered-token"  // the access token has another header or other claims: see Config.Alter
	FaultTamperedToken = "tampered-token" // the signature is of another key
	FaultEncrypted     = "encrypted-token"
	FaultRotateKeys    = "rotate-keys" // a new key signs; the old ones stay in the JWKS
	FaultRevokeKeys    = "revoke-keys" // a new key signs; the old ones leave the JWKS
	FaultSlowDown      = "slow-down"   // a poll counts as too fast
	FaultDenial        = "denial"      // the person refuses
)

// Faults returns the names of all of them.
func Faults() []string {
	return []string{
		FaultExpiredToken, FaultWrongAudience, FaultOpaqueToken,
		FaultAlteredToken, FaultTamperedToken, FaultEncrypted,
		FaultRotateKeys, FaultRevokeKeys, FaultSlowDown, FaultDenial,
	}
}

func (i *issuer) applyKeyFaults(g *grant) {
	if i.config.Fault(FaultRotateKeys, g.kind) {
		i.signer.rotate(func(jose.JSONWebKey) bool { return true })
	}
	if i.config.Fault(FaultRevokeKeys, g.kind) {
		i.signer.rotate(func(jose.JSONWebKey) bool { return false })
	}
}

// Access tokens that are not as they should be, on demand: with another header, other
// claims, another key's signature, or encrypted.

// An Alteration says what is different about a token, by the names in its JSON. A
// null takes a member away.
type Alteration struct {
	Header, Claims map[string]json.RawMessage
}

// faulty commits the faults that change a finished access token.
func (i *issuer) faulty(token string, g *grant) (string, error) {
	if i.config.Alter != nil {
		if alteration, struck := i.config.Alter(g.kind); struck {
			return i.signer.resign(token, alteration)
		}
	}
	switch {
	case i.config.Fault(FaultTamperedToken, g.kind):
		signed := token[:strings.LastIndexByte(token, '.')]
		another := make([]byte, keyBits/8)
		_, _ = rand.Read(another) // never fails
		return signed + "." + base64.RawURLEncoding.EncodeToString(another), nil
	case i.config.Fault(FaultEncrypted, g.kind):
		return encrypted(token)
	default:
		return token, nil
	}
}

// resign alters a token and signs it anew with RS256, whatever its header says then.
func (s *signer) resign(token string, alteration Alteration) (string, error) {
	parts := strings.Split(token, ".")
	for i, changes := range []map[string]json.RawMessage{alteration.Header, alteration.Claims} {
		altered, err := alter(parts[i], changes)
		if err != nil {
			return "", err
		}
		parts[i] = altered
	}
	signed := parts[0] + "." + parts[1]
	s.mu.RLock()
	defer s.mu.RUnlock()
	private, _ := s.keys[0].Key.(*rsa.PrivateKey)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, sum[:])
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), err
}

// alter changes members of an encoded JSON object.
func alter(encoded string, changes map[string]json.RawMessage) (string, error) {
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return "", err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return "", err
	}
	for name, value := range changes {
		if string(value) == "null" {
			delete(members, name)
		} else {
			members[name] = value
		}
	}
	text, err = json.Marshal(members)
	return base64.RawURLEncoding.EncodeToString(text), err
}

// encrypted returns token inside a JWE of five parts, which nobody can open.
func encrypted(token string) (string, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.A256GCMKW, Key: key},
		(&jose.EncrypterOptions{}).WithType("JWT").WithContentType("JWT"))
	if err != nil {
		return "", err
	}
	sealed, err := encrypter.Encrypt([]byte(token))
	if err != nil {
		return "", err
	}
	return sealed.CompactSerialize()
}
