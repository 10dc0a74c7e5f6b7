package cli

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/appsyncctl/appsyncctl/internal/config"
)

const redacted = "[redacted]"

var (
	// jwtLike is a JSON Web Token, signed or encrypted, whole or cut off.
	jwtLike = regexp.MustCompile(`eyJ[\w-]{5,}(?:\.[\w-]*){1,4}`)
	// userInfo is the name and the password in a URL.
	userInfo = regexp.MustCompile(`://[^/\s@]+@`)
)

// secretTexts are the secrets that came by while a set-up was examined. A server may
// have echoed one; none leaves in a report.
type secretTexts struct {
	mu    sync.Mutex
	known []string // the longest first: one may be a part of another
}

func newSecretTexts(settings config.Resolved) *secretTexts {
	secrets := new(secretTexts)
	for _, setting := range config.Settings() {
		if setting.Secret {
			secrets.add(settings.Text(setting.Name))
		}
	}
	return secrets
}

// leastSecret is the length in bytes below which nothing is taken out: it would tear
// words apart, and tell by the gap what it hides. Secrets that a provider or AWS makes
// are longer.
const leastSecret = 8

func (s *secretTexts) add(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(secret) < leastSecret || slices.Contains(s.known, secret) {
		return
	}
	s.known = append(s.known, secret)
	slices.SortStableFunc(s.known, func(a, b string) int { return len(b) - len(a) })
}

func (s *secretTexts) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.known)
}

// placeholder is what a fix has where a person puts in the real thing.
const placeholder = "://USER:PASSWORD@"

// clean returns text without secrets, and without whatever looks like one.
func (s *secretTexts) clean(text string) string {
	for _, secret := range s.all() {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	text = jwtLike.ReplaceAllString(text, redacted)
	return userInfo.ReplaceAllStringFunc(text, func(found string) string {
		if found == placeholder {
			return found
		}
		return "://" + redacted + "@"
	})
}

// within reports whether a document holds a secret all the same.
func (s *secretTexts) within(document string) bool {
	return jwtLike.MatchString(document) || slices.ContainsFunc(s.all(), func(secret string) bool {
		return strings.Contains(document, secret)
	})
}
