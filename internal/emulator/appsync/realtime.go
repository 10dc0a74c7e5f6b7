package appsync

import (
	"net/http"
	"time"
)

const (
	maxSubscriptions = 100
	keepAlive        = time.Minute
)

func (a *API) serveRealtime(w http.ResponseWriter, r *http.Request) {
	a.headers(w.Header())
	write(w, r, http.StatusNotImplemented, refusalBody(badRequest("Not implemented.")))
}
