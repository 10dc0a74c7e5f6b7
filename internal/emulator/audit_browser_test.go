// Every page on a phone and on a desk, in light and in dark: what can be measured of its
// being readable and usable (WCAG 2.2, AA, with the 44 pixels that a thumb needs).

package emulator_test

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

// audit returns what is wrong with a document, one line a defect.
const audit = `(document => {
	const found = [], window = document.defaultView, root = document.documentElement;
	const report = (problem, e) => found.push(problem + (e ? ": " + e.outerHTML.slice(0, 120) : ""));
	const all = selector => [...document.querySelectorAll(selector)].filter(e => e.checkVisibility());
	const fields = all("input:not([type=hidden]), select, textarea");

	if (!root.lang) report("no language");
	if (!document.title.trim()) report("no title");
	if (!document.querySelector("meta[name=viewport]")) report("no viewport");
	if (window === top) {
		if (all("h1").length !== 1) report(all("h1").length + " h1");
		if (all("main").length !== 1) report(all("main").length + " main");
	}
	let level = window === top ? 0 : 1;
	for (const h of all("h1, h2, h3, h4, h5, h6")) {
		if (h.localName[1] - level > 1) report("a level of headings is left out", h);
		level = +h.localName[1];
	}
	const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
	if (new Set(ids).size !== ids.length) report("an id is there twice: " + ids);
	for (const f of fields) {
		if (f.labels.length !== 1 || !f.labels[0].textContent.trim()) report("no label", f);
		if (parseFloat(getComputedStyle(f).fontSize) < 16) report("a phone zooms into small text", f);
	}
	for (const e of all("button, a, summary")) if (!e.textContent.trim()) report("no name", e);
	for (const e of all("th")) if (!e.scope) report("no scope", e);
	for (const e of all("iframe")) if (!e.title) report("no title", e);

	// Not innerWidth, which on a phone grows with what sticks out.
	const width = root.clientWidth;
	if (root.scrollWidth > width) report("scrolls sideways: " + root.scrollWidth + " of " + width);
	for (const e of all("body *")) {
		const box = e.getBoundingClientRect();
		if (box.right > width + .5 || box.left < -.5) report("sticks out", e);
	}
	const targets = [...fields, ...all("button, a, summary")];
	for (const e of targets) {
		const box = e.getBoundingClientRect();
		if (box.height < 44 || box.width < 44) report("smaller than a thumb, " + box.width + " x " + box.height, e);
	}

	// Colours: the browser paints them, so that any notation is understood.
	const pen = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
	const paint = (...layers) => {
		pen.clearRect(0, 0, 1, 1);
		for (const colour of layers) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
		return [...pen.getImageData(0, 0, 1, 1).data];
	};
	const ground = e => {
		const layers = [];
		for (; e; e = e.parentElement) layers.unshift(getComputedStyle(e).backgroundColor);
		if (paint(...layers)[3] < 255) report("no background");
		return layers;
	};
	const luminance = colour => {
		const [r, g, b] = colour.map(c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
		return .2126 * r + .7152 * g + .0722 * b;
	};
	const contrast = (a, b) => {
		const [dark, bright] = [luminance(a), luminance(b)].sort((a, b) => a - b);
		return (bright + .05) / (dark + .05);
	};
	const texts = all("body, body *").filter(e =>
		[...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim()) || fields.includes(e));
	if (texts.length === 0) report("no text");
	for (const e of texts) {
		const style = getComputedStyle(e), below = ground(e), size = parseFloat(style.fontSize);
		const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
		const got = contrast(paint(...below, style.color), paint(...below));
		if (got < (large ? 3 : 4.5)) report("text with a contrast of " + got.toFixed(2), e);
	}
	for (const e of [...fields, ...all("button")]) {
		const around = paint(...ground(e.parentElement)), style = getComputedStyle(e);
		const edge = parseFloat(style.borderTopWidth) > 0 ? contrast(paint(...ground(e.parentElement), style.borderTopColor), around) : 1;
		if (Math.max(edge, contrast(paint(...ground(e)), around)) < 3) report("its edge cannot be seen", e);
	}
	return found;
})`

// auditLive audits the document in the frame, which loads itself again and again, at a
// moment when it is complete.
const auditLive = `(() => {
	const live = document.querySelector("iframe").contentDocument;
	return live?.readyState === "complete" && live.body.innerText.includes("Requests") && ` + audit + `(live);
})()`

// long is a name without a place to break it.
var long = strings.Repeat("unbreakable", 20)

func TestPagesAreReadableEverywhere(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	plain := start(t, emulator.Config{Tenant: anyLoopbackPort})
	crowded := start(t, emulator.Config{
		Tenant: func(c *auth0.Config) {
			c.AnyLoopbackPort = true
			c.APIs[0].Scopes = []string{"read:customers", "write:" + long}
			c.Clients[1].Name = "The command line of " + long
			c.Users = append(c.Users, auth0.User{ID: "auth0|long", Name: long, Email: "x@example.com"})
		},
		Faults: []emulator.Fault{{Name: "slow", Path: "/never/" + long}, {Name: "slow", Count: 3, Operation: "createCustomer"}},
	})
	for _, name := range []string{"Ann", long} {
		crowded.query(t, `mutation { createCustomer(input: {name: "`+name+`", city: "Boston", state: null, country: ""}) { id } }`)
	}
	crowded.must(t, http.MethodGet, "/"+long, "", "")

	const callback = "http://127.0.0.1:9999/callback"
	tests := []struct {
		name, url string
		expected  []string // complaints of the browser
	}{
		{"activate", plain.url("/activate"), nil},
		{"activate_unknown", plain.url("/activate?user_code=wrong"), []string{"status of 404"}},
		{"activate_unknown_long", plain.url("/activate?user_code=" + long), []string{"status of 404"}},
		{"confirm", plain.startDevice(t).Complete, nil},
		{"confirm_crowded", crowded.startDevice(t).Complete, nil},
		{"login", plain.loginURL(callback), nil},
		{"login_crowded", crowded.loginURL(callback) + "&organization=org_demo", nil},
		{"login_refused", plain.loginURL("http://evil.example/"), []string{"status of 403"}},
		{"status", plain.url("/"), nil},
		{"status_crowded", crowded.url("/"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := b.tab(t, tt.expected...)
			for _, screen := range []struct {
				name   string
				width  int64
				scheme string
			}{{"320_light", 320, "light"}, {"320_dark", 320, "dark"}, {"1200_light", 1200, "light"}, {"1200_dark", 1200, "dark"}} {
				t.Run(screen.name, func(t *testing.T) {
					p.screen(t, screen.width, screen.scheme)
					p.open(t, tt.url)
					p.do(t, chromedp.Evaluate[chromedp.Void](`for (const d of document.querySelectorAll("details")) d.open = true`))
					for _, got := range get(t, p, chromedp.Evaluate[[]string](audit+"(document)")) {
						t.Error(got)
					}
					if strings.HasPrefix(tt.name, "status") {
						for _, got := range get(t, p, chromedp.Poll[[]string](auditLive, chromedp.WithPollingTimeout(patience))) {
							t.Error("in the frame: " + got)
						}
					}
					p.keepPicture(t)
				})
			}
		})
	}
}

// keepPicture saves what the page looks like, for people: go test -artifacts.
func (p *tab) keepPicture(t *testing.T) {
	t.Helper()
	if flag.Lookup("test.artifacts").Value.String() != "true" {
		return // nobody would see it
	}
	picture := get(t, p, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), strings.ReplaceAll(t.Name(), "/", "_")+".png"), picture, 0o600); err != nil {
		t.Error(err)
	}
}
