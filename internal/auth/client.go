// The client, and the grants that take one request: client credentials, refresh and
// revocation.

package auth

import (
	"context"
	"net/http"
	"net/url"
	"strings"

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
	var policy retries
	for {
		form := p.form()
		form.Set("grant_type", "client_credentials")
		token, err := c.requestToken(ctx, form)
		if err == nil {
			return token, nil
		}
		wait, again := policy.next(ctx, err)
		if !again {
			return nil, err
		}
		c.notify(Notice{Reason: Retrying, Wait: wait, Err: err})
		if err := retry.Wait(ctx, wait); err != nil {
			return nil, err
		}
	}
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
