package auth0_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

func (tn tenant) userinfo(t *testing.T, authorization string) answer {
	t.Helper()
	r := tn.request(t, "/userinfo")
	r.Method = http.MethodGet
	r.Header.Set("Authorization", authorization)
	return do(t, r)
}

func TestUserinfo(t *testing.T) {
	tn := start(t, func(c *auth0.Config) { c.AutoApprove = true })
	begin := tn.post(t, "/oauth/device/code", "client_id", "native", "scope", "openid profile").ok(t)
	opaque := tn.poll(t, begin.text("device_code")).ok(t).text("access_token")
	got := tn.userinfo(t, "Bearer "+opaque).ok(t)
	if got.text("sub") != "auth0|ann" || got.text("name") != "Ann" || got.text("nickname") != "ann" || got.json["email"] != nil {
		t.Errorf("got %s", got.body)
	}
	tests := []struct{ name, authorization string }{
		{"none", ""},
		{"raw", opaque},
		{"unknown", "Bearer x"},
		{"machine", "Bearer " + tn.post(t, "/oauth/token", "grant_type", "client_credentials", "client_id", "machine",
			"client_secret", secret, "audience", audience).ok(t).text("access_token")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tn.userinfo(t, tt.authorization)
			if got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
				t.Errorf("got %d %v", got.status, got.header)
			}
		})
	}
	t.Run("expired", func(t *testing.T) {
		tn.clock.advance(25 * time.Hour)
		if got := tn.userinfo(t, "Bearer "+opaque); got.status != http.StatusUnauthorized {
			t.Errorf("got %d", got.status)
		}
	})
}

func TestRevoke(t *testing.T) {
	tn := start(t, nil)
	token := tn.login(t, "native").text("refresh_token")
	tn.post(t, "/oauth/revoke", "client_id", "native").refused(t, 400, "invalid_request", "Missing required parameter: token")
	tn.post(t, "/oauth/revoke", "client_id", "nobody", "token", token).refused(t, 401, "access_denied", "Unauthorized")
	tn.post(t, "/oauth/revoke", "client_id", "machine", "token", token).refused(t, 401, "access_denied", "Unauthorized")
	tn.post(t, "/oauth/revoke", "client_id", "keeper", "token", token).
		refused(t, 400, "invalid_request", "The token was not issued to this client.")
	if got := tn.post(t, "/oauth/revoke", "client_id", "native", "token", "unknown").ok(t); got.body != "" {
		t.Errorf("body %q", got.body)
	}
	token = tn.refresh(t, "native", token).ok(t).text("refresh_token")
	tn.post(t, "/oauth/revoke", "client_id", "native", "token", token).ok(t)
	tn.refresh(t, "native", token).refused(t, 403, "invalid_grant", badRefresh)
}

func TestRevokeOneOrAll(t *testing.T) {
	for _, all := range []bool{false, true} {
		t.Run(strconv.FormatBool(all), func(t *testing.T) {
			tn := start(t, func(c *auth0.Config) { c.RevocationDeletesGrant = all })
			phone, laptop := tn.login(t, "native").text("refresh_token"), tn.login(t, "native").text("refresh_token")
			other := tn.login(t, "keeper").text("refresh_token")
			tn.post(t, "/oauth/revoke", "client_id", "native", "token", phone).ok(t)
			if got := tn.refresh(t, "native", laptop); (got.status == http.StatusForbidden) != all {
				t.Errorf("the other login: %d %s", got.status, got.body)
			}
			tn.refresh(t, "keeper", other).ok(t)
		})
	}
}

func TestLogout(t *testing.T) {
	tn := start(t, nil)
	tests := []struct {
		path, location string
		status         int
	}{
		{"/v2/logout", "", 200},
		{"/v2/logout?client_id=native&returnTo=https%3A%2F%2Fapp.example%2Fbye", "https://app.example/bye", 302},
		{"/oidc/logout?client_id=native&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye", "https://app.example/bye", 302},
		{"/v2/logout?client_id=native&returnTo=https%3A%2F%2Fevil.example", "", 400},
		{"/v2/logout?returnTo=https%3A%2F%2Fapp.example%2Fbye", "", 400},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			if got := tn.get(t, tt.path); got.status != tt.status || got.header.Get("Location") != tt.location {
				t.Errorf("got %d %q", got.status, got.header.Get("Location"))
			}
		})
	}
}

func (tn tenant) machine(t *testing.T, more ...string) answer {
	t.Helper()
	return tn.post(t, "/oauth/token", append([]string{
		"grant_type", "client_credentials", "client_id", "machine", "client_secret", secret, "audience", audience,
	}, more...)...)
}

func TestQuota(t *testing.T) {
	tn := start(t, func(c *auth0.Config) {
		c.Clients[0].Quota = auth0.Quota{PerHour: 3, PerDay: 100}
		c.Organizations[0].Quota = auth0.Quota{PerHour: 1}
	})
	tn.clock.advance(tn.clock.Now().Truncate(24 * time.Hour).Add(24*time.Hour + 10*time.Minute).Sub(tn.clock.Now()))
	got := tn.machine(t).ok(t)
	if want := "b=per_hour;q=3;r=2;t=3000,b=per_day;q=100;r=99;t=85800"; got.header.Get("Auth0-Client-Quota-Limit") != want {
		t.Errorf("client quota %q, want %q", got.header.Get("Auth0-Client-Quota-Limit"), want)
	}
	got = tn.machine(t, "organization", "acme").ok(t)
	if want := "b=per_hour;q=1;r=0;t=3000"; got.header.Get("Auth0-Organization-Quota-Limit") != want {
		t.Errorf("organization quota %q, want %q", got.header.Get("Auth0-Organization-Quota-Limit"), want)
	}
	tn.machine(t, "organization", "acme").refused(t, 429, "too_many_requests", "Organization quota exceeded")
	got = tn.machine(t)
	got.refused(t, 429, "too_many_requests", "Client quota exceeded")
	if got.header.Get("Retry-After") != "3000" || !strings.HasPrefix(got.header.Get("Auth0-Client-Quota-Limit"), "b=per_hour;q=3;r=0;t=3000") {
		t.Errorf("headers %v", got.header)
	}
	tn.clock.advance(50 * time.Minute)
	tn.machine(t).ok(t)
}

func TestRateLimit(t *testing.T) {
	tn := start(t, func(c *auth0.Config) { c.RateLimit = 2 })
	reset := tn.clock.Now().Add(time.Minute).Unix()
	for i, want := range []int{200, 200, 429} {
		got := tn.machine(t)
		header := fmt.Sprint(got.header.Get("X-RateLimit-Limit"), got.header.Get("X-RateLimit-Remaining"), got.header.Get("X-RateLimit-Reset"))
		if wantHeader := fmt.Sprint("2", strconv.Itoa(max(0, 1-i)), strconv.FormatInt(reset, 10)); got.status != want || header != wantHeader {
			t.Errorf("request %d: %d %s, want %d %s", i, got.status, header, want, wantHeader)
		}
	}
	tn.clock.advance(time.Minute)
	tn.machine(t).ok(t)
}

func TestFaults(t *testing.T) {
	var armed string
	tn := start(t, func(c *auth0.Config) {
		c.AutoApprove = true
		c.Fault = func(name, grantType string) bool {
			return name == armed && (grantType == auth0.GrantClientCredentials || grantType == device)
		}
	})
	now := float64(tn.clock.Now().Unix())
	armed = auth0.FaultExpiredToken
	if got := claims(t, tn.machine(t).ok(t).text("access_token")); got["exp"] != now-3600 {
		t.Errorf("exp %v at %v", got["exp"], now)
	}
	armed = auth0.FaultWrongAudience
	if got := claims(t, tn.machine(t).ok(t).text("access_token")); got["aud"] == audience {
		t.Errorf("aud %v", got["aud"])
	}
	armed = auth0.FaultOpaqueToken
	if got := tn.machine(t).ok(t).text("access_token"); strings.Contains(got, ".") {
		t.Error("a JWT")
	}
	begin := tn.post(t, "/oauth/device/code", "client_id", "native").ok(t)
	armed = auth0.FaultSlowDown
	if got := tn.poll(t, begin.text("device_code")); got.status != 429 || got.text("error") != "slow_down" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	tn.clock.advance(time.Second)
	armed = auth0.FaultDenial
	tn.poll(t, begin.text("device_code")).refused(t, 403, "access_denied", canceled)
}

// A key that is given is published and signs, under an id of its own for each tenant,
// until the keys are rotated.
func TestSigningKey(t *testing.T) {
	published := func(tn tenant) jose.JSONWebKey {
		t.Helper()
		var set jose.JSONWebKeySet
		if err := json.Unmarshal([]byte(tn.get(t, ".well-known/jwks.json").ok(t).body), &set); err != nil || len(set.Keys) != 1 {
			t.Fatalf("%d keys: %v", len(set.Keys), err)
		}
		return set.Keys[0]
	}
	given := func(tn tenant) bool { return signingKey().PublicKey.Equal(published(tn).Key) }
	revoke := false
	first, second := start(t, func(c *auth0.Config) {
		c.Fault = func(name, _ string) bool { return revoke && name == auth0.FaultRevokeKeys }
	}), start(t, nil)
	own := start(t, func(c *auth0.Config) { c.SigningKey = nil })
	if !given(first) || !given(second) || given(own) {
		t.Error("the key that was given is not the one that is published, or is where none was given")
	}
	if published(first).KeyID == published(second).KeyID {
		t.Error("the keys of two tenants have the same id")
	}
	token, err := jwt.ParseSigned(first.machine(t).ok(t).text("access_token"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	if err := token.Claims(signingKey().Public()); err != nil {
		t.Errorf("another key signs: %v", err)
	}
	revoke = true
	first.machine(t).ok(t)
	if given(first) {
		t.Error("the key outlives its revocation")
	}
}

// FuzzToken sends any body, which must be refused or answered, never fail.
func FuzzToken(f *testing.F) {
	f.Add("application/json", `{"grant_type":"client_credentials","client_id":"machine"}`)
	f.Add("application/x-www-form-urlencoded", "grant_type=client_credentials&client_id=machine&client_secret=x&audience=y")
	f.Add("application/x-www-form-urlencoded", "client_assertion=e30.e30.x&client_assertion_type=y&grant_type=refresh_token")
	f.Add("text/html; charset", "a=%zz")
	handler, err := auth0.New(auth0.Config{
		Issuer:  "https://tenant.example/",
		Clients: []auth0.Client{{ID: "machine", Grants: []string{auth0.GrantClientCredentials, auth0.GrantRefreshToken, device}}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, kind, body string) {
		for _, path := range []string{"oauth/token", "oauth/device/code", "oauth/revoke", "activate"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://tenant.example/"+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", kind)
			resp, err := handlerTransport{handler}.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode >= 500 {
				t.Errorf("%s: %d", path, resp.StatusCode)
			}
			_ = resp.Body.Close()
		}
	})
}
