// Package redact decides what may be shown: it takes secrets out of texts. It knows the
// secrets of a run, which a server may echo, and what a secret looks like. No other package
// decides that.
package redact

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Redacted stands where a secret was.
const Redacted = "[redacted]"

// A Secret is text that nobody may see. It prints, logs and marshals as "[redacted]",
// whatever the verb; string(s) gives the text itself.
type Secret string

// Format prints "[redacted]" for every verb: a method String alone would let %d print the
// text.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// String returns "[redacted]".
func (Secret) String() string { return Redacted }

// GoString returns "[redacted]".
func (Secret) GoString() string { return Redacted }

// LogValue returns "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText returns "[redacted]", so that JSON and YAML hold no secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// Secrets are the secrets that a run has seen. A server may have echoed one; none leaves in
// an error or a report. It may be used by several goroutines; nil knows none.
type Secrets struct {
	mu    sync.Mutex
	known []string // in each form, the longest first: one may be a part of another
	fresh []string // access tokens that the provider gave in this run
}

// LeastSecret is the length in bytes below which nothing is taken out: it would tear
// words apart, and tell by the gap what it hides. Secrets that a provider or AWS makes
// are longer.
const LeastSecret = 8

// Add takes a secret, also as it stands in a URL, in a form and in JSON.
func (s *Secrets) Add(secret string) {
	if s == nil || len(secret) < LeastSecret {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.known, secret) {
		return
	}
	for _, form := range append(jsonForms(secret), secret, url.QueryEscape(secret), url.PathEscape(secret)) {
		if !slices.Contains(s.known, form) {
			s.known = append(s.known, form)
		}
	}
	slices.SortStableFunc(s.known, func(a, b string) int { return len(b) - len(a) })
}

// AddToken takes an access token that the provider has just given.
func (s *Secrets) AddToken(token string) {
	if s == nil {
		return
	}
	s.Add(token)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh = append(s.fresh, token)
}

// Tokens returns what AddToken was given.
func (s *Secrets) Tokens() []string {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.fresh)
}

// AddURL takes what may be secret in a URL: the password and the query.
func (s *Secrets) AddURL(address string) {
	if parsed, err := url.Parse(address); err == nil && parsed.User != nil {
		password, _ := parsed.User.Password()
		s.Add(password)
	}
	_, rest, _ := strings.Cut(address, "?")
	members, _ := url.ParseQuery(rest)
	for _, values := range members {
		for _, value := range values {
			s.Add(value)
		}
	}
}

// jsonForms is how a text may stand in JSON; some servers escape slashes.
func jsonForms(text string) []string {
	encoded, err := json.Marshal(text)
	if err != nil {
		return nil
	}
	inside := strings.Trim(string(encoded), `"`)
	return []string{inside, strings.ReplaceAll(inside, "/", `\/`)}
}

// All returns the secrets in each of their forms, the longest first.
func (s *Secrets) All() []string {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.known)
}

// Known returns text without the secrets that were seen.
func (s *Secrets) Known(text string) string {
	for _, secret := range s.All() {
		text = strings.ReplaceAll(text, secret, Redacted)
	}
	return text
}

// Text returns text without secrets, also those that were cut off, and without what looks
// like one: of the queries in its addresses only the names are left.
func (s *Secrets) Text(text string) string {
	return withoutQueries(s.Notice(text))
}

// Notice is Text for a text whose addresses a person is to open: their queries stay.
func (s *Secrets) Notice(text string) string {
	return withoutSecretLike(s.hideCut(s.Known(text)))
}

// ellipsis is what all bounded texts of this program end with.
const ellipsis = "…"

// leastCut is how much of a secret, in bytes, is still one.
const leastCut = 4

// hideCut takes out what is left of secrets that a bounded text was cut in.
func (s *Secrets) hideCut(text string) string {
	parts := strings.SplitAfter(text, ellipsis)
	for i, part := range parts {
		if head, cut := strings.CutSuffix(part, ellipsis); cut {
			parts[i] = s.withoutStart(head) + ellipsis
		}
	}
	return strings.Join(parts, "")
}

// withoutStart returns text without the start of a secret at its end.
func (s *Secrets) withoutStart(text string) string {
	longest := 0
	for _, secret := range s.All() {
		for n := min(len(secret), len(text)); n >= max(leastCut, longest+1); n-- {
			if strings.HasSuffix(text, secret[:n]) {
				longest = n
				break
			}
		}
	}
	if longest == 0 {
		return text
	}
	return text[:len(text)-longest] + Redacted
}

// literal is a string in JSON.
var literal = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// Escaped returns text with hide applied to what its JSON strings mean, where they are
// written with escapes: some servers escape a slash, others a plus sign.
func Escaped(text string, hide func(string) string) string {
	return literal.ReplaceAllStringFunc(text, func(written string) string {
		var plain string
		if !strings.Contains(written, `\`) || json.Unmarshal([]byte(written), &plain) != nil {
			return written
		}
		hidden := hide(plain)
		if hidden == plain {
			return written
		}
		encoded, err := json.Marshal(hidden)
		if err != nil {
			return `"` + Redacted + `"`
		}
		return string(encoded)
	})
}
