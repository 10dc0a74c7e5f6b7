package appsync

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// credentials are what a caller shows: the headers, and the request that an IAM
// signature covers.
type credentials struct {
	header http.Header
	host   string
	method string
	url    *url.URL
	body   []byte
}

// authorizer holds the modes that are on.
type authorizer struct {
	oidc      *oidcMode
	cognito   *oidcMode
	keys      []Secret
	iam       *iamMode
	lambda    Secret
	strictRaw bool
	fault     func(name, operation string) bool
}

func newAuthorizer(config Config) (authorizer, error) {
	a := authorizer{keys: config.APIKeys, lambda: config.LambdaToken, strictRaw: config.StrictRaw, fault: config.Fault}
	several := false
	if config.IAM != nil {
		a.iam = newIAMMode(*config.IAM, config.Now)
		several = true
	}
	several = several || len(a.keys) > 0 || a.lambda != "" || config.CognitoIssuer != ""
	if config.Issuer != "" {
		pattern, err := clientPattern(config.ClientID)
		if err != nil {
			return a, fmt.Errorf("client id: %w", err)
		}
		a.oidc = &oidcMode{
			issuer: config.Issuer, clientID: pattern,
			iatTTL: config.IatTTL, authTTL: config.AuthTTL,
			checkIssuer: config.CheckIssuer || several,
			keys:        &keySet{issuer: config.Issuer, client: config.HTTP, now: config.Now},
			now:         config.Now,
			fault:       config.Fault,
		}
	}
	if config.CognitoIssuer != "" {
		a.cognito = &oidcMode{
			issuer: config.CognitoIssuer, checkIssuer: true,
			keys: &keySet{issuer: config.CognitoIssuer, client: config.HTTP, now: config.Now},
			now:  config.Now, fault: config.Fault,
		}
	}
	return a, nil
}

// clientPattern anchors the expression: AppSync's own example is 'ABCD|CDEF', whole
// client ids. "*", which is no expression, is its way to say all.
func clientPattern(expression string) (*regexp.Regexp, error) {
	if expression == "" || expression == "*" {
		return nil, nil
	}
	return regexp.Compile("^(?:" + expression + ")$")
}

// authorize picks the mode from the shape of the headers, as AppSync does: a
// signature is IAM's, a Bearer or a JWT OpenID's or Cognito's and never the
// function's, a key the key's, anything else the function's.
func (a authorizer) authorize(ctx context.Context, c credentials) (Mode, *refusal) {
	if a.fault(FaultOpen, "") {
		return ModeOpenID, nil
	}
	authorization := strings.TrimSpace(c.header.Get("Authorization"))
	key := c.header.Get("x-api-key")
	token, bearer := cutBearer(authorization)
	switch {
	case strings.HasPrefix(authorization, signaturePrefix):
		if a.iam == nil {
			return ModeIAM, notAllowed()
		}
		return ModeIAM, a.iam.authorize(ctx, c)
	case authorization == "" && key != "":
		return ModeAPIKey, a.authorizeKey(key)
	case authorization == "":
		return "", unauthorized("Valid authorization header not provided.")
	case !bearer && !looksLikeJWT(token) && a.lambda != "":
		if !same(token, a.lambda) {
			return ModeLambda, notAllowed()
		}
		return ModeLambda, nil
	case bearer && a.strictRaw:
		return ModeOpenID, unauthorized("Unable to parse JWT token.")
	}
	mode, provider := ModeOpenID, a.oidc
	if a.cognito != nil && (provider == nil || sameIssuer(unverifiedIssuer(token), a.cognito.issuer)) {
		mode, provider = ModeCognito, a.cognito
	}
	if provider == nil {
		return mode, notAllowed()
	}
	return mode, provider.authorize(ctx, token)
}

func (a authorizer) authorizeKey(given string) *refusal {
	for _, key := range a.keys {
		if same(given, key) {
			return nil
		}
	}
	return notAllowed()
}

func notAllowed() *refusal { return unauthorized("You are not authorized to make this call.") }

// same compares without telling by its time where the texts differ.
func same(given string, secret Secret) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func cutBearer(authorization string) (string, bool) {
	const prefix = "bearer "
	if len(authorization) > len(prefix) && strings.EqualFold(authorization[:len(prefix)], prefix) {
		return strings.TrimSpace(authorization[len(prefix):]), true
	}
	return authorization, false
}

func looksLikeJWT(token string) bool {
	return strings.Count(token, ".") == 2 && strings.HasPrefix(token, "eyJ")
}
