package cli

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/output"
)

// answerHead is a RoundTripper that keeps the status and the headers of the last
// answer.
type answerHead struct {
	base   http.RoundTripper
	status string
	header http.Header
}

// RoundTrip implements http.RoundTripper.
func (a *answerHead) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := a.base.RoundTrip(req)
	a.status, a.header = "", nil
	if err == nil {
		a.status, a.header = resp.Proto+" "+resp.Status, resp.Header
	}
	return resp, err
}

// write writes the head as HTTP does, sorted; nothing if there was no answer.
func (a *answerHead) write(w io.Writer) error {
	if a.status == "" {
		return nil
	}
	var text strings.Builder
	text.WriteString(output.Line(a.status) + "\n")
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		for _, value := range a.header[name] {
			text.WriteString(output.Line(name+": "+value) + "\n")
		}
	}
	_, err := fmt.Fprintln(w, text.String())
	return err
}
