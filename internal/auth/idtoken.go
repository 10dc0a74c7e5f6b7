// The check of the ID token that ends a login in a browser: it ties the answer to
// the request. The access token is for AppSync to check.

package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
)

// An IDTokenError says why the ID token of a login was not believed. The login has
// failed, since its answer may be another login's.
type IDTokenError struct{ Err error }

func (e *IDTokenError) Error() string {
	return "the ID token is not believed: " + short(e.Err.Error())
}

// Unwrap returns what was wrong with it.
func (e *IDTokenError) Unwrap() error { return e.Err }

// keys fetches the provider's public keys. They are fetched here and not by
// go-oidc, which makes text of a network error.
func (c *Client) keys(ctx context.Context) (*oidc.StaticKeySet, error) {
	address := c.Provider.JWKSURI
	if address == "" {
		return nil, &UnsupportedError{Issuer: c.Provider.Issuer, Feature: "keys to check an ID token"}
	}
	if err := checkEndpoint(address); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &EndpointError{Reason: "it is not a URL"}
	}
	a, err := roundTrip(c.HTTP, req)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, newError(a)
	}
	var published struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(a.body, &published); err != nil {
		return nil, &AnswerError{Endpoint: place(address), Problem: "it is not a set of keys"}
	}
	keys := new(oidc.StaticKeySet)
	for _, encoded := range published.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(encoded, &key) != nil || !key.Valid() || key.Use == "enc" {
			continue // of a kind that came later, or not for signatures
		}
		switch key.Key.(type) {
		case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
			keys.PublicKeys = append(keys.PublicKeys, key.Key)
		}
	}
	return keys, nil
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
