// The device code grant: getting the code that a person confirms, and asking until the
// person has answered. What a server says of times and addresses is brought within sane
// bounds here. Asking too soon makes Auth0 lengthen the interval, and giving up at the
// first lost connection makes the person begin again; both are the field's common faults.

package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/retry"
)

const (
	defaultInterval   = 5 * time.Second // RFC 8628, section 3.2
	defaultDeviceLife = 15 * time.Minute
	maxDeviceLife     = 30 * time.Minute
)

// A DeviceCode is a login that waits for a person (RFC 8628, section 3.2).
type DeviceCode struct {
	Code     Secret // what PollDevice trades for the token
	UserCode string // what the person types at VerificationURI

	VerificationURI         string // https, or http on a loopback host
	VerificationURIComplete string // with the user code in it; empty if the provider has none

	Expiry   time.Time     // 15 minutes from now if the provider does not say, at most 30
	Interval time.Duration // between polls, at least 1 s
}

// DeviceCode begins a login on another device (RFC 8628, section 3.1). The
// audience goes with this request: the later ones cannot change it.
func (c *Client) DeviceCode(ctx context.Context, p Parameters) (*DeviceCode, error) {
	endpoint := c.Provider.DeviceAuthorizationEndpoint
	if endpoint == "" {
		return nil, &UnsupportedError{Issuer: c.Provider.Issuer, Feature: "the device code grant"}
	}
	a, err := c.post(ctx, endpoint, p.form())
	if err != nil {
		return nil, err
	}
	return decodeDeviceCode(a)
}

func decodeDeviceCode(a *answer) (*DeviceCode, error) {
	unusable := func(problem string) (*DeviceCode, error) {
		return nil, &AnswerError{Endpoint: place(a.endpoint), Problem: problem}
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(a.body, &body); err != nil {
		return unusable("it is not a JSON object of at most 1 MiB")
	}
	if text(body["error"]) != "" {
		return nil, newError(a)
	}
	code := &DeviceCode{
		Code:                    Secret(text(body["device_code"])),
		UserCode:                text(body["user_code"]),
		VerificationURI:         text(body["verification_uri"]),
		VerificationURIComplete: text(body["verification_uri_complete"]),
		Interval:                seconds(body["interval"]),
	}
	if code.VerificationURI == "" {
		code.VerificationURI = text(body["verification_url"]) // before the RFC, still Google's
	}
	// The addresses are opened in a browser, which obeys other schemes too.
	switch {
	case code.Code == "" || code.UserCode == "" || code.VerificationURI == "":
		return unusable("it has no device code, user code or verification URI")
	case !browsable(code.VerificationURI):
		return unusable("its verification URI is not https")
	case !browsable(code.VerificationURIComplete):
		code.VerificationURIComplete = ""
	}
	if code.Interval == 0 {
		code.Interval = defaultInterval
	}
	code.Interval = max(code.Interval, time.Second)
	life := seconds(body["expires_in"])
	if life == 0 {
		life = defaultDeviceLife
	}
	code.Expiry = a.started.Add(min(life, maxDeviceLife))
	return code, nil
}

func browsable(address string) bool {
	u, err := url.Parse(address)
	return err == nil && insecure(u) == ""
}

// A DeviceExpiredError says that nobody confirmed a device code in time. Err is
// what kept the last poll from an answer, or nil if it was answered.
type DeviceExpiredError struct{ Err error }

func (e *DeviceExpiredError) Error() string {
	const message = "the code expired before it was confirmed"
	if e.Err != nil {
		return message + "; last, " + e.Err.Error()
	}
	return message
}

func (e *DeviceExpiredError) Unwrap() error { return e.Err }

// Kind implements the interface of failure.Of.
func (*DeviceExpiredError) Kind() failure.Kind { return failure.Login }

// A DeviceDeniedError says that the person, or a rule of the provider's, refused the
// login. Err is the provider's answer, which may say why.
type DeviceDeniedError struct{ Err *Error }

func (e *DeviceDeniedError) Error() string {
	if e.Err.Description == "" {
		return "the login was denied"
	}
	return "the login was denied: " + e.Err.Description
}

func (e *DeviceDeniedError) Unwrap() error { return e.Err }

// PollDevice asks for the token of code until a person has confirmed or denied it
// (RFC 8628, sections 3.4 and 3.5). A denial is a *DeviceDeniedError, the end of
// time a *DeviceExpiredError, the end of ctx its cause.
// Lost connections, 5xx and throttling are survived until the code expires, at
// growing intervals; other refusals are not.
func (c *Client) PollDevice(ctx context.Context, code *DeviceCode) (*oauth2.Token, error) {
	pace := newPace(code.Interval)
	for {
		// The wait begins here, after the last answer: Auth0 counts from its answer,
		// and a ticker would poll at once after a slow one.
		wait := pace.next()
		left := time.Until(code.Expiry)
		last := left <= wait
		if err := retry.Wait(ctx, min(wait, left)); err != nil {
			return nil, err
		}
		token, err := c.requestToken(ctx, url.Values{
			"grant_type":  {"urn:ietf:params:oauth:grant-type:device_code"},
			"device_code": {string(code.Code)},
		})
		if err == nil {
			return token, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		outcome := pace.answered(err)
		switch {
		case expired(err, last):
			return nil, &DeviceExpiredError{}
		case outcome == final:
			return nil, denied(err)
		case last && outcome == trouble:
			return nil, &DeviceExpiredError{Err: err}
		case last:
			return nil, &DeviceExpiredError{}
		case outcome == trouble:
			c.notify(Notice{Reason: Retrying, Wait: pace.next(), Err: err})
		case pace.tooFast:
			c.notify(Notice{Reason: TooFast, Wait: pace.next(), Err: err})
		}
	}
}

// expired says whether the provider called the code expired. Auth0 does so once and
// calls it an invalid grant from then on.
func expired(err error, last bool) bool {
	refusal, ok := errors.AsType[*Error](err)
	return ok && (refusal.Code == ExpiredToken || last && refusal.Code == InvalidGrant)
}

// denied wraps err if it is a denial.
func denied(err error) error {
	if refusal, ok := errors.AsType[*Error](err); ok && refusal.Code == AccessDenied {
		return &DeviceDeniedError{Err: refusal}
	}
	return err
}

const (
	slowDownStep     = 5 * time.Second // RFC 8628, section 3.5
	tooManySlowDowns = 3
	longestBackOff   = time.Minute
)

// A pace says how long to wait between polls.
type pace struct {
	interval  time.Duration // what the provider asks for
	faults    int           // polls without an answer, in a row
	asked     time.Duration // Retry-After of the last answer
	slowDowns int
	tooFast   bool // the last answer was one slow_down too many
}

func newPace(interval time.Duration) *pace {
	return &pace{interval: max(interval, time.Second)}
}

// next returns the wait before the next poll. It is a fifth and at least a second
// over the interval, as the clocks of virtual machines run fast by some percent
// and a poll that comes too soon costs five seconds. After faults it doubles.
func (p *pace) next() time.Duration {
	wait := max(p.interval*6/5, p.interval+time.Second)
	backoff := retry.Backoff{First: wait, Factor: 2, Cap: max(wait, longestBackOff)}
	return max(backoff.Wait(p.faults+1), p.asked)
}

// An outcome is what a failed poll means for the login.
type outcome int

const (
	final   outcome = iota // it has failed
	waiting                // nobody has confirmed it yet
	trouble                // there was no answer about it
)

// answered takes notice of how a poll failed.
func (p *pace) answered(err error) outcome {
	p.asked, p.tooFast = 0, false
	if _, ok := errors.AsType[*TransportError](err); ok {
		p.faults++
		return trouble
	}
	refusal, ok := errors.AsType[*Error](err)
	if !ok {
		return final
	}
	p.asked = refusal.RetryAfter
	switch {
	case refusal.Status >= http.StatusInternalServerError:
		p.faults++
		return trouble
	case refusal.Code == AuthorizationPending:
		p.faults = 0
		return waiting
	case refusal.Code == SlowDown:
		p.faults = 0
		p.slowDowns++
		p.tooFast = p.slowDowns == tooManySlowDowns
		p.interval = max(p.interval+slowDownStep, refusal.interval)
		return waiting
	case refusal.Status == http.StatusTooManyRequests:
		p.faults++
		return trouble
	}
	return final
}
