// Which path goes where, on the one listener.

package emulator

import (
	"net/http"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/account"
)

// routes puts both services, the account, the page and the emulator's own paths on one listener.
// The log is outermost, so that it tells what the client was sent.
func routes(tenant, api http.Handler, around *account.Account, page *statusPage, control *control) http.Handler {
	services := http.NewServeMux()
	services.Handle("/graphql", api)
	services.Handle("/graphql/realtime", api)
	for _, path := range account.ControlPlanePaths() {
		services.Handle(path, around.ControlPlane)
	}
	services.Handle("/", withTable(around.Table, tenant))

	requests, faults := page.requests, page.faults
	own := http.NewServeMux()
	own.HandleFunc("GET /_emulator/live", page.live)
	own.HandleFunc("GET /_emulator/status", control.status)
	own.HandleFunc("GET /_emulator/environment", control.exports)
	own.HandleFunc("POST /_emulator/reset", control.reset)
	own.HandleFunc("GET /_emulator/requests", requests.list)
	own.HandleFunc("GET /_emulator/counts", requests.counts)
	own.HandleFunc("GET /_emulator/faults", faults.list)
	own.HandleFunc("POST /_emulator/faults", faults.add)
	own.HandleFunc("DELETE /_emulator/faults", faults.clear)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", page.show)
	mux.Handle("/_emulator/", http.NewCrossOriginProtection().Handler(own))
	mux.Handle("/", requests.around(services, faults.around(services)))
	return mux
}

// dated sends the emulator's time in the Date header, from which a client may learn
// that its own clock is wrong.
func dated(now func() time.Time, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", now().UTC().Format(http.TimeFormat))
		next.ServeHTTP(w, r)
	})
}
