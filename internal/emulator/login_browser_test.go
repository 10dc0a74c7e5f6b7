// The login page of the authorization code flow, in Chromium: from the client's link to
// the loopback address where the client waits.

package emulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

// The verifier and its challenge are those of RFC 7636, appendix B.
const (
	codeVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	codeChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// loginURL is what a client opens in the browser.
func (r running) loginURL(callback string) string {
	return r.url("/authorize?") + url.Values{
		"response_type": {"code"}, "client_id": {emulator.DeviceClientID}, "redirect_uri": {callback},
		"audience": {emulator.Audience}, "scope": {"openid profile"}, "state": {"the state"},
		"code_challenge": {codeChallenge}, "code_challenge_method": {"S256"},
	}.Encode()
}

func anyLoopbackPort(c *auth0.Config) { c.AnyLoopbackPort = true }

func TestLoginInABrowser(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	r := start(t, emulator.Config{Tenant: anyLoopbackPort})
	tests := []struct {
		name    string
		scripts bool
		press   string     // a button to click on; "" is the Enter key on the first one
		want    url.Values // nil for a code
	}{
		{"continue", true, "approve", nil},
		{"continue without scripts", false, "approve", nil},
		{"continue by keyboard", true, "", nil},
		{"refuse", true, "deny", url.Values{
			"error": {"access_denied"}, "error_description": {"User did not authorize the request"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answers := make(chan url.Values, 1)
			client := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if req.URL.Path == "/callback" {
					answers <- req.URL.Query()
				}
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, `<p id="back">You can close this page.</p>`)
			}))
			t.Cleanup(client.Close)

			p := b.tab(t)
			if !tt.scripts {
				p.noScripts(t)
			}
			p.open(t, r.loginURL(client.URL+"/callback"))
			if got := p.see(t, "main"); !strings.Contains(got, "Demo command line") || !strings.Contains(got, emulator.Audience) {
				t.Errorf("the page does not say who asks for what:\n%s", got)
			}
			if tt.press == "" {
				p.press(t, kb.Tab, kb.Enter)
			} else {
				p.click(t, "button[value="+tt.press+"]")
			}
			p.see(t, "#back")
			got := <-answers
			if got.Get("state") != "the state" {
				t.Errorf("state: %v", got)
			}
			if tt.want != nil {
				for name := range tt.want {
					if got.Get(name) != tt.want.Get(name) {
						t.Errorf("got %v, want %v", got, tt.want)
					}
				}
				return
			}
			r.redeem(t, got.Get("code"), client.URL+"/callback")
		})
	}
}

// redeem makes a token of an authorization code.
func (r running) redeem(t *testing.T, code, callback string) {
	t.Helper()
	_, body := r.must(t, http.MethodPost, "/oauth/token", formType, url.Values{
		"grant_type": {auth0.GrantAuthorizationCode}, "client_id": {emulator.DeviceClientID},
		"code": {code}, "redirect_uri": {callback}, "code_verifier": {codeVerifier},
	}.Encode())
	var got struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || got.AccessToken == "" {
		t.Errorf("code %q: %s", code, body)
	}
}
