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

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// An Authorization is a login that waits for a browser to come back (RFC 6749,
// section 4.1, with PKCE by RFC 7636). It is for one login only.
type Authorization struct {
	URL         string // where to send the browser
	RedirectURI string // where it comes back to
	State       string // what it must bring back
	Nonce       string // what the ID token must repeat
	Verifier    Secret // proves that the code was asked for by us

	client *Client
	openID bool // an ID token was asked for, so one must come
}

// ErrState says that a browser brought an answer to some other login. A listener
// best goes on waiting: any page can send a browser to it.
var ErrState = errors.New("the answer belongs to another login: its state differs")

// NewAuthorization begins a login of c's in a browser, which ends at redirectURI: on
// a machine of one's own, http://127.0.0.1 with a port (RFC 8252, section 7.3). No
// request is sent.
func NewAuthorization(c *Client, p Parameters, redirectURI string) (*Authorization, error) {
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
		client:      c,
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
	if issuer := query.Get("iss"); issuer != "" && issuer != a.client.Provider.Issuer {
		return "", &IssuerMismatchError{Expected: a.client.Provider.Issuer, Found: issuer}
	}
	endpoint := place(a.client.Provider.AuthorizationEndpoint)
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
		return "", &AnswerError{Endpoint: place(a.client.Provider.AuthorizationEndpoint), Problem: "it is not the address that the browser came back to"}
	}
	return a.Code(u.Query())
}

// Exchange trades code for the token, once: a code works once. If the scope
// openid was asked for, the ID token is checked too; the provider's keys for that
// are fetched first, so that no code is lost over them.
func (a *Authorization) Exchange(ctx context.Context, code string) (*oauth2.Token, error) {
	var keys *KeySet
	if a.openID {
		var err error
		if keys, err = FetchKeys(ctx, a.client.HTTP, a.client.Provider); err != nil {
			return nil, err
		}
	}
	token, err := a.client.requestToken(ctx, url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code},
		"code_verifier": {string(a.Verifier)},
		"redirect_uri":  {a.RedirectURI},
	})
	if err != nil {
		return nil, err
	}
	if a.openID {
		if err := a.checkIDToken(ctx, keys, token); err != nil {
			return nil, err
		}
	}
	return token, nil
}

// checkIDToken checks the ID token beside token: it ties the answer to the request,
// while the access token is for AppSync to check (OpenID Connect Core 1.0, section
// 3.1.3.7): signature, issuer, audience and expiry with go-oidc, then the nonce,
// the authorized party and the hash of the access token.
func (a *Authorization) checkIDToken(ctx context.Context, keys *KeySet, token *oauth2.Token) error {
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return unbelieved("there is none")
	}
	public := &oidc.StaticKeySet{PublicKeys: keys.public()}
	verifier := oidc.NewVerifier(a.client.Provider.Issuer, public, &oidc.Config{
		ClientID: a.client.ID,
		// A provider may list HS256 and none; the public keys refuse both.
		SupportedSigningAlgs: a.client.Provider.IDTokenAlgorithms,
	})
	idToken, err := verifier.Verify(ctx, raw)
	if err != nil {
		return unbelieved(err.Error())
	}
	if subtle.ConstantTimeCompare([]byte(idToken.Nonce), []byte(a.Nonce)) == 0 {
		return unbelieved("its nonce is of another login")
	}
	claims, err := ParseClaims(raw)
	if err != nil {
		return unbelieved(err.Error())
	}
	if claims.ClientID != "" && claims.ClientID != a.client.ID {
		return unbelieved("it was issued to another client")
	}
	if idToken.AccessTokenHash != "" {
		if err := idToken.VerifyAccessToken(token.AccessToken); err != nil {
			return unbelieved("it belongs to another access token")
		}
	}
	return nil
}

// unbelieved says why the ID token of a login was not believed. The login has failed,
// since its answer may be another login's.
func unbelieved(reason string) error {
	return failure.Errorf(failure.Login, "the ID token is not believed: %s", short(reason))
}
