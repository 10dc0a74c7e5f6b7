// Answers and refusals in Auth0's words. Statuses differ from RFC 6749's here and there,
// so a refusal carries its own.

package auth0

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// refusal is an answer of RFC 6749 section 5.2, with the status Auth0 gives it.
type refusal struct {
	status      int
	retryAfter  time.Duration // sent as Retry-After when positive
	Code        string        `json:"error"`
	Description string        `json:"error_description,omitempty"`
	URI         string        `json:"error_uri,omitempty"`
}

func (e *refusal) Error() string { return e.Code + ": " + e.Description }

func refuse(status int, code, description string) error {
	return &refusal{status: status, Code: code, Description: description}
}

// The refusals that several grants share.
var (
	// errUnauthorized is for an unknown client and for a wrong secret alike: Auth0
	// does not say which of the two it was.
	errUnauthorized = refuse(http.StatusUnauthorized, "access_denied", "Unauthorized")
	errRefreshToken = refuse(http.StatusForbidden, "invalid_grant", "Unknown or invalid refresh token.")
)

func errMissing(parameter string) error {
	return refuse(http.StatusBadRequest, "invalid_request", "Missing required parameter: "+parameter)
}

func errGrantType(grant string) error {
	return &refusal{
		status:      http.StatusForbidden,
		Code:        "unauthorized_client",
		Description: "Grant type '" + grant + "' not allowed for the client.",
		URI:         "https://auth0.com/docs/clients/client-grant-types",
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone
}

// writeError answers a refusal as it is and any other error as Auth0 answers its
// own failures, without telling what failed.
func writeError(w http.ResponseWriter, err error) {
	var refused *refusal
	if !errors.As(err, &refused) {
		refused = &refusal{status: http.StatusInternalServerError, Code: "server_error", Description: "Internal Server Error"}
	}
	noStore(w)
	if refused.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(refused.retryAfter.Seconds())))
	}
	writeJSON(w, refused.status, refused)
}

// noStore forbids caches to keep an answer with a token (RFC 6749 section 5.1).
func noStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
}
