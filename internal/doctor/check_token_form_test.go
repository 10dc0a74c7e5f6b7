package doctor_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// unsigned makes a token of header and claims with a signature that is none.
func (w *tokenWorld) unsigned(header, claims any) string {
	var parts []string
	for _, part := range []any{header, claims} {
		encoded, err := json.Marshal(part)
		if err != nil {
			w.t.Fatal(err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(encoded))
	}
	return strings.Join(append(parts, "c2ln"), ".")
}

// Tokens that AppSync cannot read, may not use, or cannot check.
func TestTokenForm(t *testing.T) {
	runTokenCases(t, []tokenCase{
		// AUTH-002
		{
			name: "opaque, no audience", token: func(*tokenWorld) string { return "0123456789" }, settings: settings{"audience": "", "issuer": "https://id.example.com/"},
			world: func(w *tokenWorld) { w.issuer = "https://id.example.com/" },
			want:  "AUTH-002 failure: the token is opaque, which AppSync cannot read: no audience was asked for", fix: "appsyncctl profile set staging --audience IDENTIFIER",
		},
		{
			name: "opaque, with an audience", token: func(*tokenWorld) string { return "0123456789" },
			want: "AUTH-002 failure: the token is opaque, which AppSync cannot read, although an audience was asked for: it is not that of an API with JWTs", fix: "appsyncctl profile set staging --audience IDENTIFIER",
		},
		{
			name: "opaque, given", token: func(*tokenWorld) string { return "0123456789" }, change: given,
			want: "AUTH-002 failure: the token is opaque, which AppSync cannot read", fix: newGivenToken,
		},
		{
			name: "with Bearer", token: func(w *tokenWorld) string { return "Bearer " + w.token(nil) }, change: given,
			want: "AUTH-002 failure: the word Bearer was copied along with the token", fix: `export APPSYNCCTL_TOKEN="${APPSYNCCTL_TOKEN#Bearer }"`,
		},
		{
			name: "in quotes", token: func(w *tokenWorld) string { return `"` + w.token(nil) + `"` }, change: given,
			want: "AUTH-002 failure: the token holds a blank or a quotation mark, as when quotes or a line break were copied along", fix: newGivenToken,
		},
		{
			name: "two of its parts", token: func(*tokenWorld) string { return "eyJhbGciOiJSUzI1NiJ9.e30" }, change: given,
			want: "AUTH-002 failure: the token begins as a JWT and does not have its three parts: it was not copied whole", fix: newGivenToken,
		},
		{
			name: "an API key", token: func(*tokenWorld) string { return "da2-0123456789" }, change: given,
			want: "AUTH-002 failure: this is an API key of AppSync and no token", fix: "appsyncctl profile set staging --auth api-key",
		},
		{
			name: "encrypted", token: func(w *tokenWorld) string {
				return w.unsigned(claims{"alg": "RSA-OAEP-256", "enc": "A256GCM"}, 1) + ".e.e"
			},
			want: "AUTH-002 failure: the token is encrypted (five parts), and AppSync reads signed ones only",
			fix:  "Auth0 dashboard → Applications → APIs → https://customers.example.com → Settings → JSON Web Encryption → off",
		},
		{
			name: "cut off", token: func(w *tokenWorld) string {
				header, rest, _ := strings.Cut(w.token(nil), ".")
				return header + "." + rest[:40] + ".sig"
			},
			want: "AUTH-002 failure: the token is no whole JWT: its payload is no JSON object", fix: newMachineToken,
		},

		// AUTH-003 and AUTH-004
		{
			name: "bound", token: claims{"cnf": claims{"jkt": "0ZcOCORZNYy"}},
			want: "AUTH-003 failure: the token is bound to a key (DPoP), which AppSync does not support",
			fix:  "Auth0 dashboard → Applications → APIs → https://customers.example.com → Settings → Token Sender-Constraining → None",
		},
		{
			name: "not signed", token: func(w *tokenWorld) string { return w.unsigned(claims{"alg": "none"}, soundClaims()) },
			want: "AUTH-004 failure: the token is not signed", fix: newMachineToken,
		},
		{
			name: "EdDSA", token: func(w *tokenWorld) string {
				_, key, err := ed25519.GenerateKey(nil)
				if err != nil {
					w.t.Fatal(err)
				}
				return w.sign(soundClaims(), jose.EdDSA, key, map[jose.HeaderKey]any{"kid": w.kid})
			},
			want: "AUTH-004 failure: AppSync does not take the algorithm that signed the token",
			fix:  "Auth0 dashboard → Applications → APIs → https://customers.example.com → Settings → Signing Algorithm → RS256",
		},

		// AUTH-005 and AUTH-006
		{
			name: "HS256", token: func(w *tokenWorld) string {
				return w.sign(soundClaims(), jose.HS256, []byte("0123456789abcdef0123456789abcdef"), nil)
			},
			want: "AUTH-005 failure: the token is signed with a secret, for which there is no key to publish",
			fix:  "Auth0 dashboard → Applications → APIs → https://customers.example.com → Settings → Signing Algorithm → RS256",
		},
		{
			name: "no key ID", token: func(w *tokenWorld) string { return w.sign(soundClaims(), jose.ES256, nil, nil) },
			want: "AUTH-005 failure: the token does not name the key that signed it", fix: newMachineToken,
		},
		{name: "a key that is new", world: func(w *tokenWorld) { w.before = `{"keys":[{"kty":"RSA","kid":"key-0","alg":"RS256"}]}` }},
		{
			name: "a key that nobody can look for again", world: func(w *tokenWorld) {
				w.before, w.keys = `{"keys":[{"kty":"RSA","kid":"key-0","alg":"RS256"}]}`, "no JSON"
			},
			want: "AUTH-005 unknown: the key was not there, and the keys could not be fetched again",
		},
		{
			name: "a key that was revoked", token: func(w *tokenWorld) string {
				return w.sign(soundClaims(), jose.ES256, nil, map[jose.HeaderKey]any{"kid": "key-0"})
			},
			want: "AUTH-005 failure: the provider does not publish the key that signed the token: it was revoked when the keys were rotated, or the token was made elsewhere", fix: newMachineToken,
		},
		{
			name: "a key of another tenant", token: func(w *tokenWorld) string {
				return w.sign(with(soundClaims(), claims{"iss": "https://other.eu.auth0.com/"}), jose.ES256, newSigningKey(w.t), map[jose.HeaderKey]any{"kid": "key-x"})
			}, change: given,
			want: "AUTH-007 failure: the token is of another tenant", fix: newGivenToken,
		},
		{
			name: "signed by another key", token: func(w *tokenWorld) string {
				return w.sign(soundClaims(), jose.ES256, newSigningKey(w.t), map[jose.HeaderKey]any{"kid": w.kid})
			},
			want: "AUTH-006 failure: the signature is not that of the key: the token was changed, or somebody else made it", fix: newMachineToken,
		},
		{
			name: "changed", token: func(w *tokenWorld) string {
				parts := strings.Split(w.token(nil), ".")
				other := strings.Split(w.token(claims{"sub": "somebody else"}), ".")
				return parts[0] + "." + other[1] + "." + parts[2]
			},
			want: "AUTH-006 failure: the signature is not that of the key: the token was changed, or somebody else made it", fix: newMachineToken,
		},
		{
			name: "a key of a kind that came later", world: func(w *tokenWorld) { w.keys = `{"keys":[{"kty":"AKP","kid":"key-1","alg":"ES256"}]}` },
			want: `AUTH-006 unknown: its key is of the kind "AKP", which cannot be checked here`,
		},
		{
			name: "a key for another algorithm", token: func(w *tokenWorld) string {
				return w.unsigned(claims{"alg": "RS256", "kid": w.kid}, soundClaims())
			},
			want: "AUTH-006 failure: the token names a key that is for another algorithm", fix: newMachineToken,
		},
	})
}
