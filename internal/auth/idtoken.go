// The check of the ID token that ends a login in a browser: it ties the answer to
// the request. The access token is for AppSync to check.

package auth

import (
	"context"
	"crypto/subtle"
	"errors"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// An IDTokenError says why the ID token of a login was not believed. The login has
// failed, since its answer may be another login's.
type IDTokenError struct{ Err error }

func (e *IDTokenError) Error() string {
	return "the ID token is not believed: " + short(e.Err.Error())
}

// Unwrap returns what was wrong with it.
func (e *IDTokenError) Unwrap() error { return e.Err }

// Kind implements the interface of failure.Of.
func (*IDTokenError) Kind() failure.Kind { return failure.Login }

// keys fetches the provider's public keys, for go-oidc.
func (c *Client) keys(ctx context.Context) (*oidc.StaticKeySet, error) {
	set, err := FetchKeys(ctx, c.HTTP, c.Provider)
	if err != nil {
		return nil, err
	}
	return &oidc.StaticKeySet{PublicKeys: set.public()}, nil
}

// checkIDToken checks the ID token beside token (OpenID Connect Core 1.0, section
// 3.1.3.7): signature, issuer, audience and expiry with go-oidc, then the nonce,
// the authorized party and the hash of the access token.
func (c *Client) checkIDToken(ctx context.Context, keys oidc.KeySet, token *oauth2.Token, nonce string) error {
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return &IDTokenError{Err: errors.New("there is none")}
	}
	verifier := oidc.NewVerifier(c.Provider.Issuer, keys, &oidc.Config{
		ClientID: c.ID,
		// A provider may list HS256 and none; the public keys refuse both.
		SupportedSigningAlgs: c.Provider.IDTokenAlgorithms,
	})
	idToken, err := verifier.Verify(ctx, raw)
	if err != nil {
		return &IDTokenError{Err: err}
	}
	if subtle.ConstantTimeCompare([]byte(idToken.Nonce), []byte(nonce)) == 0 {
		return &IDTokenError{Err: errors.New("its nonce is of another login")}
	}
	claims, err := ParseClaims(raw)
	if err != nil {
		return &IDTokenError{Err: err}
	}
	if claims.ClientID != "" && claims.ClientID != c.ID {
		return &IDTokenError{Err: errors.New("it was issued to another client")}
	}
	if idToken.AccessTokenHash != "" {
		if err := idToken.VerifyAccessToken(token.AccessToken); err != nil {
			return &IDTokenError{Err: errors.New("it belongs to another access token")}
		}
	}
	return nil
}
