package transport

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"

	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// Clean takes secrets out of refusals when they arrive, before anybody reads, cuts or
// repeats them: a server may echo what it was sent. What a server gives after a request
// that worked stays as it is, it may be a new secret.
type Clean struct {
	Hide func(text string) string // returns text without secrets
	Base http.RoundTripper        // reads answers whole, see Attempt
}

// RoundTrip implements http.RoundTripper.
func (t *Clean) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.Base.RoundTrip(req)
	if err != nil || resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	cleaned := t.told(body)
	if resp.StatusCode/100 != 2 {
		cleaned = t.text(body)
	}
	resp.Body = io.NopCloser(bytes.NewReader(cleaned))
	resp.Header = resp.Header.Clone()
	for _, values := range resp.Header {
		for i := range values {
			values[i] = t.Hide(values[i])
		}
	}
	return resp, nil
}

// text cleans a text, and what is written with escapes in one of JSON.
func (t *Clean) text(body []byte) []byte {
	return []byte(redact.Escaped(t.Hide(string(body)), t.Hide))
}

// telling are the members in which an answer with a status of success says what went
// wrong: GraphQL's, those of gateways, and those of RFC 6749, section 5.2.
func telling(name string) bool {
	return slices.Contains([]string{"errors", "message", "error", "error_description"}, name)
}

// told cleans the errors in an answer, and leaves its data alone.
func (t *Clean) told(body []byte) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return body
	}
	changed := false
	for name, value := range members {
		if !telling(name) {
			continue
		}
		if cleaned := t.text(value); !bytes.Equal(cleaned, value) && json.Valid(cleaned) {
			members[name], changed = cleaned, true
		}
	}
	if !changed {
		return body
	}
	cleaned, err := json.Marshal(members)
	if err != nil {
		return body
	}
	return cleaned
}
