package auth0_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

const badRefresh = "Unknown or invalid refresh token."

// login returns the answer of a device login with offline access.
func (tn tenant) login(t *testing.T, client string) answer {
	t.Helper()
	begin := tn.post(t, "/oauth/device/code", "client_id", client, "audience", audience,
		"scope", "openid offline_access read:customers").ok(t)
	tn.post(t, "/activate", "user_code", begin.text("user_code"), "action", "approve").ok(t)
	return tn.post(t, "/oauth/token", "grant_type", device, "client_id", client, "device_code", begin.text("device_code")).ok(t)
}

func (tn tenant) refresh(t *testing.T, client, token string, more ...string) answer {
	t.Helper()
	return tn.post(t, "/oauth/token", append([]string{
		"grant_type", auth0.GrantRefreshToken, "client_id", client, "refresh_token", token,
	}, more...)...)
}

func TestRefreshRotatesAndDetectsReuse(t *testing.T) {
	tn := start(t, nil)
	first := tn.login(t, "native").text("refresh_token")
	answer := tn.refresh(t, "native", first).ok(t)
	second := answer.text("refresh_token")
	if second == "" || second == first {
		t.Fatal("the refresh token was not rotated")
	}
	if sub := claims(t, answer.text("access_token"))["sub"]; sub != "auth0|ann" {
		t.Errorf("sub %v", sub)
	}
	third := tn.refresh(t, "native", second).ok(t).text("refresh_token")
	tn.refresh(t, "native", second).refused(t, 403, "invalid_grant", badRefresh)
	tn.refresh(t, "native", third).refused(t, 403, "invalid_grant", badRefresh)
}

func TestRefreshLeeway(t *testing.T) {
	tn := start(t, func(c *auth0.Config) { c.RefreshLeeway = 10 * time.Second })
	first := tn.login(t, "native").text("refresh_token")
	second := tn.refresh(t, "native", first).ok(t).text("refresh_token")
	tn.clock.advance(9 * time.Second)
	// The previous token again: another new one, and both are good.
	other := tn.refresh(t, "native", first).ok(t).text("refresh_token")
	if other == second || other == "" {
		t.Error("no new refresh token within the leeway")
	}
	third := tn.refresh(t, "native", second).ok(t).text("refresh_token")
	fourth := tn.refresh(t, "native", other).ok(t).text("refresh_token")
	// The one before the previous has no leeway.
	tn.refresh(t, "native", first).refused(t, 403, "invalid_grant", badRefresh)
	for _, token := range []string{third, fourth} {
		tn.refresh(t, "native", token).refused(t, 403, "invalid_grant", badRefresh)
	}
	t.Run("over", func(t *testing.T) {
		first := tn.login(t, "native").text("refresh_token")
		tn.refresh(t, "native", first).ok(t)
		tn.clock.advance(10 * time.Second)
		tn.refresh(t, "native", first).refused(t, 403, "invalid_grant", badRefresh)
	})
}

func TestRefreshNonRotating(t *testing.T) {
	tn := start(t, nil)
	token := tn.login(t, "keeper").text("refresh_token")
	for range 2 {
		if got := tn.refresh(t, "keeper", token).ok(t); got.text("refresh_token") != "" {
			t.Errorf("a new refresh token: %s", got.body)
		}
	}
}

func TestRefreshNarrowsScope(t *testing.T) {
	tn := start(t, nil)
	token := tn.login(t, "native").text("refresh_token")
	got := tn.refresh(t, "native", token, "scope", "read:customers write:customers").ok(t)
	if got.text("scope") != "read:customers" || got.text("id_token") != "" {
		t.Errorf("got %s", got.body)
	}
	got = tn.refresh(t, "native", got.text("refresh_token")).ok(t)
	if want := "openid offline_access read:customers"; got.text("scope") != want {
		t.Errorf("scope %q after narrowing once, want %q", got.text("scope"), want)
	}
}

func TestRefreshRefused(t *testing.T) {
	tn := start(t, nil)
	token := tn.login(t, "native").text("refresh_token")
	tn.refresh(t, "native", "").refused(t, 400, "invalid_request", "Missing required parameter: refresh_token")
	tn.refresh(t, "native", "v1.unknown").refused(t, 403, "invalid_grant", badRefresh)
	tn.refresh(t, "keeper", token).refused(t, 403, "invalid_grant", badRefresh)
	// Rotation does not extend the family's thirty days.
	tn.clock.advance(29 * 24 * time.Hour)
	token = tn.refresh(t, "native", token).ok(t).text("refresh_token")
	tn.clock.advance(2 * 24 * time.Hour)
	tn.refresh(t, "native", token).refused(t, 403, "invalid_grant", badRefresh)
}

func TestRefreshTokenOnlyWhenAllowed(t *testing.T) {
	tn := start(t, func(c *auth0.Config) { c.AutoApprove, c.APIs[0].OfflineAccess = true, false })
	begin := tn.post(t, "/oauth/device/code", "client_id", "native", "audience", audience, "scope", "openid offline_access").ok(t)
	got := tn.poll(t, begin.text("device_code")).ok(t)
	if got.text("refresh_token") != "" || strings.Contains(got.text("scope"), "offline_access") {
		t.Errorf("got %s", got.body)
	}
}

func TestOldestFamilyGoesFirst(t *testing.T) {
	tn := start(t, nil)
	oldest := tn.login(t, "native").text("refresh_token")
	tn.clock.advance(time.Second)
	next := tn.login(t, "native").text("refresh_token")
	for range 199 {
		tn.clock.advance(time.Second)
		tn.login(t, "native")
	}
	tn.refresh(t, "native", oldest).refused(t, 403, "invalid_grant", badRefresh)
	tn.refresh(t, "native", next).ok(t)
}

// TestRefreshRace sends one refresh token many times at once: it is good for one.
func TestRefreshRace(t *testing.T) {
	tn := start(t, nil)
	token := tn.login(t, "native").text("refresh_token")
	var good atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		r := tn.request(t, "/oauth/token", "grant_type", auth0.GrantRefreshToken, "client_id", "native", "refresh_token", token)
		all.Go(func() {
			resp, err := new(http.Client).Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				good.Add(1)
			}
		})
	}
	all.Wait()
	if good.Load() != 1 {
		t.Errorf("%d refreshes succeeded, want 1", good.Load())
	}
}
