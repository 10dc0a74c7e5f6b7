package doctor_test

import (
	"context"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

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
