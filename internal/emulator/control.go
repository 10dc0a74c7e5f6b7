// What the emulator answers for itself: to programs how it is, how to reach it, to start
// over; to people the page at /. The page needs no script; what changes stands in a frame
// that loads itself again, so that the rest can be selected and copied.

package emulator

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

// control answers for the emulator itself.
type control struct {
	environment []Variable
	issuer      string
	version     string
	started     time.Time

	requests *requestLog
	faults   *faults
	storage  *storage
	tenant   *auth0.Tenant
}

// Status is what GET /_emulator/status answers.
type Status struct {
	Version   string         `json:"version"`
	Issuer    string         `json:"issuer"`
	Started   time.Time      `json:"started"` // by the machine's clock
	Uptime    float64        `json:"uptime_seconds"`
	Storage   string         `json:"storage"`                // memory, file or dynamodb
	Name      string         `json:"storage_name,omitempty"` // of the file or the table
	Customers int            `json:"customers"`
	Requests  map[string]int `json:"requests"` // by method and path, since the start or the last reset
	Faults    []Fault        `json:"faults"`   // that wait for requests
}

// status answers GET /_emulator/status. It counts the customers, for which a table of
// DynamoDB's is read whole.
func (c *control) status(w http.ResponseWriter, r *http.Request) {
	customers, err := c.storage.Count(r.Context())
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"message": "the customers could not be counted"})
		return
	}
	writeJSON(w, http.StatusOK, Status{
		Version:   c.version,
		Issuer:    c.issuer,
		Started:   c.started.UTC().Truncate(time.Second),
		Uptime:    time.Since(c.started).Round(time.Millisecond).Seconds(),
		Storage:   c.storage.Kind,
		Name:      c.storage.Name,
		Customers: customers,
		Requests:  c.requests.totals(),
		Faults:    c.faults.waiting(),
	})
}

// exports answers GET /_emulator/environment: the variables in the form that
// GITHUB_ENV and container tools read, one a line, for whoever cannot see the output
// of the emulator.
func (c *control) exports(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	for _, variable := range c.environment {
		_, _ = io.WriteString(w, variable.Name+"="+variable.Value+"\n") // the client may have gone
	}
}

// reset answers POST /_emulator/reset. A table of DynamoDB's, which may hold more than
// tests put there, is emptied only when the parameter table names it.
func (c *control) reset(w http.ResponseWriter, r *http.Request) {
	if c.storage.Kind == storageDynamoDB && r.URL.Query().Get("table") != c.storage.Name {
		writeJSON(w, http.StatusConflict, map[string]string{
			"message": fmt.Sprintf("the customers are in the DynamoDB table %s: name it to have it emptied", c.storage.Name),
		})
		return
	}
	if err := c.storage.Clear(r.Context()); err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"message": "the customers could not be deleted"})
		return
	}
	c.tenant.Reset()
	c.faults.reset()
	c.requests.reset()
	w.WriteHeader(http.StatusNoContent)
}

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
