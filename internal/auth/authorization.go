// The authorization code grant with PKCE: for people at a machine with a browser,
// where a tenant has no device codes, as Auth0 has none with Organizations.

package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"maps"
	"net/url"
	"slices"

	"golang.org/x/oauth2"
)

// An Authorization is a login that waits for a browser to come back (RFC 6749,
// section 4.1, with PKCE by RFC 7636). It is for one login only.
type Authorization struct {
	URL         string // where to send the browser
	RedirectURI string // where it comes back to
	State       string // what it must bring back
	Nonce       string // what the ID token must repeat
	Verifier    Secret // proves that the code was asked for by us

	provider *Provider
	openID   bool // an ID token was asked for, so one must come
}

// ErrState says that a browser brought an answer to some other login. A listener
// best goes on waiting: any page can send a browser to it.
var ErrState = errors.New("the answer belongs to another login: its state differs")

// Authorize begins a login in a browser, which ends at redirectURI: on a machine
// of one's own, http://127.0.0.1 with a port (RFC 8252, section 7.3). No request is
// sent.
func (c *Client) Authorize(p Parameters, redirectURI string) (*Authorization, error) {
	if c.Provider.AuthorizationEndpoint == "" {
		return nil, &UnsupportedError{Issuer: c.Provider.Issuer, Feature: "the authorization code grant"}
	}
	if err := checkEndpoint(c.Provider.AuthorizationEndpoint); err != nil {
		return nil, err
	}
	u, err := url.Parse(c.Provider.AuthorizationEndpoint)
	if err != nil {
		return nil, &EndpointError{Reason: "it is not a URL"}
	}
	a := &Authorization{
		RedirectURI: redirectURI,
		State:       rand.Text(),
		Nonce:       rand.Text(),
		Verifier:    Secret(oauth2.GenerateVerifier()),
		provider:    c.Provider,
		openID:      slices.Contains(p.Scopes, "openid"),
	}
	query := u.Query() // the endpoint may have one, which must stay
	maps.Copy(query, p.form())
	query.Set("response_type", "code")
	query.Set("client_id", c.ID)
	query.Set("redirect_uri", redirectURI)
	query.Set("state", a.State)
	query.Set("code_challenge", oauth2.S256ChallengeFromVerifier(string(a.Verifier)))
	query.Set("code_challenge_method", "S256")
	if a.openID {
		query.Set("nonce", a.Nonce)
	}
	u.RawQuery = query.Encode()
	a.URL = u.String()
	return a, nil
}

// Code takes the code out of the query that the browser came back with. The error
// is ErrState, an *IssuerMismatchError if another provider sent the browser (RFC
// 9207), an *Error if the login failed, or an *AnswerError.
func (a *Authorization) Code(query url.Values) (string, error) {
	if subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(a.State)) == 0 {
		return "", ErrState
	}
	if issuer := query.Get("iss"); issuer != "" && issuer != a.provider.Issuer {
		return "", &IssuerMismatchError{Expected: a.provider.Issuer, Found: issuer}
	}
	endpoint := place(a.provider.AuthorizationEndpoint)
	if query.Get("error") != "" {
		refusal := &Error{Endpoint: endpoint, Code: query.Get("error"), Description: query.Get("error_description")}
		refusal.clean(nil)
		return "", refusal
	}
	code := query.Get("code")
	if code == "" {
		return "", &AnswerError{Endpoint: endpoint, Problem: "it has no code"}
	}
	return code, nil
}

// CodeFromURL is Code for the whole address that the browser came back to, as a
// person copies it from there.
func (a *Authorization) CodeFromURL(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.RawQuery == "" {
		return "", &AnswerError{Endpoint: place(a.provider.AuthorizationEndpoint), Problem: "it is not the address that the browser came back to"}
	}
	return a.Code(u.Query())
}

// Exchange trades code for the token, once: a code works once. If the scope
// openid was asked for, the ID token is checked too; the provider's keys for that
// are fetched first, so that no code is lost over them. An ID token that fails is
// an *IDTokenError.
func (c *Client) Exchange(ctx context.Context, a *Authorization, code string) (*oauth2.Token, error) {
	var check func(*oauth2.Token) error
	if a.openID {
		keys, err := c.keys(ctx)
		if err != nil {
			return nil, err
		}
		check = func(token *oauth2.Token) error { return c.checkIDToken(ctx, keys, token, a.Nonce) }
	}
	token, err := c.requestToken(ctx, url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code},
		"code_verifier": {string(a.Verifier)},
		"redirect_uri":  {a.RedirectURI},
	})
	if err != nil {
		return nil, err
	}
	if check != nil {
		if err := check(token); err != nil {
			return nil, err
		}
	}
	return token, nil
}
