package doctor_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
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

// Tokens that say something else than what is set.
func TestTokenClaims(t *testing.T) {
	runTokenCases(t, []tokenCase{
		// AUTH-007
		{
			name: "issuer without its slash", token: claims{"iss": "https://tenant.eu.auth0.com"},
			want: "AUTH-007 failure: the token's issuer differs from the provider's own name by the slash at the end", fix: newMachineToken,
		},
		{
			name: "issuer in capitals", token: claims{"iss": "https://TENANT.eu.auth0.com/"},
			want: "AUTH-007 failure: the token's issuer differs from the provider's own name by upper and lower case", fix: newMachineToken,
		},
		{
			name: "custom domain", token: claims{"iss": "https://login.example.com/"},
			want: "AUTH-007 failure: the token is of a custom domain, and the tenant's own name is set, or it is of another provider",
			fix:  "appsyncctl profile set staging --issuer https://login.example.com/",
		},
		{
			name: "another tenant", token: claims{"iss": "https://other.eu.auth0.com/"}, change: given,
			want: "AUTH-007 failure: the token is of another tenant", fix: newGivenToken,
		},
		{
			name: "another realm", token: claims{"iss": tokenIssuer + "realms/b"},
			want: "AUTH-007 failure: the token's issuer is another one on the same host", fix: "appsyncctl profile set staging --issuer https://tenant.eu.auth0.com/realms/b",
		},
		{
			name: "no issuer", token: claims{"iss": nil},
			want: "AUTH-007 failure: the token names no issuer", fix: newMachineToken,
		},
		{name: "a provider without a slash", token: claims{"iss": "https://id.example.com"}, settings: settings{"issuer": "https://id.example.com/"}, world: func(w *tokenWorld) { w.issuer = "https://id.example.com" }},

		// AUTH-008
		{
			name: "audience with a slash", token: claims{"aud": tokenAudience + "/"},
			want: "AUTH-008 failure: the token's audience differs from the one that is set by the slash at the end", fix: "appsyncctl profile set staging --audience https://customers.example.com/",
		},
		{
			name: "audience in capitals", token: claims{"aud": []string{"x", strings.ToUpper(tokenAudience)}},
			want: "AUTH-008 failure: the token's audience differs from the one that is set by upper and lower case", fix: "appsyncctl profile set staging --audience HTTPS://CUSTOMERS.EXAMPLE.COM",
		},
		{
			name: "audience with http", token: claims{"aud": "http://customers.example.com"},
			want: "AUTH-008 failure: the token's audience differs from the one that is set by http and https", fix: "appsyncctl profile set staging --audience http://customers.example.com",
		},
		{
			name: "audience with a blank", token: claims{"aud": tokenAudience + " "},
			want: "AUTH-008 failure: the token's audience differs from the one that is set by blanks around it", fix: "appsyncctl profile set staging --audience 'https://customers.example.com '",
		},
		{
			name: "audience that differs in more", token: claims{"aud": "http://Customers.example.com/"},
			want: "AUTH-008 failure: the token's audience differs from the one that is set by scheme, slash or case", fix: "appsyncctl profile set staging --audience http://Customers.example.com/",
		},
		{name: "an audience that is a client's name", token: claims{"aud": tokenClient, "gty": nil, "scope": nil}, settings: settings{"audience": tokenClient}},
		{
			name: "userinfo only", token: claims{"aud": tokenIssuer + "userinfo"},
			want: "AUTH-008 failure: the token is for the provider's /userinfo only: no audience was asked for", fix: newMachineToken,
		},
		{
			name: "Management API", token: claims{"aud": tokenIssuer + "api/v2/"},
			want: "AUTH-008 failure: the token is for Auth0's Management API", fix: newMachineToken,
		},
		{
			name: "another audience", token: claims{"aud": "https://orders.example.com"},
			want: "AUTH-008 failure: the token is for another audience", fix: newMachineToken,
		},
		{
			name: "no audience", token: claims{"aud": nil},
			want: "AUTH-008 failure: the token names no audience", fix: newMachineToken,
		},
		{
			name: "an ID token", token: claims{"aud": tokenClient, "azp": nil, "gty": nil, "scope": nil, "nonce": "n"},
			want: "AUTH-008 failure: the token is for the client itself: it is an ID token", fix: newMachineToken,
		},

		// AUTH-009
		{
			name: "another client", token: claims{"azp": "other"},
			want: "AUTH-009 failure: the token was issued to another client", fix: newMachineToken,
		},
		{
			name: "another client, given", token: claims{"azp": "other"}, change: given,
			want: "AUTH-009 warning: the token that was given was issued to another client", fix: newGivenToken,
		},
		{name: "no client at all", token: claims{"azp": nil, "sub": "somebody"}},

		// AUTH-012 and AUTH-013
		{name: "scopes of the login", settings: settings{"scopes": "openid profile email offline_access read:customers"}},
		{name: "permissions", token: claims{"scope": "openid", "permissions": []string{"write:customers"}}, settings: settings{"scopes": "write:customers"}},
		{
			name: "fewer scopes", settings: settings{"scopes": "read:customers write:customers delete:customers"},
			want: "AUTH-012 warning: 2 of 3 scopes were not granted: write:customers delete:customers",
			fix:  "Auth0 dashboard → Applications → machine → APIs → https://customers.example.com → select the permissions",
		},
		{
			name: "fewer scopes, for a person", settings: settings{"scopes": "write:customers"}, token: claims{"gty": nil}, change: func(s *doctor.Subject) { s.Grant = "device" },
			want: "AUTH-012 warning: 1 of 1 scopes were not granted: write:customers",
			fix:  "Auth0 dashboard → Applications → APIs → https://customers.example.com → Permissions, and with RBAC the roles of the person",
		},
		{
			name: "an ID token, and no audience is set", token: claims{"aud": tokenClient, "azp": nil, "gty": nil, "scope": nil}, settings: settings{"audience": ""}, change: given,
			want: "AUTH-013 warning: this is an ID token: it tells the client who has logged in, and is not for an API", fix: newGivenToken,
		},
		{
			name: "an ID token of an unknown client", token: claims{"aud": "someone", "azp": nil, "gty": nil, "scope": nil, "nonce": "n"}, settings: settings{"audience": "", "client_id": ""},
			change: func(s *doctor.Subject) {
				given(s)
				s.Needed = []string{"endpoint"}
			},
			want: "AUTH-013 warning: this is an ID token: it tells the client who has logged in, and is not for an API", fix: newGivenToken,
		},
	})
}

// What the provider says of itself, or does not say, decides about the issuer.
func TestTokenIssuer(t *testing.T) {
	tests := []struct {
		name    string
		set     string // the issuer that is set
		iss     string
		world   func(*tokenWorld)
		want    string
		because doctor.ID
	}{
		{"the provider is down", tokenIssuer, tokenIssuer, func(w *tokenWorld) { w.down = true }, "ok: the token's issuer is the one that is set", ""},
		{"the provider is down, set without a slash", "https://tenant.eu.auth0.com", tokenIssuer, func(w *tokenWorld) { w.down = true }, "ok: the token's issuer is the one that is set", ""},
		{"the provider is down, as it is set", "https://id.example.com", "https://id.example.com", func(w *tokenWorld) { w.down = true }, "ok: the token's issuer is the one that is set", ""},
		{
			"the provider is down, and nobody knows of the slash", "https://id.example.com/", "https://id.example.com", func(w *tokenWorld) { w.down = true },
			"unknown: it differs from the one that is set by the slash at the end: see NET-006", "NET-006",
		},
		{
			"the provider is down, another host", "https://id.example.com/", tokenIssuer, func(w *tokenWorld) { w.down = true },
			"failure: the token is of a tenant by its own name, and a custom domain is set, or it is of another provider", "",
		},
		{
			"the provider has another name", tokenIssuer, "https://login.example.com/", func(w *tokenWorld) { w.issuer = "https://login.example.com/" },
			"failure: the token is of a custom domain, and the tenant's own name is set, or it is of another provider: see OIDC-002", "OIDC-002",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newTokenWorld(t)
			tt.world(w)
			token := w.token(claims{"iss": tt.iss})
			got := examineToken(t, w.subject(settings{"issuer": tt.set}, func(context.Context) (string, error) { return token, nil }))["AUTH-007"]
			if text := string(got.Result) + ": " + got.Message; text != tt.want || got.Because != tt.because {
				t.Errorf("got  %s (because of %q)\nwant %s (because of %q)", text, got.Because, tt.want, tt.because)
			}
			if found := got.Evidence[0].Found; found != tt.iss {
				t.Errorf("the evidence is %q", found)
			}
		})
	}
}

// An ID token is named where it first shows, and once.
func TestTokenIdentity(t *testing.T) {
	w := newTokenWorld(t)
	token := w.token(claims{"aud": tokenClient, "azp": nil, "gty": nil, "scope": nil})
	got := examineToken(t, w.subject(nil, func(context.Context) (string, error) { return token, nil }))["AUTH-013"]
	if got.Result != doctor.Warning || got.Because != "AUTH-008" || got.Fix != "" {
		t.Errorf("AUTH-013 is %s because of %q, fix %q", got.Result, got.Because, got.Fix)
	}
}

// Tokens whose time is over, or has not come.
func TestTokenTimes(t *testing.T) {
	at := func(after time.Duration) int64 { return tokenTime().Add(after).Unix() }
	runTokenCases(t, []tokenCase{
		// AUTH-010 and AUTH-011
		{
			name: "expired", token: claims{"exp": at(-90 * time.Second)},
			want: "AUTH-010 failure: the token expired 1m30s ago", fix: newMachineToken,
		},
		{
			name: "expires at this moment", token: claims{"exp": at(0)},
			want: "AUTH-010 failure: the token expired 0s ago", fix: newMachineToken,
		},
		{
			name: "about to expire, given", token: claims{"exp": at(30 * time.Second)}, change: given,
			want: "AUTH-010 warning: the token expires in 30s, and nothing renews it", fix: newGivenToken,
		},
		{name: "about to expire", token: claims{"exp": at(30 * time.Second)}},
		{
			name: "never expires", token: claims{"exp": nil},
			want: "AUTH-010 warning: the token does not say when it expires", fix: newMachineToken,
		},
		{
			name: "for tomorrow", token: claims{"nbf": at(24 * time.Hour)},
			want: "AUTH-011 failure: the token is for later: it becomes valid in 24h0m0s", fix: newMachineToken,
		},
		{
			name: "issued tomorrow", token: claims{"iat": at(20 * time.Hour)},
			want: "AUTH-011 failure: the token was issued 20h0m0s in the future of the API's clock", fix: newMachineToken,
		},
		{
			name: "issued never", token: claims{"iat": nil},
			want: "AUTH-011 warning: the token does not say when it was issued, which AppSync asks for", fix: newMachineToken,
		},
		{name: "issued by a clock that is a little fast", token: claims{"iat": at(20 * time.Second)}},
	})
}

// A wrong clock is named before what follows from it.
func TestTokenClocks(t *testing.T) {
	tests := []struct {
		name          string
		api, provider time.Duration // how far their clocks are ahead
		claims        map[string]any
		id, because   doctor.ID
		message       string
	}{
		{
			"this machine's is late", 2 * time.Hour, 2 * time.Hour, map[string]any{"exp": tokenTime().Add(time.Hour).Unix()},
			"AUTH-010", "NET-004", "the token expired 1h0m0s ago: see NET-004",
		},
		{
			"the provider's is early", 0, 10 * time.Minute, map[string]any{"iat": tokenTime().Add(10 * time.Minute).Unix()},
			"AUTH-011", "NET-007", "the token was issued 10m0s in the future of the API's clock: see NET-007",
		},
		{
			"the API's is late", -10 * time.Minute, 0, map[string]any{"iat": tokenTime().Unix()},
			"AUTH-011", "NET-004", "the token was issued 9m59s in the future of the API's clock: see NET-004",
		},
		{
			"expired by any", 2 * time.Hour, 2 * time.Hour, map[string]any{"exp": tokenTime().Add(-time.Hour).Unix()},
			"AUTH-010", "", "the token expired 3h0m0s ago",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newTokenWorld(t)
			w.apiClock, w.providerClock = tt.api, tt.provider
			token := w.token(tt.claims)
			found := examineToken(t, w.subject(nil, func(context.Context) (string, error) { return token, nil }))
			got := found[tt.id]
			if got.Result != doctor.Failure || got.Because != tt.because || got.Message != tt.message {
				t.Errorf("got %s because of %q: %s\nwant failure because of %q: %s", got.Result, got.Because, got.Message, tt.because, tt.message)
			}
			if got.Because != "" && (got.Fix != "" || found[got.Because].Result != doctor.Failure) {
				t.Errorf("the cause is %s, and the fix is %q", found[got.Because].Result, got.Fix)
			}
		})
	}
}

// The API that a token was saved with went by its own time.
func TestTokenOfSavedAnswer(t *testing.T) {
	w := newTokenWorld(t)
	token := w.token(map[string]any{"exp": tokenTime().Add(-time.Hour).Unix(), "iat": tokenTime().Add(-3 * time.Hour).Unix()})
	subject := w.subject(nil, func(context.Context) (string, error) { return token, nil })
	subject.Grant = "" // the token was given
	subject.Answer = &doctor.Answer{Status: 401, Header: map[string][]string{"Date": {tokenTime().Add(-2 * time.Hour).Format("Mon, 02 Jan 2006 15:04:05 GMT")}}, Body: []byte("{}")}
	got := examineToken(t, subject)["AUTH-010"]
	if want := "the token is valid for 1h0m0s"; got.Result != doctor.OK || got.Message != want {
		t.Errorf("got %s: %s, want ok: %s", got.Result, got.Message, want)
	}
}
