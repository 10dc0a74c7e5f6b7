package auth_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

func TestParseClaims(t *testing.T) {
	header := map[string]any{"alg": "RS256", "kid": "key-1", "typ": "at+jwt"}
	second := time.Unix(1_700_000_000, 0).UTC()
	tests := []struct {
		name   string
		claims map[string]any
		want   auth.Claims
	}{
		{
			name: "a person's token, with an audience list",
			claims: map[string]any{
				"iss": issuer, "sub": "auth0|1", "aud": []string{"https://api.example.com", issuer + "userinfo"},
				"azp": "client-1", "client_id": "client-2", "scope": "openid  email", "permissions": []string{"read:customers"},
				"iat": 1_700_000_000, "exp": 1_700_000_000, "nbf": 1_700_000_000, "auth_time": 1_700_000_000,
				"org_id": "org_1", "name": "Ada", "email": "ada@example.com", "nonce": "n",
			},
			want: auth.Claims{
				Issuer: issuer, Subject: "auth0|1", Audience: []string{"https://api.example.com", issuer + "userinfo"},
				ClientID: "client-1", Scopes: []string{"openid", "email"}, Permissions: []string{"read:customers"},
				IssuedAt: second, Expiry: second, NotBefore: second, AuthTime: second,
				Organization: "org_1", Name: "Ada", Email: "ada@example.com", Nonce: "n",
			},
		},
		{
			name:   "a machine's token, RFC 9068 profile",
			claims: map[string]any{"aud": "https://api.example.com", "client_id": "client-2", "gty": "client-credentials"},
			want:   auth.Claims{Audience: []string{"https://api.example.com"}, ClientID: "client-2", GrantType: "client-credentials"},
		},
		{
			name:   "scp as a list, as Okta writes it",
			claims: map[string]any{"scp": []any{"openid", 3, "email"}},
			want:   auth.Claims{Scopes: []string{"openid", "email"}},
		},
		{
			name:   "times as a string and as a fraction",
			claims: map[string]any{"iat": "1700000000", "exp": 1_700_000_000.75},
			want:   auth.Claims{IssuedAt: second, Expiry: second},
		},
		{
			name:   "times that are on no calendar",
			claims: map[string]any{"iat": 1e300, "exp": -5, "nbf": "soon", "auth_time": []int{1}},
			want:   auth.Claims{},
		},
		{
			name:   "claims of unexpected types",
			claims: map[string]any{"iss": 1, "aud": map[string]any{"a": 1}, "scope": true, "cnf": "x", "azp": nil},
			want:   auth.Claims{},
		},
		{
			name:   "bound to a key",
			claims: map[string]any{"cnf": map[string]any{"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}},
			want:   auth.Claims{KeyThumbprint: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Format, tt.want.Algorithm, tt.want.KeyID, tt.want.Type = auth.JWT, "RS256", "key-1", "at+jwt"
			got, err := auth.ParseClaims(jwt(t, header, tt.claims))
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("ParseClaims = %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
}

func TestParseClaimsTellsFormatsApart(t *testing.T) {
	whole := jwt(t, map[string]any{"alg": "RS256"}, map[string]any{"iss": issuer})
	encrypted := jwt(t, map[string]any{"alg": "dir", "enc": "A256GCM"}, nil)
	header, rest, _ := strings.Cut(whole, ".")
	tests := []struct {
		name, token string
		want        auth.Format
		broken      bool
	}{
		{"opaque", "5ev5ct0k3n_without-dots", auth.Opaque, false},
		{"empty", "", auth.Opaque, false},
		{"three words", "not.a.jwt", auth.Opaque, false},
		{"JWT", whole, auth.JWT, false},
		{"JWT with padding", header + "=." + rest, auth.JWT, false},
		{"JWE", encrypted + ".a.b", auth.Encrypted, false},
		{"payload cut off", header + "." + rest[:5] + ".x", auth.JWT, true},
		{"payload is null", header + ".bnVsbA.x", auth.JWT, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := auth.ParseClaims(tt.token)
			var broken *auth.ClaimsError
			if got.Format != tt.want || errors.As(err, &broken) != tt.broken || (err != nil) != tt.broken {
				t.Errorf("ParseClaims = %v, %v; want %v, broken %t", got.Format, err, tt.want, tt.broken)
			}
		})
	}
}

func FuzzParseClaims(f *testing.F) {
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJSUzI1NiJ9.eyJleHAiOiIxZTkiLCJhdWQiOlsxXX0.c2ln")
	f.Add("eyJhbGciOiJSUzI1NiJ9.e30=.c.d.e")
	f.Fuzz(func(t *testing.T, token string) {
		claims, err := auth.ParseClaims(token)
		if err != nil && claims.Format != auth.JWT {
			t.Errorf("an error for a token that is no JWT: %v", err)
		}
		for _, at := range []time.Time{claims.IssuedAt, claims.Expiry, claims.NotBefore, claims.AuthTime} {
			if _, err := at.MarshalJSON(); err != nil {
				t.Errorf("a time that JSON cannot hold: %v", err)
			}
		}
	})
}
