// Package auth gets tokens from an OpenID provider: discovery, the client
// credentials, device code, authorization code and refresh grants, revocation,
// and a look into the tokens that come back.
//
// A Client is one OAuth client at one Provider. Its methods send one request
// each, unless their comments say when they send another, and it chooses how to
// authenticate before the first: a wrong guess costs quota, hides the first
// error and burns codes that can be used once. Redirects are not followed, since
// they would carry secrets to another host, and no answer over 1 MiB is read.
//
// A Callback is the loopback address at which a browser ends a login on the same
// machine.
//
// Errors are for deciding: *Error is a refusal in the provider's words,
// *TransportError a request without an answer, and whether it was sent,
// *AnswerError an answer that makes no sense, *UnsupportedError a thing that the
// provider does not offer. None of them holds a token or a secret.
//
// golang.org/x/oauth2 gives the token type and PKCE, go-jose signs client
// assertions, and go-oidc checks ID tokens. The requests themselves are made
// here, because x/oauth2 probes authentication styles with extra requests, ends
// a device login at the first network error, and lets an access token without a
// lifetime live forever.
package auth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// A Client is one OAuth client at one provider. All its requests go through HTTP,
// which must not repeat them by itself: a refresh token or a code that is sent
// twice is taken for stolen.
type Client struct {
	HTTP           *http.Client
	Provider       *Provider
	ID             string
	Authentication Authentication // nil for a public client

	// Notice, if set, is told what a waiting person may want to know.
	Notice func(Notice)
}

// A Notice is something that a person who waits may want to know.
type Notice struct {
	Reason NoticeReason
	Wait   time.Duration // until the next request
	Err    error         // what happened
}

// A NoticeReason says what a Notice is about.
type NoticeReason int

const (
	// Retrying says that a request failed for now and is made again after Wait.
	Retrying NoticeReason = iota
	// TooFast says that the provider asked for slower polling three times, though
	// the interval was kept: this machine's clock may run fast, as those of
	// virtual machines do.
	TooFast
)

// Parameters say what a token is for. Zero fields are not sent.
type Parameters struct {
	Audience     string // the API's identifier, exactly; Auth0's parameter, ignored by most others
	Organization string // Auth0's organization, by id
	Scopes       []string
}

func (p Parameters) form() url.Values {
	form := url.Values{}
	for key, value := range map[string]string{
		"audience":     p.Audience,
		"organization": p.Organization,
		"scope":        strings.Join(p.Scopes, " "),
	} {
		if value != "" {
			form.Set(key, value)
		}
	}
	return form
}

// ClientCredentials gets a token for the client itself (RFC 6749, section 4.4).
// Only a request that did no harm is repeated: one that surely was not sent or
// was answered with a 5xx, twice more at most; one answered with 429 and a wait
// under a minute, once. Each repetition is told to c.Notice.
func (c *Client) ClientCredentials(ctx context.Context, p Parameters) (*oauth2.Token, error) {
	var r retries
	return retry.Policy[*oauth2.Token]{
		Attempts: 1 + maxFaults + 1, // after 429 once more
		Again:    func(_ *oauth2.Token, err error, _ time.Duration) (time.Duration, bool) { return r.next(ctx, err) },
		Notice: func(_ *oauth2.Token, err error, wait time.Duration) {
			c.notify(Notice{Reason: Retrying, Wait: wait, Err: err})
		},
	}.Do(ctx, func() (*oauth2.Token, error) {
		form := p.form()
		form.Set("grant_type", "client_credentials")
		return c.requestToken(ctx, form)
	})
}

const (
	maxFaults   = 2                      // repetitions after a failure
	firstWait   = 500 * time.Millisecond // before the first of them; doubles
	longestWait = time.Minute            // a longer Retry-After is not waited for
)

// retries decides when a request may be repeated that is harmless to repeat.
type retries struct {
	faults    int
	throttled bool
}

// next says whether to repeat the request that failed with err, and after how
// long. A wait that ctx does not allow is not begun.
func (r *retries) next(ctx context.Context, err error) (time.Duration, bool) {
	wait, again := r.decide(err)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
		return 0, false
	}
	return wait, again
}

func (r *retries) decide(err error) (time.Duration, bool) {
	var asked time.Duration // the wait that the provider asked for
	if refusal, ok := errors.AsType[*Error](err); ok {
		asked = refusal.RetryAfter
		if asked >= longestWait {
			return 0, false
		}
		if refusal.Status == http.StatusTooManyRequests {
			if r.throttled || asked == 0 {
				return 0, false
			}
			r.throttled = true
			return asked + retry.Jitter(firstWait), true
		}
		if refusal.Status < 500 {
			return 0, false
		}
	} else if lost, ok := errors.AsType[*TransportError](err); !ok || lost.Sent || hopeless(lost.Err) {
		return 0, false
	}
	if r.faults == maxFaults {
		return 0, false
	}
	r.faults++
	wait := max(asked, retry.Backoff{First: firstWait, Factor: 2}.Wait(r.faults))
	return wait + retry.Jitter(firstWait), true // runners that started at once do not come back at once
}

// Refresh trades a refresh token for a new token (RFC 6749, section 6). The
// result carries the old refresh token if the provider kept it.
//
// It sends exactly one request. After a *TransportError with Sent the refresh
// token may be used up, and sending it again may revoke the login; without Sent
// it is as good as before. InvalidGrant says that it is used up, unless another
// process got there first and holds its successor.
func (c *Client) Refresh(ctx context.Context, refreshToken string) (*oauth2.Token, error) {
	token, err := c.requestToken(ctx, url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {refreshToken},
	})
	if err != nil {
		return nil, err
	}
	if token.RefreshToken == "" {
		token.RefreshToken = refreshToken
	}
	return token, nil
}

// Revoke makes a refresh token, and whatever was issued with it, worthless (RFC
// 7009). A token that the provider does not know is no error. Access tokens that
// are JWTs stay valid until they expire.
func (c *Client) Revoke(ctx context.Context, refreshToken string) error {
	if c.Provider.RevocationEndpoint == "" {
		return &UnsupportedError{Issuer: c.Provider.Issuer, Feature: "revocation"}
	}
	_, err := c.post(ctx, c.Provider.RevocationEndpoint, url.Values{
		"token":           {refreshToken},
		"token_type_hint": {"refresh_token"},
	})
	return err
}

// requestToken sends form to the token endpoint, once.
func (c *Client) requestToken(ctx context.Context, form url.Values) (*oauth2.Token, error) {
	a, err := c.post(ctx, c.Provider.TokenEndpoint, form)
	if err != nil {
		return nil, err
	}
	return decodeToken(a)
}

// post sends form, with the client's authentication, to endpoint: once. The
// error is an *Error if the status is not 2xx, and a *TransportError if there is
// no answer.
func (c *Client) post(ctx context.Context, endpoint string, form url.Values) (*answer, error) {
	if err := checkEndpoint(endpoint); err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	if err := c.authenticate(form, header); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header = header
	a, err := roundTrip(c.HTTP, req)
	if lost, ok := errors.AsType[*TransportError](err); ok {
		lost.secrets = sent(req, form)
	}
	if err != nil {
		return nil, err
	}
	a.secrets = sent(req, form)
	if a.status/100 != 2 {
		return nil, newError(a)
	}
	return a, nil
}

func (c *Client) authenticate(form url.Values, header http.Header) error {
	if c.Authentication == nil {
		form.Set("client_id", c.ID)
		return nil
	}
	return c.Authentication.authenticate(c, form, header)
}

func (c *Client) notify(n Notice) {
	if c.Notice != nil {
		c.Notice(n)
	}
}
