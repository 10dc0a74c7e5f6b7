// A headless Chromium for the tests of the pages: tabs that answer like a person's, and
// that remember whatever the browser complains about.
//
// chromedp was taken because it speaks the DevTools protocol over a pipe: no driver, no
// port, and no other module than the protocol itself. It is in no program, only in these
// tests.

package emulator_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// findChromium returns the program; without one it skips the test, or fails it where
// everything must be there.
func findChromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("APPSYNCCTL_TEST_REQUIRE_BROWSER") == "1" {
		t.Fatal("chromium is not installed")
	}
	t.Skip("chromium is not installed")
	return ""
}

// browser is one Chromium with a profile of its own.
type browser struct{ ctx context.Context }

func startBrowser(t *testing.T) browser {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(findChromium(t)),
		chromedp.Headless,
		chromedp.NoSandbox, // root has none, nor has a container; it sees our own pages only
		chromedp.NoFirstRun,
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		// Nothing of the browser's own goes to the network.
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("proxy-server", "direct://"),
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, quit := chromedp.NewContext(allocator)
	t.Cleanup(quit)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return browser{ctx}
}

// tab is a tab with cookies and settings of its own.
type tab struct {
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// tab opens one. The test fails at its end when the browser has complained: about an
// exception, a blocked resource, a request that failed. Complaints that contain one of
// the expected texts must come, and are no failure.
func (b browser) tab(t *testing.T, expected ...string) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	p := &tab{ctx: ctx}
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		closeTab()
		p.checkComplaints(t, expected)
	})
	command(t, p, log.Enable, cdp.Empty{})
	command(t, p, network.Enable, network.EnableParams{})
	return p
}

func (p *tab) listen(event any) {
	var complaint string
	switch event := event.(type) {
	case *log.EventEntryAdded:
		if strings.HasSuffix(event.Entry.URL, "/favicon.ico") {
			return // asked for by the browser itself, where no policy of a page forbids it
		}
		complaint = string(event.Entry.Level) + ": " + event.Entry.Text
	case *runtime.EventExceptionThrown:
		complaint = "exception: " + event.ExceptionDetails.Text
	case *runtime.EventConsoleAPICalled:
		complaint = "console." + string(event.Type)
	default:
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, complaint)
}

func (p *tab) checkComplaints(t *testing.T, expected []string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, want := range expected {
		if !slices.ContainsFunc(p.complaints, func(got string) bool { return strings.Contains(got, want) }) {
			t.Errorf("the browser did not complain: %s", want)
		}
	}
	for _, got := range p.complaints {
		if !slices.ContainsFunc(expected, func(want string) bool { return strings.Contains(got, want) }) {
			t.Errorf("the browser complains: %s", got)
		}
	}
}

const patience = 5 * time.Minute // of one action: it only ends what hangs

// do runs actions, each of which waits for what it acts on.
func (p *tab) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	for i, step := range steps {
		ctx, cancel := context.WithTimeout(p.ctx, patience)
		err := chromedp.Do(ctx, step)
		cancel()
		if err != nil {
			t.Fatalf("step %d: %v; the page is\n%s", i+1, err, p.text())
		}
	}
}

// get runs an action that returns a value.
func get[T any](t *testing.T, p *tab, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	got, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatalf("%v; the page is\n%s", err, p.text())
	}
	return got
}

// command runs a command of the protocol in the tab.
func command[P, R any](t *testing.T, p *tab, call cdp.Command[P, R], params P) R {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	got, err := chromedp.Call(ctx, call, params)
	if err != nil {
		t.Fatalf("%s: %v", call.Method, err)
	}
	return got
}

// text is what the page says, for a failure's message.
func (p *tab) text() string {
	ctx, cancel := context.WithTimeout(p.ctx, time.Minute)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

// open goes to a page and waits until it is loaded.
func (p *tab) open(t *testing.T, url string) {
	t.Helper()
	p.do(t, chromedp.Navigate(url))
}

// see waits for an element and returns its text.
func (p *tab) see(t *testing.T, selector string) string {
	t.Helper()
	return strings.TrimSpace(get(t, p, chromedp.Text(chromedp.CSS(selector), chromedp.NodeVisible)))
}

// click clicks on an element as soon as it can be seen.
func (p *tab) click(t *testing.T, selector string) {
	t.Helper()
	p.do(t, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// press presses keys, in whatever has the focus.
func (p *tab) press(t *testing.T, keys ...string) {
	t.Helper()
	for _, key := range keys {
		p.do(t, chromedp.KeyEvent(key))
	}
}

// focused is the element that has the focus.
type focused struct {
	Name string // what a person would call it
	Ring bool   // and whether its focus can be seen
}

func (p *tab) focus(t *testing.T) focused {
	t.Helper()
	return get(t, p, chromedp.Evaluate[focused](`(() => {
		const e = document.activeElement, style = getComputedStyle(e);
		const name = e.labels?.length ? e.labels[0].textContent : e.textContent;
		return {Name: name.trim(), Ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2};
	})()`))
}

// screen sets the width of the window and the scheme, light or dark.
func (p *tab) screen(t *testing.T, width int64, scheme string) {
	t.Helper()
	var phone []chromedp.EmulateViewportOption
	if width < 600 {
		phone = append(phone, chromedp.EmulateMobile, chromedp.EmulatePortrait)
	}
	p.do(t, chromedp.EmulateViewport(width, 800, phone...))
	command(t, p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

// noScripts switches scripts off, and makes sure that it did.
func (p *tab) noScripts(t *testing.T) {
	t.Helper()
	command(t, p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	p.open(t, "data:text/html,<title>off</title><script>document.title='on'</script>")
	if got := get(t, p, chromedp.Title()); got != "off" {
		t.Fatalf("scripts are %s", got)
	}
}

// spoken is an element as a screen reader gets it.
type spoken struct{ Name, Description, Invalid string }

// hear returns the page's only element with a role.
func (p *tab) hear(t *testing.T, role string) spoken {
	t.Helper()
	var found []spoken
	for _, node := range command(t, p, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		if node.Ignored || said(node.Role) != role {
			continue
		}
		s := spoken{Name: said(node.Name), Description: said(node.Description)}
		for _, property := range node.Properties {
			if property.Name == "invalid" {
				s.Invalid = said(property.Value)
			}
		}
		found = append(found, s)
	}
	if len(found) != 1 {
		t.Fatalf("%d elements with the role %s: %v", len(found), role, found)
	}
	return found[0]
}

func said(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	return strings.Trim(string(v.Value), `"`)
}
