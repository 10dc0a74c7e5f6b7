package tokencache

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/redact"
)

const entryVersion = 1

// An Entry is a token at rest. It prints as [redacted].
type Entry struct {
	AccessToken  string
	RefreshToken string // empty when the provider gave none
	TokenType    string // as the provider said it, mostly "Bearer"
	Scope        string // granted scopes, separated by blanks
	Obtained     time.Time
	Expiry       time.Time // zero when unknown
}

// record is the stored form. The ID token is not in it: no command needs it
// later, and it would double the size.
type record struct {
	Version      int       `json:"v"`
	AccessToken  string    `json:"at"`
	RefreshToken string    `json:"rt,omitempty"`
	TokenType    string    `json:"typ,omitempty"`
	Scope        string    `json:"scope,omitempty"`
	Obtained     time.Time `json:"iat"`
	Expiry       time.Time `json:"exp,omitzero"`
}

// NewEntry makes the entry of a token that was obtained now.
func NewEntry(token *oauth2.Token, now time.Time) Entry {
	scope, _ := token.Extra("scope").(string)
	return Entry{
		AccessToken:  token.AccessToken,
		RefreshToken: token.RefreshToken,
		TokenType:    token.TokenType,
		Scope:        scope,
		Obtained:     now.UTC().Truncate(time.Second),
		Expiry:       token.Expiry.UTC().Truncate(time.Second),
	}
}

// Valid reports whether the access token can be used for remaining more at now.
// A token whose expiry is unknown is never valid: nobody could tell when to
// renew it.
func (e Entry) Valid(now time.Time, remaining time.Duration) bool {
	// More than nine tenths of its life is asked of no token: it would be renewed
	// at every call.
	remaining = min(remaining, e.Expiry.Sub(e.Obtained)*9/10)
	return e.AccessToken != "" && !e.Expiry.IsZero() && now.Add(max(remaining, e.margin())).Before(e.Expiry)
}

// margin is how long before its expiry a token is renewed: a minute, for clocks
// that differ and requests that take long, but at most a tenth of its life.
func (e Entry) margin() time.Duration {
	return min(time.Minute, e.Expiry.Sub(e.Obtained)/10)
}

// Encode returns the bytes to store.
func (e Entry) Encode() ([]byte, error) {
	return json.Marshal(record{
		Version:      entryVersion,
		AccessToken:  e.AccessToken,
		RefreshToken: e.RefreshToken,
		TokenType:    e.TokenType,
		Scope:        e.Scope,
		Obtained:     e.Obtained,
		Expiry:       e.Expiry,
	})
}

// DecodeEntry reads what Encode wrote. Its errors never quote the data.
func DecodeEntry(data []byte) (Entry, error) {
	var stored record
	if err := json.Unmarshal(data, &stored); err != nil {
		return Entry{}, errors.New("stored token is damaged")
	}
	if stored.Version != entryVersion {
		return Entry{}, fmt.Errorf("stored token has version %d, this program reads %d", stored.Version, entryVersion)
	}
	if stored.AccessToken == "" && stored.RefreshToken == "" {
		return Entry{}, errors.New("stored token is empty")
	}
	return Entry{
		AccessToken:  stored.AccessToken,
		RefreshToken: stored.RefreshToken,
		TokenType:    stored.TokenType,
		Scope:        stored.Scope,
		Obtained:     stored.Obtained,
		Expiry:       stored.Expiry,
	}, nil
}

func (Entry) String() string       { return redact.Redacted }
func (Entry) GoString() string     { return redact.Redacted }
func (Entry) LogValue() slog.Value { return slog.StringValue(redact.Redacted) }
