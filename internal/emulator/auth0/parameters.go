// The parameters of a request, from a form or from JSON.

package auth0

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

const bodyLimit = 64 << 10 // bytes

var errBody = refuse(http.StatusBadRequest, "invalid_request", "Invalid request body.")

// parameters are those of a request's body, each at most once.
type parameters map[string]string

func (p parameters) scopes() []string { return strings.Fields(p["scope"]) }

// readParameters reads a body in either of the forms Auth0 takes: a form, or a JSON
// object (of which only the strings count).
func readParameters(r *http.Request) (parameters, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, bodyLimit))
	if err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			return nil, refuse(http.StatusRequestEntityTooLarge, "invalid_request", "Request body too large.")
		}
		return nil, errBody
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return parseParameters(kind, string(body))
}

func parseParameters(kind, body string) (parameters, error) {
	p := parameters{}
	if kind == "application/json" {
		var object map[string]any
		if err := json.Unmarshal([]byte(body), &object); err != nil {
			return nil, errBody
		}
		for name, value := range object {
			if text, ok := value.(string); ok {
				p[name] = text
			}
		}
		return p, nil
	}
	form, err := url.ParseQuery(body)
	if err != nil {
		return nil, errBody
	}
	for name, values := range form {
		if len(values) > 1 { // RFC 6749 section 3.2
			return nil, refuse(http.StatusBadRequest, "invalid_request", "Duplicate parameter.")
		}
		p[name] = values[0]
	}
	return p, nil
}
