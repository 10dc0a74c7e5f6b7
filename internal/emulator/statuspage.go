// The page at /: what a person who runs the emulator wants to see. It needs no script;
// what changes stands in a frame that loads itself again, so that the rest can be
// selected and copied.

package emulator

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"slices"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

var (
	//go:embed pages
	pageFiles embed.FS

	pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))
)

// statusPage shows an emulator.
type statusPage struct {
	Environment []Variable

	tenant   *auth0.Tenant
	requests *requestLog
	faults   *faults
	table    store.Table
}

// Clients returns the tenant's, for the page.
func (p *statusPage) Clients() []auth0.Client { return p.tenant.Clients() }

// shownRows bounds the tables of the page.
const shownRows = 25

// livePage is what pages/live.html shows.
type livePage struct {
	Customers []store.Item
	More      bool
	Requests  []entry
	Faults    []Fault
}

// show answers GET /.
func (p *statusPage) show(w http.ResponseWriter, _ *http.Request) { showPage(w, "status.html", p) }

// live answers GET /_emulator/live.
func (p *statusPage) live(w http.ResponseWriter, r *http.Request) {
	page := livePage{Requests: p.requests.latest(shownRows), Faults: p.faults.waiting()}
	slices.Reverse(page.Requests)
	for item, err := range p.table.Scan(r.Context(), "") {
		if err != nil {
			http.Error(w, "the customers could not be read", http.StatusInternalServerError)
			return
		}
		if len(page.Customers) == shownRows {
			page.More = true
			break
		}
		page.Customers = append(page.Customers, item)
	}
	showPage(w, "live.html", page)
}

func showPage(w http.ResponseWriter, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	_, _ = w.Write(page.Bytes()) // the browser may have gone
}
