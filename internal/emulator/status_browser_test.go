// The page at /, in Chromium: what it shows, what it hides, and that it stays up to date.

package emulator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

// live is the text of the frame that shows what changes.
const live = `document.querySelector("iframe").contentDocument?.body?.innerText ?? ""`

// waitLive waits until the frame says something.
func (p *tab) waitLive(t *testing.T, text string) {
	t.Helper()
	p.do(t, chromedp.Poll[chromedp.Void](fmt.Sprintf("(%s).includes(%q)", live, text), chromedp.WithPollingTimeout(patience)))
}

func TestStatusPageInABrowser(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	r := start(t, emulator.Config{})
	r.query(t, `mutation { createCustomer(input: {name: "first customer", city: "", state: null}) { id } }`)
	p := b.tab(t)
	p.open(t, r.url("/"))

	secret := r.env["APPSYNCCTL_CLIENT_SECRET"]
	page := p.see(t, "main")
	for _, want := range []string{
		r.env["APPSYNCCTL_ISSUER"], r.env["APPSYNCCTL_ENDPOINT"], emulator.Audience,
		emulator.MachineClientID, emulator.DeviceClientID, "client_credentials", "Demo command line",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %s:\n%s", want, page)
		}
	}
	if strings.Contains(page, secret) {
		t.Error("the page shows the secret before anybody asked for it")
	}

	t.Run("exports", func(t *testing.T) {
		p.click(t, "#exports summary")
		got := p.see(t, "#exports[open] pre")
		var want []string
		for _, v := range r.Environment() {
			want = append(want, v.Export())
		}
		if got != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
		}
		p.click(t, "#exports pre")
		if got := strings.TrimSpace(get(t, p, chromedp.Evaluate[string]("getSelection().toString()"))); got != strings.Join(want, "\n") {
			t.Errorf("one click selects\n%s", got)
		}
		p.click(t, "#exports summary")
		p.do(t, chromedp.WaitNotPresent(chromedp.CSS("#exports[open]")))
	})

	t.Run("live", func(t *testing.T) {
		p.waitLive(t, "name: first customer")
		p.waitLive(t, "200\tPOST /graphql\tcreateCustomer")
		steps := get(t, p, chromedp.Evaluate[int](`(window.mark = 1, history.length)`))
		r.query(t, `mutation { createCustomer(input: {name: "second customer"}) { id } }`)
		p.waitLive(t, "name: second customer")
		r.must(t, "GET", "/no/such/path", "", "")
		p.waitLive(t, "404\tGET /no/such/path")
		if get(t, p, chromedp.Evaluate[int]("window.mark")) != 1 {
			t.Error("the whole page was loaded again")
		}
		if got := get(t, p, chromedp.Evaluate[int]("history.length")); got != steps {
			t.Errorf("the way back is longer by %d steps", got-steps)
		}
	})

	t.Run("hostile values", func(t *testing.T) {
		r.query(t, `mutation { createCustomer(input: {name: "<script>document.title='hacked'</script>", city: "<img src=x>"}) { id } }`)
		p.waitLive(t, "<script>document.title='hacked'</script>")
		p.waitLive(t, "<img src=x>")
	})

	t.Run("scrolled", func(t *testing.T) {
		for range 30 {
			r.query(t, `mutation { createCustomer(input: {name: "one of many"}) { id } }`)
		}
		p.waitLive(t, "There are more.")
		// The frame loads itself again at its own time, perhaps between our looking and our
		// scrolling. So scroll each document that stands at the top until one that nobody
		// scrolled stands where its predecessor was.
		p.do(t, chromedp.PollFunction[chromedp.Void](`() => {
			const frame = document.querySelector("iframe").contentWindow;
			if (frame.scrolled || frame.document.readyState !== "complete") return false;
			if (window.scrolledOnce && frame.scrollY === 300) return true;
			frame.scrollTo(0, 300);
			window.scrolledOnce = frame.scrolled = frame.scrollY === 300;
			return false;
		}`, chromedp.WithPollingTimeout(patience)))
	})

	t.Run("keyboard", func(t *testing.T) {
		p.open(t, r.url("/"))
		p.press(t, kb.Tab)
		if got := p.focus(t); got.Name != "Activate a device" || !got.Ring {
			t.Errorf("the focus is on %+v", got)
		}
		p.press(t, kb.Tab, kb.Enter)
		if got := p.see(t, "#exports[open] pre"); !strings.Contains(got, secret) {
			t.Errorf("no secret in\n%s", got)
		}
		p.press(t, kb.Tab, kb.Tab, kb.Enter)
		p.do(t, chromedp.WaitNotPresent(chromedp.CSS("[open] iframe")))
	})
}

func TestStatusPageWithoutScripts(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	r := start(t, emulator.Config{})
	p := b.tab(t)
	p.noScripts(t)
	p.open(t, r.url("/_emulator/live"))
	p.see(t, "body")
	r.query(t, `mutation { createCustomer(input: {name: "later"}) { id } }`)
	p.do(t, chromedp.WaitVisible(chromedp.CSS("td:nth-child(2) .part")))
	if got := p.see(t, "tbody"); !strings.Contains(got, "name: later") {
		t.Errorf("got %s", got)
	}
	p.open(t, r.url("/"))
	p.click(t, "#exports summary")
	p.see(t, "#exports[open] pre")
}
