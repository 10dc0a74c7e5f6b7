package report

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// shortestLine is the least length of a line of a secret that is redacted by itself:
// a brace of a key file is no secret, and stands everywhere.
const shortestLine = 4

var (
	// jwt is a JSON Web Token or an encrypted one, three or five parts of base64url of
	// which the first is a JSON object (RFC 7519, section 3); also one that was cut off
	// after its second part, which holds the claims.
	jwt = regexp.MustCompile(`eyJ[\w-]+(?:\.[\w-]*){1,4}`)
	// credentials are those of an Authorization header (RFC 9110, section 11.4).
	credentials = regexp.MustCompile(`(?i)\b(?:bearer|basic|dpop)\s+([\w.~+/-]+=*)`)
	// prose is what follows the scheme's name in a sentence or in a challenge, and is no
	// secret: "the Bearer prefix", "Bearer realm=".
	prose = regexp.MustCompile(`^(?:tokens?|prefix|scheme|header|auth|authentication|authorization|realm|error|scope|charset)[.=]?$`)
)

// cleaner makes texts presentable, and takes secrets out of them.
type cleaner struct{ secrets []string }

// newCleaner knows each secret as it is once a text is clean, line by line, and in the
// forms in which it stands in a URL, in JSON and in base64.
func newCleaner(secrets []string) *cleaner {
	c := new(cleaner)
	add := func(text string) {
		for _, form := range []string{lines(text), oneLine(text)} {
			if strings.TrimSpace(form) != "" && !slices.Contains(c.secrets, form) {
				c.secrets = append(c.secrets, form)
			}
		}
	}
	for _, secret := range secrets {
		for _, form := range append(secretLines(secret), secret) {
			if strings.TrimSpace(form) == "" {
				continue
			}
			add(form)
			add(url.QueryEscape(form))
			add(url.PathEscape(form))
			add(base64.StdEncoding.EncodeToString([]byte(form)))
			add(base64.RawURLEncoding.EncodeToString([]byte(form)))
			if quoted, err := json.Marshal(form); err == nil {
				add(strings.Trim(string(quoted), `"`))
			}
		}
	}
	return c
}

// secretLines returns the lines of a secret that has several, without those that are
// too short to be one.
func secretLines(secret string) []string {
	all := strings.Split(strings.TrimRight(secret, "\r\n"), "\n")
	if len(all) < 2 {
		return nil
	}
	for i := range all {
		all[i] = strings.TrimSuffix(all[i], "\r")
	}
	return slices.DeleteFunc(all, func(line string) bool { return len(strings.TrimSpace(line)) < shortestLine })
}

// line cleans a text for a place of one line, text one for a place of several. Secrets
// go after the cleaning, which could otherwise put one together, and before the cut,
// which could leave half of one.
func (c *cleaner) line(text string, limit int) string { return cut(c.redact(oneLine(text)), limit) }

func (c *cleaner) text(text string, limit int) string { return cut(c.redact(lines(text)), limit) }

// redact replaces the places where a secret is. It finds them all before it replaces
// the first: they may overlap, and what one leaves over is a part of the other.
func (c *cleaner) redact(text string) string {
	secret := make([]bool, len(text))
	mark := func(from, to int) {
		for i := from; i < to; i++ {
			secret[i] = true
		}
	}
	for _, found := range jwt.FindAllStringIndex(text, -1) {
		mark(found[0], found[1])
	}
	for _, found := range credentials.FindAllStringSubmatchIndex(text, -1) {
		if value := text[found[2]:found[3]]; !prose.MatchString(value) {
			mark(found[2], found[3])
		}
	}
	for _, known := range c.secrets {
		for at := 0; ; at++ {
			next := strings.Index(text[at:], known)
			if next < 0 {
				break
			}
			at += next
			mark(at, at+len(known))
		}
	}
	var out strings.Builder
	for i := range len(text) {
		switch {
		case !secret[i]:
			out.WriteByte(text[i])
		case i == 0 || !secret[i-1]:
			out.WriteString(redact.Redacted)
		}
	}
	return out.String()
}
