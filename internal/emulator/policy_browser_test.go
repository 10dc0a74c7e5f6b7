// What a page is kept from in Chromium, should something hostile get into it after all,
// or should another site get hold of it.

package emulator_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

// No page runs a script or loads anything, not even from its own origin.
func TestPagesRunAndLoadNothing(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	r := start(t, emulator.Config{Tenant: anyLoopbackPort})
	var loaded atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { loaded.Add(1) }))
	t.Cleanup(other.Close)
	tests := []struct{ name, url string }{
		{"activate", r.url("/activate")},
		{"confirm", r.startDevice(t).Complete},
		{"login", r.loginURL("http://127.0.0.1:9999/callback")},
		{"status", r.url("/")},
		{"live", r.url("/_emulator/live")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := b.tab(t, "Content Security Policy")
			p.open(t, tt.url)
			blocked := get(t, p, chromedp.Evaluate[[]string](fmt.Sprintf(`new Promise(resolve => {
				const blocked = new Set();
				document.addEventListener("securitypolicyviolation", e => {
					blocked.add(e.effectiveDirective);
					if (blocked.size === 4) resolve([...blocked].sort());
				});
				for (const source of [%q, location.origin + "/x"]) {
					new Image().src = source;
					document.head.append(Object.assign(document.createElement("script"), {src: source}));
					fetch(source).catch(() => {});
				}
				document.head.append(Object.assign(document.createElement("script"), {text: "document.title = 'ran'"}));
				document.body.insertAdjacentHTML("beforeend", "<p onclick=\"document.title = 'ran'\">");
			})`, other.URL), chromedp.EvalAwaitPromise))
			if got := strings.Join(blocked, " "); got != "connect-src img-src script-src-attr script-src-elem" {
				t.Errorf("blocked: %s", got)
			}
			if get(t, p, chromedp.Title()) == "ran" {
				t.Error("a script ran")
			}
		})
	}
	if n := loaded.Load(); n != 0 {
		t.Errorf("%d requests to another server", n)
	}
	if _, body := r.must(t, http.MethodGet, "/_emulator/requests", "", ""); strings.Contains(body, `"/x"`) {
		t.Errorf("requests to the emulator: %s", body)
	}
}

// Another site can neither frame the question about a device nor send its answer.
func TestDevicePagesFromAnotherSite(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	r := start(t, emulator.Config{Tenant: patientTenant})
	d := r.startDevice(t)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if req.URL.Path == "/frame" {
			_, _ = fmt.Fprintf(w, `<iframe src="%s"></iframe>`, d.Complete)
			return
		}
		_, _ = fmt.Fprintf(w, `<form method="post" action="%s"><input name="user_code" value="%s">
			<button name="action" value="approve">A prize</button></form>`, d.URI, d.UserCode)
	}))
	t.Cleanup(site.Close)
	elsewhere := strings.Replace(site.URL, "127.0.0.1", "localhost", 1)

	t.Run("frame", func(t *testing.T) {
		p := b.tab(t, "frame-ancestors 'none'")
		p.open(t, elsewhere+"/frame")
	})
	t.Run("form", func(t *testing.T) {
		p := b.tab(t, "status of 403")
		p.open(t, elsewhere+"/form")
		p.click(t, "button")
		p.do(t, chromedp.WaitNotPresent(chromedp.CSS("form")))
		if got := r.poll(t, d); got != "authorization_pending" {
			t.Errorf("poll: %s", got)
		}
	})
}
