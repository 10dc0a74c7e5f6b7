// What programs ask of the emulator itself: how it is, how to reach it, to start over.

package emulator

import (
	"fmt"
	"io"
	"net/http"
	"time"

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
