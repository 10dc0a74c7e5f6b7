package auth0_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

const callback = "http://127.0.0.1:4321/callback"

// authorizePath is an authorization request that would be served, with changes; an
// empty value leaves a parameter out.
func authorizePath(changes ...string) string {
	query := form("response_type", "code", "client_id", "native", "redirect_uri", callback, "state", "s",
		"code_challenge", oauth2.S256ChallengeFromVerifier("verifier"), "code_challenge_method", "S256", "audience", audience)
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "" {
			query.Del(changes[i])
		} else {
			query.Set(changes[i], changes[i+1])
		}
	}
	return "/authorize?" + query.Encode()
}

func TestAuthorizeErrorsOnAPage(t *testing.T) {
	tn := start(t, nil)
	tests := []struct {
		name    string
		changes []string
	}{
		{"unknown client", []string{"client_id", "nobody"}},
		{"no redirect URI", []string{"redirect_uri", ""}},
		{"foreign redirect URI", []string{"redirect_uri", "https://evil.example/callback"}},
		{"another port", []string{"redirect_uri", "http://127.0.0.1:4322/callback"}},
		{"another path", []string{"redirect_uri", "http://127.0.0.1:4321/other"}},
		{"another query", []string{"redirect_uri", callback + "?x=1"}},
		{"another loopback name", []string{"redirect_uri", "http://localhost:4321/callback"}},
		{"user before the host", []string{"redirect_uri", "http://evil@127.0.0.1:4321/callback"}},
		{"port on a host that is not loopback", []string{"redirect_uri", "https://app.example:444/callback"}},
		{"script", []string{"redirect_uri", "javascript:alert(1)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, got := range []answer{tn.get(t, authorizePath(tt.changes...)), tn.post(t, authorizePath(tt.changes...), "action", "approve")} {
				if got.status != http.StatusForbidden || got.header.Get("Location") != "" {
					t.Errorf("got %d %v", got.status, got.header)
				}
			}
		})
	}
}

func TestAnyLoopbackPort(t *testing.T) {
	tn := start(t, func(c *auth0.Config) { c.AnyLoopbackPort = true })
	tests := []struct {
		uri    string
		status int
	}{
		{callback, 200},
		{"http://127.0.0.1:4322/callback", 200},
		{"http://127.0.0.1/callback", 200},
		{"https://127.0.0.1:4322/callback", 403},
		{"http://127.0.0.1:4322/other", 403},
		{"http://127.0.0.1:4322/callback?x=1", 403},
		{"http://127.0.0.1:4322/callback#x", 403},
		{"http://localhost:4322/callback", 403},
		{"http://evil@127.0.0.1:4322/callback", 403},
		{"https://app.example:444/callback", 403},
	}
	for _, tt := range tests {
		t.Run(tt.uri, func(t *testing.T) {
			if got := tn.get(t, authorizePath("redirect_uri", tt.uri)); got.status != tt.status {
				t.Errorf("got %d, want %d", got.status, tt.status)
			}
		})
	}
}

func TestAuthorizeErrorsSentBack(t *testing.T) {
	tn := start(t, func(c *auth0.Config) {
		c.Clients = append(c.Clients, auth0.Client{ID: "other", Grants: []string{device}, RedirectURIs: []string{callback}})
	})
	tests := []struct {
		name    string
		changes []string
		code    string
		text    string
	}{
		{"no response type", []string{"response_type", ""}, "invalid_request", "Missing required parameter: response_type"},
		{"implicit", []string{"response_type", "token"}, "unsupported_response_type", "Unsupported response type: token"},
		{"no PKCE", []string{"code_challenge", ""}, "invalid_request", "Missing required parameter: code_challenge"},
		{"plain PKCE", []string{"code_challenge_method", "plain"}, "invalid_request", "code_challenge_method must be S256"},
		{"no method", []string{"code_challenge_method", ""}, "invalid_request", "code_challenge_method must be S256"},
		{"unknown audience", []string{"audience", "x"}, "access_denied", "Service not found: x"},
		{"unknown organization", []string{"organization", "x"}, "invalid_request", "parameter organization is invalid"},
		{"silent", []string{"prompt", "none"}, "login_required", "Login required"},
		{"grant not allowed", []string{"client_id", "other"}, "unauthorized_client", "Grant type 'authorization_code' not allowed for the client."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tn.browser(t, authorizePath(tt.changes...))
			if got.Get("error") != tt.code || got.Get("error_description") != tt.text || got.Get("state") != "s" || got.Has("code") {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestAuthorizeDecisions(t *testing.T) {
	tn := start(t, func(c *auth0.Config) {
		for i := range c.Clients {
			if c.Clients[i].ID == "members" {
				c.Clients[i].RedirectURIs = []string{callback}
			}
		}
	})
	page := tn.get(t, authorizePath()).ok(t)
	for _, want := range []string{"native", audience, `value="approve"`, "Bob &lt;b&gt;"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("no %s in\n%s", want, page.body)
		}
	}
	if got := tn.browser(t, authorizePath(), "action", "deny"); got.Get("error") != "access_denied" {
		t.Errorf("denied: %v", got)
	}
	if got := tn.post(t, authorizePath(), "action", "approve", "user", "nobody"); got.status != http.StatusBadRequest {
		t.Errorf("unknown user: %d", got.status)
	}
	got := tn.browser(t, authorizePath("organization", "org_1"), "action", "approve", "user", "auth0|bob")
	if want := "user auth0|bob is not part of the org_1 organization"; got.Get("error_description") != want {
		t.Errorf("not a member: %v", got)
	}
	got = tn.browser(t, authorizePath("client_id", "members"), "action", "approve")
	if want := "parameter organization is required for this client"; got.Get("error_description") != want {
		t.Errorf("no organization: %v", got)
	}
	r := tn.request(t, authorizePath(), "action", "approve")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := do(t, r); got.status != http.StatusForbidden {
		t.Errorf("from another site: %d", got.status)
	}
}

func TestAuthorizationCode(t *testing.T) {
	tn := start(t, nil)
	tests := []struct {
		name    string
		changes []string
		wait    time.Duration
		status  int
		code    string
		text    string
	}{
		{"good", nil, 0, 200, "", ""},
		{"no code", []string{"code", ""}, 0, 400, "invalid_request", "Missing required parameter: code"},
		{"unknown code", []string{"code", "x"}, 0, 403, "invalid_grant", "Invalid authorization code"},
		{"expired", nil, 11 * time.Minute, 403, "invalid_grant", "Invalid authorization code"},
		{"another client", []string{"client_id", "members"}, 0, 403, "invalid_grant", "Invalid authorization code"},
		{
			"another redirect URI", []string{"redirect_uri", "http://127.0.0.1:1/callback"}, 0, 403, "unauthorized_client",
			"The redirect URI is wrong. You sent http://127.0.0.1:1/callback, and we expected " + callback,
		},
		{"wrong verifier", []string{"code_verifier", "x"}, 0, 403, "invalid_grant", "Failed to verify code verifier"},
		{"no verifier", []string{"code_verifier", ""}, 0, 403, "invalid_grant", "Failed to verify code verifier"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			query := tn.browser(t, authorizePath(), "action", "approve")
			tn.clock.advance(tt.wait)
			values := url.Values{
				"grant_type": {auth0.GrantAuthorizationCode}, "client_id": {"native"}, "redirect_uri": {callback},
				"code": {query.Get("code")}, "code_verifier": {"verifier"},
			}
			for i := 0; i < len(tt.changes); i += 2 {
				values.Set(tt.changes[i], tt.changes[i+1])
			}
			var pairs []string
			for name := range values {
				pairs = append(pairs, name, values.Get(name))
			}
			got := tn.post(t, "/oauth/token", pairs...)
			if tt.status != 200 {
				got.refused(t, tt.status, tt.code, tt.text)
				return
			}
			got.ok(t)
			tn.post(t, "/oauth/token", pairs...).refused(t, 403, "invalid_grant", "Invalid authorization code")
		})
	}
}

func TestAutoApproveLogsIn(t *testing.T) {
	tn := start(t, func(c *auth0.Config) { c.AutoApprove = true })
	if got := tn.get(t, authorizePath()); got.status != http.StatusFound || !strings.Contains(got.header.Get("Location"), "code=") {
		t.Errorf("got %d %v", got.status, got.header)
	}
}
