package cli

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/appsyncctl/appsyncctl/internal/config"
)

const redacted = "[redacted]"

// secretTexts are the secrets that came by in a run. A server may have echoed one; none
// leaves in an error or a report.
type secretTexts struct {
	mu    sync.Mutex
	known []string // in each form, the longest first: one may be a part of another
	fresh []string // access tokens that the provider gave in this run
}

// know adds the secrets of settings, those in their addresses, and those of AWS's
// variables to the run's, and returns them.
func (app *App) know(settings config.Resolved) *secretTexts {
	for _, setting := range config.Settings() {
		if setting.Secret {
			app.secrets.add(settings.Text(setting.Name))
		}
	}
	app.secrets.addAddress(settings.Text(config.Endpoint))
	app.secrets.addAddress(settings.Text(config.Issuer))
	for _, variable := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		value, _ := app.LookupEnv(variable)
		app.secrets.add(value)
	}
	return app.secrets
}

// leastSecret is the length in bytes below which nothing is taken out: it would tear
// words apart, and tell by the gap what it hides. Secrets that a provider or AWS makes
// are longer.
const leastSecret = 8

// add takes a secret, also as it stands in a URL, in a form and in JSON.
func (s *secretTexts) add(secret string) {
	if s == nil || len(secret) < leastSecret {
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

// addToken takes an access token that the provider has just given.
func (s *secretTexts) addToken(token string) {
	s.add(token)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh = append(s.fresh, token)
}

// tokens returns what addToken was given.
func (s *secretTexts) tokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.fresh)
}

// addAddress takes what may be secret in a URL: the password and the query.
func (s *secretTexts) addAddress(address string) {
	if parsed, err := url.Parse(address); err == nil && parsed.User != nil {
		password, _ := parsed.User.Password()
		s.add(password)
	}
	_, rest, _ := strings.Cut(address, "?")
	members, _ := url.ParseQuery(rest)
	for _, values := range members {
		for _, value := range values {
			s.add(value)
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

func (s *secretTexts) all() []string {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.known)
}

// hide returns text without the secrets that are known.
func (s *secretTexts) hide(text string) string {
	for _, secret := range s.all() {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	return text
}

// clean returns text without secrets, also those that were cut off, and without whatever
// looks like one.
func (s *secretTexts) clean(text string) string {
	return withoutQueries(s.notable(text))
}

// notable is clean for a text whose addresses a person is to open.
func (s *secretTexts) notable(text string) string {
	return withoutSecretLike(s.hideCut(s.hide(text)))
}

// ellipsis is what all bounded texts of this program end with.
const ellipsis = "…"

// leastCut is how much of a secret, in bytes, is still one.
const leastCut = 4

// hideCut takes out what is left of secrets that a bounded text was cut in.
func (s *secretTexts) hideCut(text string) string {
	parts := strings.SplitAfter(text, ellipsis)
	for i, part := range parts {
		if head, cut := strings.CutSuffix(part, ellipsis); cut {
			parts[i] = s.withoutStart(head) + ellipsis
		}
	}
	return strings.Join(parts, "")
}

// withoutStart returns text without the start of a secret at its end.
func (s *secretTexts) withoutStart(text string) string {
	longest := 0
	for _, secret := range s.all() {
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
	return text[:len(text)-longest] + redacted
}
