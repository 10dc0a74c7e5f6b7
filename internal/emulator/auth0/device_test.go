package auth0_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

const (
	pending  = "User has yet to authorize device code."
	tooFast  = "You are polling faster than the specified interval of 5 seconds."
	badCode  = "Invalid or expired device code."
	canceled = "User cancelled the confirmation prompt."
)

func (tn tenant) poll(t *testing.T, code string) answer {
	t.Helper()
	return tn.post(t, "/oauth/token", "grant_type", device, "client_id", "native", "device_code", code)
}

func TestDeviceCode(t *testing.T) {
	tn := start(t, nil)
	got := tn.post(t, "/oauth/device/code", "client_id", "native", "audience", audience, "scope", "openid").ok(t)
	if got.json["expires_in"] != 900.0 || got.json["interval"] != 5.0 || got.text("verification_uri") != tn.issuer+"activate" {
		t.Errorf("got %s", got.body)
	}
	if !regexp.MustCompile(`^[B-Z]{4}-[B-Z]{4}$`).MatchString(got.text("user_code")) {
		t.Errorf("user code %q", got.text("user_code"))
	}
	if want := tn.issuer + "activate?user_code=" + got.text("user_code"); got.text("verification_uri_complete") != want {
		t.Errorf("complete URI %q, want %q", got.text("verification_uri_complete"), want)
	}
}

func TestDeviceCodeRefused(t *testing.T) {
	tn := start(t, nil)
	tests := []struct {
		name        string
		pairs       []string
		status      int
		code        string
		description string
	}{
		{"no client", nil, 400, "invalid_request", "Missing required parameter: client_id"},
		{"unknown client", []string{"client_id", "nobody"}, 401, "access_denied", "Unauthorized"},
		{"confidential client", []string{"client_id", "machine"}, 403, "unauthorized_client", "Client authentication is not allowed for the device flow."},
		{"public client with a secret", []string{"client_id", "native", "client_secret", "x"}, 403, "unauthorized_client", "Client authentication is not allowed for the device flow."},
		{"client of an organization", []string{"client_id", "members"}, 403, "unauthorized_client", "Organizations are not supported in the device flow."},
		{"unknown audience", []string{"client_id", "native", "audience", "x"}, 403, "access_denied", "Service not found: x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tn.post(t, "/oauth/device/code", tt.pairs...).refused(t, tt.status, tt.code, tt.description)
		})
	}
}

func TestDeviceFlow(t *testing.T) {
	tn := start(t, nil)
	begin := tn.post(t, "/oauth/device/code", "client_id", "native", "audience", audience,
		"scope", "openid profile email offline_access read:customers unknown:scope").ok(t)
	code := begin.text("device_code")
	tn.poll(t, code).refused(t, 403, "authorization_pending", pending)
	tn.clock.advance(4 * time.Second)
	tn.poll(t, code).refused(t, 429, "slow_down", tooFast)
	tn.clock.advance(5 * time.Second)
	tn.poll(t, code).refused(t, 403, "authorization_pending", pending)

	page := tn.post(t, "/activate", "user_code", strings.ToLower(begin.text("user_code")), "action", "approve", "user", "auth0|bob").ok(t)
	if !strings.Contains(page.body, "all set") {
		t.Errorf("page %s", page.body)
	}
	tn.clock.advance(5 * time.Second)
	got := tn.poll(t, code).ok(t)
	if want := "openid profile email offline_access read:customers"; got.text("scope") != want {
		t.Errorf("scope %q, want %q", got.text("scope"), want)
	}
	access := claims(t, got.text("access_token"))
	aud, _ := access["aud"].([]any)
	if len(aud) != 2 || aud[0] != audience || aud[1] != tn.issuer+"userinfo" {
		t.Errorf("aud %v", access["aud"])
	}
	if access["sub"] != "auth0|bob" || access["azp"] != "native" || access["gty"] != nil {
		t.Errorf("claims %v", access)
	}
	id := claims(t, got.text("id_token"))
	if id["aud"] != "native" || id["sub"] != "auth0|bob" || id["name"] != "Bob <b>" || id["email"] != "bob@example.com" {
		t.Errorf("id token %v", id)
	}
	if got.text("refresh_token") == "" {
		t.Error("no refresh token")
	}
	tn.poll(t, code).refused(t, 403, "invalid_grant", badCode)
}

func TestDeviceDenied(t *testing.T) {
	tn := start(t, nil)
	begin := tn.post(t, "/oauth/device/code", "client_id", "native").ok(t)
	tn.post(t, "/activate", "user_code", begin.text("user_code"), "action", "deny").ok(t)
	tn.poll(t, begin.text("device_code")).refused(t, 403, "access_denied", canceled)
	tn.clock.advance(time.Minute)
	tn.poll(t, begin.text("device_code")).refused(t, 403, "invalid_grant", badCode)
}

func TestDeviceExpires(t *testing.T) {
	tn := start(t, nil)
	begin := tn.post(t, "/oauth/device/code", "client_id", "native").ok(t)
	tn.clock.advance(15*time.Minute + time.Second)
	tn.poll(t, begin.text("device_code")).refused(t, 403, "expired_token", "The device code has expired.")
	tn.clock.advance(5 * time.Second)
	tn.poll(t, begin.text("device_code")).refused(t, 403, "invalid_grant", badCode)
	if page := tn.get(t, "/activate?user_code="+begin.text("user_code")); page.status != http.StatusNotFound {
		t.Errorf("page of an expired code: %d", page.status)
	}
}

func TestDeviceCodeOfAnotherClient(t *testing.T) {
	tn := start(t, nil)
	begin := tn.post(t, "/oauth/device/code", "client_id", "keeper").ok(t)
	tn.poll(t, begin.text("device_code")).refused(t, 403, "invalid_grant", badCode)
}

func TestDeviceWithoutAudience(t *testing.T) {
	tn := start(t, func(c *auth0.Config) { c.AutoApprove = true })
	begin := tn.post(t, "/oauth/device/code", "client_id", "native", "scope", "openid").ok(t)
	if begin.json["interval"] != 1.0 {
		t.Errorf("interval %v, want 1", begin.json["interval"])
	}
	got := tn.poll(t, begin.text("device_code")).ok(t)
	if strings.Contains(got.text("access_token"), ".") {
		t.Error("the access token is not opaque")
	}
}

func TestActivatePages(t *testing.T) {
	tn := start(t, nil)
	begin := tn.post(t, "/oauth/device/code", "client_id", "native", "audience", audience, "scope", "read:customers").ok(t)
	code := begin.text("user_code")
	spaced := url.QueryEscape(strings.ReplaceAll(strings.ToLower(code), "-", " "))
	tests := []struct {
		name, path string
		status     int
		contains   []string
	}{
		{"enter a code", "/activate", 200, []string{`<label for="user_code">`, `method="get"`, `lang="en"`, `width=device-width`}},
		{"confirm", "/activate?user_code=" + code, 200, []string{
			code, "native", audience, "read:customers", `value="approve"`, `value="deny"`, `method="post"`, "Bob &lt;b&gt;",
		}},
		{"as a person types it", "/activate?user_code=" + spaced, 200, []string{`value="approve"`}},
		{"unknown", "/activate?user_code=%3Cscript%3E", 404, []string{`role="alert"`, "&lt;script&gt;"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tn.get(t, tt.path)
			if got.status != tt.status {
				t.Errorf("status %d, want %d", got.status, tt.status)
			}
			for _, want := range tt.contains {
				if !strings.Contains(got.body, want) {
					t.Errorf("no %s in\n%s", want, got.body)
				}
			}
			if strings.Contains(got.body, "<script") || strings.Contains(got.body, "<b>") {
				t.Errorf("not escaped, or a script:\n%s", got.body)
			}
			if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") {
				t.Errorf("policy %q", policy)
			}
			if policy := got.header.Get("Referrer-Policy"); policy != "same-origin" {
				t.Errorf("referrer policy %q", policy)
			}
		})
	}
}

func TestActivateRefuses(t *testing.T) {
	tn := start(t, nil)
	begin := tn.post(t, "/oauth/device/code", "client_id", "native").ok(t)
	code := begin.text("user_code")
	own := strings.TrimSuffix(tn.issuer, "/")
	tests := []struct {
		name   string
		origin string
		pairs  []string
		status int
	}{
		{"form on our page", own, []string{"user_code", code}, 400},
		{"form on another site", "https://evil.example", []string{"user_code", code, "action", "approve"}, 403},
		{"no action", "", []string{"user_code", code}, 400},
		{"unknown user", "", []string{"user_code", code, "action", "approve", "user", "nobody"}, 400},
		{"unknown code", "", []string{"user_code", "BBBB-BBBB", "action", "approve"}, 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := tn.request(t, "/activate", tt.pairs...)
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
			if got := do(t, r); got.status != tt.status {
				t.Errorf("status %d, want %d", got.status, tt.status)
			}
		})
	}
	tn.poll(t, begin.text("device_code")).refused(t, 403, "authorization_pending", pending)
}
