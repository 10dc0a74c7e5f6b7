// Answers of the token endpoint, good and bad.

package auth_test

import (
	"errors"
	"fmt"
	"net/http"
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
