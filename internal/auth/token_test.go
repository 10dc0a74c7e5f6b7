// Answers of the token endpoint, good and bad, and what tokens say of themselves.

package auth_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

func TestTokenLifetime(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		name     string
		lifetime string        // expires_in, as JSON
		exp      time.Duration // the token's own end, from the provider's now; 0 if it has none
		ahead    time.Duration // how far the provider's clock is ahead of ours
		want     time.Duration // from our now; 0 if unknown
	}{
		{name: "a number", lifetime: `86400`, want: day},
		{name: "a string", lifetime: `"86400"`, want: day},
		{name: "a float", lifetime: `86400.0`, want: day},
		{name: "an exponent", lifetime: `8.64e4`, want: day},
		{name: "missing, opaque", lifetime: `null`, want: 0},
		{name: "zero, opaque", lifetime: `0`, want: 0},
		{name: "negative, opaque", lifetime: `-1`, want: 0},
		{name: "no number, opaque", lifetime: `"soon"`, want: 0},
		{name: "missing, exp", lifetime: `null`, exp: time.Hour, want: time.Hour},
		{name: "zero, exp", lifetime: `0`, exp: time.Hour, want: time.Hour},
		{name: "longer than exp", lifetime: `86400`, exp: time.Hour, want: time.Hour},
		{name: "shorter than exp", lifetime: `3600`, exp: day, want: time.Hour},
		{name: "exp is past", lifetime: `3600`, exp: -time.Minute, want: -time.Minute},
		{name: "absurd", lifetime: `1e300`, exp: day, want: day},
		{name: "our clock is late", lifetime: `86400`, exp: time.Hour, ahead: 2 * day, want: time.Hour},
		{name: "our clock is early", lifetime: `86400`, exp: time.Hour, ahead: -2 * day, want: time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				access := "opaque"
				provider := time.Now().Add(tt.ahead)
				if tt.exp != 0 {
					access = jwt(t, map[string]any{"alg": "RS256"}, map[string]any{"exp": provider.Add(tt.exp).Unix()})
				}
				f := newFake(reply{
					header: map[string]string{"Date": provider.UTC().Format(http.TimeFormat)},
					body:   fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":%s}`, access, tt.lifetime),
				})
				token, err := f.client().ClientCredentials(t.Context(), auth.Parameters{})
				if err != nil {
					t.Fatal(err)
				}
				var got time.Duration
				if !token.Expiry.IsZero() {
					got = time.Until(token.Expiry)
				}
				if got != tt.want {
					t.Errorf("expires in %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestTokenLifetimeCountsFromTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(reply{delay: 20 * time.Second, body: `{"access_token":"opaque","expires_in":60}`})
		token, err := f.client().ClientCredentials(t.Context(), auth.Parameters{})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := time.Until(token.Expiry), 40*time.Second; got != want {
			t.Errorf("expires in %v, want %v: the provider may have counted while it was slow", got, want)
		}
	})
}

func TestAnswersWithoutATokenAreErrors(t *testing.T) {
	tests := []struct{ name, body, problem string }{
		{"empty", ``, "JSON"},
		{"a page", `<html>welcome to the airport</html>`, "JSON"},
		{"a list", `[]`, "JSON"},
		{"null", `null`, "no access token"},
		{"nothing in it", `{}`, "no access token"},
		{"a token that is no text", `{"access_token":{}}`, "no access token"},
		{"an empty token", `{"access_token":"","token_type":"Bearer"}`, "no access token"},
		{"a token with a line break", `{"access_token":"secret-1\r\nX-Evil: 1"}`, "no header"},
		{"without end", `{"access_token":"` + strings.Repeat("a", 2<<20) + `"}`, "1 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(reply{body: tt.body})
			token, err := f.client().ClientCredentials(t.Context(), auth.Parameters{})
			var unusable *auth.AnswerError
			if !errors.As(err, &unusable) || !strings.Contains(err.Error(), tt.problem) {
				t.Fatalf("token %t, %v; want an *AnswerError about %q", token != nil, err, tt.problem)
			}
			if strings.Contains(err.Error(), "secret-1") {
				t.Errorf("the error holds the token: %v", err)
			}
			if len(f.calls) != 1 {
				t.Errorf("%d requests, want 1", len(f.calls))
			}
		})
	}
}

func TestErrorWithStatus200(t *testing.T) {
	f := newFake(reply{body: `{"error":"invalid_client","error_description":"no"}`})
	_, err := f.client().ClientCredentials(t.Context(), auth.Parameters{})
	var refused *auth.Error
	if !errors.As(err, &refused) || refused.Code != auth.InvalidClient {
		t.Errorf("%v; want %s", err, auth.InvalidClient)
	}
}

// AppSync takes any JWT, so the grants do not insist on a type.
func TestTokenType(t *testing.T) {
	for _, want := range []string{"Bearer", "bearer", "", "DPoP", "mac"} {
		f := newFake(reply{body: fmt.Sprintf(`{"access_token":"opaque","token_type":%q}`, want)})
		token, err := f.client().ClientCredentials(t.Context(), auth.Parameters{})
		if err != nil || token.TokenType != want {
			t.Errorf("type %q: %v, %v", want, token, err)
		}
	}
}

func TestGrantedScopes(t *testing.T) {
	f := newFake(reply{body: `{"access_token":"opaque","scope":"openid  read:customers"}`})
	token, err := f.client().ClientCredentials(t.Context(), auth.Parameters{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := token.Extra("scope"), "openid  read:customers"; got != want {
		t.Errorf("scopes %q, want %q", got, want)
	}
}

func FuzzTokenAnswer(f *testing.F) {
	f.Add(`{"access_token":"a.b.c","expires_in":"1e9"}`, "b=per_hour;q=10;r=7;t=3540,b=per_day;q=1", "1")
	f.Add(`{"error":"x","error_description":["y"]}`, ";;=,", "Mon, 23 Nov 2026 05:00:00 GMT")
	f.Fuzz(func(t *testing.T, body, quota, after string) {
		for _, status := range []int{200, 401} {
			provider := newFake(reply{status: status, body: body, header: map[string]string{
				"Auth0-Client-Quota-Limit": quota, "Retry-After": after,
				"X-RateLimit-Limit": quota, "X-RateLimit-Remaining": after, "X-RateLimit-Reset": after,
			}})
			token, err := provider.client().ClientCredentials(t.Context(), auth.Parameters{})
			if (token == nil) == (err == nil) {
				t.Fatalf("token %v with error %v", token, err)
			}
			if err != nil {
				if strings.Contains(err.Error(), "\n") || len(err.Error()) > 600 {
					t.Errorf("an error that is not one short line: %q", err)
				}
				continue
			}
			if token.AccessToken == "" {
				t.Error("a token without an access token")
			}
			if _, err := token.Expiry.MarshalJSON(); err != nil {
				t.Errorf("an expiry that cannot be stored: %v", err)
			}
		}
	})
}

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
