// The device login as a person does it, in Chromium.

package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

// patientTenant lets a device poll as often as it likes.
func patientTenant(c *auth0.Config) { c.DeviceInterval = time.Nanosecond }

// deviceLogin is a device that waits for a person.
type deviceLogin struct {
	Code     string `json:"device_code"`
	UserCode string `json:"user_code"`
	URI      string `json:"verification_uri"`
	Complete string `json:"verification_uri_complete"`
}

func (r running) startDevice(t *testing.T) deviceLogin {
	t.Helper()
	_, body := r.must(t, http.MethodPost, "/oauth/device/code", formType, url.Values{
		"client_id": {emulator.DeviceClientID}, "audience": {emulator.Audience}, "scope": {"openid offline_access write:" + long},
	}.Encode())
	var d deviceLogin
	if err := json.Unmarshal([]byte(body), &d); err != nil || d.UserCode == "" {
		t.Fatalf("device code: %s", body)
	}
	return d
}

// poll returns the error code of the answer, or "token".
func (r running) poll(t *testing.T, d deviceLogin) string {
	t.Helper()
	_, body := r.must(t, http.MethodPost, "/oauth/token", formType, url.Values{
		"grant_type": {auth0.GrantDeviceCode}, "client_id": {emulator.DeviceClientID}, "device_code": {d.Code},
	}.Encode())
	var got struct {
		Error string `json:"error"`
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("poll: %s", body)
	}
	if got.Token != "" {
		return "token"
	}
	return got.Error
}

func TestDeviceLoginInABrowser(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	r := start(t, emulator.Config{Tenant: patientTenant})
	const (
		connected = "Congratulations, you're all set!"
		refused   = "Connection refused"
	)
	tests := []struct {
		name  string
		typed func(code string) string // nil for the link that has the code
		press string                   // Confirm or Refuse
		title string
		poll  string
	}{
		{"confirm", nil, "approve", connected, "token"},
		{"refuse", nil, "deny", refused, "access_denied"},
		{"type the code", strings.TrimSpace, "approve", connected, "token"},
		{"type it carelessly", carelessly, "approve", connected, "token"},
		{"type it and refuse", carelessly, "deny", refused, "access_denied"},
	}
	for _, tt := range tests {
		for _, scripts := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, scripts %t", tt.name, scripts), func(t *testing.T) {
				p, d := b.tab(t), r.startDevice(t)
				if !scripts {
					p.noScripts(t)
				}
				if tt.typed == nil {
					p.open(t, d.Complete)
				} else {
					p.open(t, d.URI)
					p.do(t, chromedp.SendKeys(chromedp.CSS("#user_code"), tt.typed(d.UserCode)))
					p.click(t, "button")
				}
				if got := p.see(t, ".code"); got != d.UserCode {
					t.Errorf("the page shows %q, the device %q", got, d.UserCode)
				}
				if got := r.poll(t, d); got != "authorization_pending" {
					t.Errorf("before the decision: %s", got)
				}
				p.click(t, "button[value="+tt.press+"]")
				p.see(t, "[role=status]")
				if got := p.see(t, "h1"); got != tt.title {
					t.Errorf("got %q, want %q", got, tt.title)
				}
				if got := r.poll(t, d); got != tt.poll {
					t.Errorf("poll: got %s, want %s", got, tt.poll)
				}
			})
		}
	}
}

func carelessly(code string) string { return strings.ToLower(strings.ReplaceAll(code, "-", "")) }

// waitField waits until the field for the code has the focus, which it takes by itself.
func (p *tab) waitField(t *testing.T) {
	t.Helper()
	p.do(t, chromedp.WaitVisible(chromedp.CSS("#user_code:focus")))
}

func TestDeviceLoginByKeyboard(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	r := start(t, emulator.Config{Tenant: func(c *auth0.Config) {
		patientTenant(c)
		c.Users = []auth0.User{{ID: "auth0|ann", Name: "Ann", Email: "ann@example.com"}, {ID: "auth0|bob", Name: "Bob", Email: "bob@example.com"}}
	}})
	p, d := b.tab(t), r.startDevice(t)
	p.open(t, d.URI)
	p.waitField(t)
	p.press(t, carelessly(d.UserCode), kb.Enter)
	p.see(t, ".code")
	for _, want := range []string{"Signed in as", "Confirm", "Refuse"} {
		p.press(t, kb.Tab)
		if got := p.focus(t); got.Name != want || !got.Ring {
			t.Errorf("the focus is on %+v, want %s with a ring", got, want)
		}
	}
	p.do(t, chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
	p.press(t, kb.Enter)
	p.see(t, "[role=status]")
	if got := r.poll(t, d); got != "token" {
		t.Errorf("poll: %s", got)
	}
}

func TestUnknownUserCodeInABrowser(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	r := start(t, emulator.Config{Tenant: patientTenant})
	p, d := b.tab(t, "status of 404"), r.startDevice(t)
	p.open(t, d.URI)
	p.waitField(t)
	p.press(t, "wrong", kb.Enter)
	problem := p.see(t, "[role=alert]")
	if !strings.Contains(problem, "not known") {
		t.Errorf("the page says %q", problem)
	}
	if got := get(t, p, chromedp.Title()); !strings.HasPrefix(got, "Problem: ") {
		t.Errorf("the title is %q", got)
	}
	want := spoken{Name: "Enter the code that your device shows", Description: problem, Invalid: "true"}
	if got := p.hear(t, "textbox"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := get(t, p, chromedp.Value(chromedp.CSS("#user_code"))); got != "wrong" {
		t.Errorf("what was typed is now %q", got)
	}
	p.waitField(t)
	p.do(t, chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	p.press(t, d.UserCode, kb.Enter)
	p.click(t, "button[value=approve]")
	p.see(t, "[role=status]")
	if got := r.poll(t, d); got != "token" {
		t.Errorf("poll: %s", got)
	}
	// A code is used up by the decision.
	p.open(t, d.Complete)
	p.see(t, "[role=alert]")
}
