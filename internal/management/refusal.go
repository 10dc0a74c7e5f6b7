package management

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// refusal reads the body of a refusal: statusCode, error, message and errorCode. What
// stands before Auth0, such as a firewall, answers in other shapes. Any of them may
// repeat what it was sent.
func (c *Client) refusal(r request, resp *http.Response, text []byte) error {
	var said struct {
		Message string `json:"message"`
		Code    string `json:"errorCode"`
	}
	_ = json.Unmarshal(text, &said) // the status is enough
	return &Error{
		Request:    r.String(),
		Status:     resp.StatusCode,
		Message:    short(c.withoutToken(said.Message)),
		Code:       short(c.withoutToken(said.Code)),
		RetryAfter: wait(resp, c.Now()),
	}
}

// redacted stands in place of a secret.
const redacted = "[redacted]"

var (
	// tokenLike is a JSON Web Token, whole or cut off.
	tokenLike = regexp.MustCompile(`eyJ[\w-]{5,}(?:\.[\w-]*){1,4}`)
	// secretMember is what a form or JSON calls a secret.
	secretMember = regexp.MustCompile(`((?:\w*secret|\w*token|password)(?:=|\\?"\s*:\s*\\?"))[^\s&"'\\,;]+`)
)

// withoutToken returns a text of the server's without the token that it was sent, and
// without what looks like a secret.
func (c *Client) withoutToken(text string) string {
	if c.Token != "" {
		text = strings.ReplaceAll(text, string(c.Token), redacted)
	}
	text = tokenLike.ReplaceAllString(text, redacted)
	return secretMember.ReplaceAllString(text, "${1}"+redacted)
}

// short cuts a text that is clean.
func short(text string) string {
	if len(text) <= mostMessage {
		return text
	}
	return strings.ToValidUTF8(text[:mostMessage], "") + "…"
}

// mostMessage bounds what is kept of a message, in bytes.
const mostMessage = 1000

// wait returns how long a throttled client is to wait: Retry-After, else until the second
// that X-RateLimit-Reset names, by the server's clock where it tells the time.
func wait(resp *http.Response, now time.Time) time.Duration {
	if resp.StatusCode != http.StatusTooManyRequests {
		return 0
	}
	if asked := retry.After(resp.Header, now); asked > 0 {
		return asked
	}
	reset, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = date
	}
	return max(time.Second, time.Unix(reset, 0).Sub(now)) // it counts whole seconds
}
