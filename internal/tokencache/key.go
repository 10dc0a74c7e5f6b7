package tokencache

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// A Key names what a token was issued for. Two profiles with equal keys share
// one token: providers count and bill tokens for machines.
type Key struct {
	Grant        string
	Issuer       string // canonical URL
	ClientID     string
	Audience     string
	Organization string
	Scopes       []string // in any order
}

// Token returns the name under which the token of k is stored: a versioned
// hash, so that a change of what goes into it never finds a wrong token.
func (k Key) Token() string {
	scopes := slices.Compact(slices.Sorted(slices.Values(k.Scopes)))
	return hash("token v1", k.Grant, k.issuer(), k.ClientID, k.Audience, k.Organization, strings.Join(scopes, " "))
}

// Secret returns the name under which the client's own secret is stored. The
// secret belongs to the client, whatever audience or scopes it asks for.
func (k Key) Secret() string {
	return hash("secret v1", k.issuer(), k.ClientID)
}

// APIKey returns the name under which the API key for an endpoint is stored.
func APIKey(endpoint string) string { return hash("api key v1", endpoint) }

// issuer is compared without its trailing slash, as people type it both ways.
// An audience is not: there the slash matters.
func (k Key) issuer() string { return strings.TrimSuffix(k.Issuer, "/") }

// hash joins the fields with a byte that none of them can hold.
func hash(fields ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(fields, "\x00")))
	return hex.EncodeToString(sum[:])
}
