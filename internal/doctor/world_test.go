// A provider and an API without a network, and tokens in all shapes: what the checks
// of tokens are tried on.

package doctor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

const (
	tokenIssuer   = "https://tenant.eu.auth0.com/"
	tokenEndpoint = "https://abcdefghij.appsync-api.eu-central-1.amazonaws.com/graphql"
	tokenAudience = "https://customers.example.com"
	tokenClient   = "machine"
)

// tokenTime is when the tokens of the tests are looked at.
func tokenTime() time.Time { return time.Date(2026, 5, 6, 7, 8, 0, 0, time.UTC) }

// tokenWorld is everything outside of a set-up that has to do with its token. It is
// the transport to all of it.
type tokenWorld struct {
	t             *testing.T
	issuer        string // what the provider calls itself
	key           *ecdsa.PrivateKey
	kid           string // under which the provider publishes key
	keys          string // what it publishes instead; empty for key
	before        string // what it publishes when it is first asked; empty for the same
	down, busy    bool   // it gives no answer, or 503
	apiClock      time.Duration
	providerClock time.Duration
}

func newTokenWorld(t *testing.T) *tokenWorld {
	t.Helper()
	return &tokenWorld{t: t, issuer: tokenIssuer, key: newSigningKey(t), kid: "key-1"}
}

func newSigningKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// RoundTrip implements http.RoundTripper.
func (w *tokenWorld) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	if w.down && req.URL.String() != tokenEndpoint {
		return nil, errors.New("connection reset by peer")
	}
	status, clock, body := http.StatusOK, w.providerClock, any(nil)
	switch {
	case req.URL.String() == tokenEndpoint && req.Header.Get("Authorization") == "":
		status, clock = http.StatusUnauthorized, w.apiClock
		body = map[string]any{"errors": []map[string]string{{"errorType": "UnauthorizedException", "message": "Valid authorization header not provided."}}}
	case req.URL.String() == tokenEndpoint:
		clock, body = w.apiClock, map[string]any{"data": map[string]string{"__typename": "Query"}}
	case w.busy:
		status, body = http.StatusServiceUnavailable, "busy"
	case strings.HasSuffix(req.URL.Path, "/.well-known/openid-configuration"):
		body = map[string]any{
			"issuer": w.issuer, "token_endpoint": tokenIssuer + "oauth/token", "device_authorization_endpoint": tokenIssuer + "oauth/device/code",
			"jwks_uri":                              tokenIssuer + ".well-known/jwks.json",
			"grant_types_supported":                 []string{"client_credentials", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"},
			"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt"},
		}
	case strings.HasSuffix(req.URL.Path, "/jwks.json") && w.before != "":
		body, w.before = json.RawMessage(w.before), ""
	case strings.HasSuffix(req.URL.Path, "/jwks.json") && w.keys != "":
		body = json.RawMessage(w.keys)
	case strings.HasSuffix(req.URL.Path, "/jwks.json"):
		body = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: w.key.Public(), KeyID: w.kid, Algorithm: "ES256", Use: "sig"}}}
	default:
		status = http.StatusNotFound
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Date": {tokenTime().Add(clock).Format(http.TimeFormat)}, "Content-Type": {"application/json"}}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(string(encoded))), Request: req}, nil
}

// soundClaims are those of an access token of Auth0's for a machine.
func soundClaims() map[string]any {
	return map[string]any{
		"iss": tokenIssuer, "sub": tokenClient + "@clients", "aud": tokenAudience, "azp": tokenClient, "gty": "client-credentials",
		"iat": tokenTime().Add(-time.Hour).Unix(), "exp": tokenTime().Add(23 * time.Hour).Unix(), "scope": "read:customers",
	}
}

// with returns claims in which some are others; those that are nil are gone.
func with(claims map[string]any, others map[string]any) map[string]any {
	maps.Copy(claims, others)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

// sign makes a token of claims, by the provider's key if key is nil.
func (w *tokenWorld) sign(claims any, algorithm jose.SignatureAlgorithm, key any, header map[jose.HeaderKey]any) string {
	w.t.Helper()
	if key == nil {
		key = w.key
	}
	options := &jose.SignerOptions{ExtraHeaders: header}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		w.t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// token makes a sound token but for others.
func (w *tokenWorld) token(others map[string]any) string {
	w.t.Helper()
	return w.sign(with(soundClaims(), others), jose.ES256, nil, map[jose.HeaderKey]any{"kid": w.kid, "typ": "JWT"})
}

// subject is a set-up in this world whose token is what token returns. settings are
// by name, in addition to those of a sound set-up; empty ones are not set.
func (w *tokenWorld) subject(settings map[string]string, token func(context.Context) (string, error)) *doctor.Subject {
	all := map[string]string{"endpoint": tokenEndpoint, "issuer": tokenIssuer, "client_id": tokenClient, "audience": tokenAudience, "client_secret": "[redacted]"}
	maps.Copy(all, settings)
	flags := []string{"profile", "endpoint", "issuer", "client-id", "client-secret", "client-secret-file", "secret-command", "client-key-file", "client-auth", "audience", "organization", "scopes", "token-store", "auth", "grant"}
	subject := &doctor.Subject{
		Profile: "staging", Needed: []string{"endpoint", "issuer", "client_id"}, Mode: "oidc", Grant: "client-credentials",
		Token: token, TokenFrom: func() string { return "the keyring" },
		Authorized: tokenSender{w}, Plain: w,
		Provider:   &http.Client{Transport: w},
		LookupHost: func(context.Context, string) ([]string, error) { return []string{"192.0.2.1"}, nil },
		Proxy:      func(*url.URL) (*url.URL, error) { return nil, nil },
		Now:        tokenTime,
	}
	for _, flag := range flags {
		name := strings.ReplaceAll(flag, "-", "_")
		setting := doctor.Setting{
			Name: name, Label: strings.ReplaceAll(flag, "-", " "), Flag: flag,
			Variable: "APPSYNCCTL_" + strings.ToUpper(name), Value: all[name], Source: "profile", Origin: "profile staging",
		}
		if flag == "client-secret" || flag == "secret-command" {
			setting.Flag = ""
		}
		if setting.Value == "" {
			setting.Source, setting.Origin = "unset", ""
		}
		subject.Settings = append(subject.Settings, setting)
	}
	return subject
}

// examineToken runs all checks on subject and returns what they found by id.
func examineToken(t *testing.T, subject *doctor.Subject) map[doctor.ID]doctor.Finding {
	t.Helper()
	found := make(map[doctor.ID]doctor.Finding)
	subject.Deadline = unhurried
	for _, finding := range doctor.Examine(t.Context(), subject, func(doctor.Finding) {}) {
		found[finding.ID] = finding
	}
	return found
}

// firstFinding returns the first finding of the catalogue, up to the tokens, that is not
// in order: "AUTH-008 failure: MESSAGE", and its fix. Both are empty if all is well.
func firstFinding(found map[doctor.ID]doctor.Finding) (text, fix string) {
	for _, check := range doctor.Catalogue() {
		finding := found[check.ID]
		switch finding.Result {
		case doctor.Failure, doctor.Warning, doctor.Unknown:
			if check.Category != doctor.API {
				return fmt.Sprintf("%s %s: %s", check.ID, finding.Result, finding.Message), finding.Fix
			}
		}
	}
	return "", ""
}

// tokenSender sends what counts as a token here with each request.
type tokenSender struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (s tokenSender) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "token")
	return s.RoundTripper.RoundTrip(req)
}
