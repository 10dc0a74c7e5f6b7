package appsync

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/signature"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// authorizer holds the modes that are on.
type authorizer struct {
	oidc      *oidcMode
	cognito   *oidcMode
	keys      []redact.Secret
	iam       *signature.Verifier
	lambda    redact.Secret
	strictRaw bool
	fault     func(name, operation string) bool
}

func newAuthorizer(config Config) (authorizer, error) {
	a := authorizer{keys: config.APIKeys, lambda: config.LambdaToken, strictRaw: config.StrictRaw, fault: config.Fault}
	several := false
	if config.IAM != nil {
		a.iam = &signature.Verifier{Key: *config.IAM, Service: "appsync", Now: config.Now}
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
func (a authorizer) authorize(ctx context.Context, r signature.Request) (Mode, *refusal) {
	if a.fault(FaultOpen, "") {
		return ModeOpenID, nil
	}
	authorization := strings.TrimSpace(r.Header.Get("Authorization"))
	key := r.Header.Get("x-api-key")
	token, bearer := cutBearer(authorization)
	switch {
	case strings.HasPrefix(authorization, signature.Prefix):
		if a.iam == nil {
			return ModeIAM, notAllowed()
		}
		return ModeIAM, a.authorizeSignature(ctx, r)
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

// authorizeSignature words what is wrong with a signature as AppSync does.
func (a authorizer) authorizeSignature(ctx context.Context, r signature.Request) *refusal {
	_, wrong := a.iam.Verify(ctx, r)
	switch {
	case wrong == nil:
		return nil
	case wrong.Type == signature.Missing:
		return unauthorized("Authorization header requires 'Credential' parameter, 'Signature' parameter and 'SignedHeaders' parameter.")
	case wrong.Type == signature.UnknownKey:
		return unauthorized("Permission denied")
	}
	return unauthorized(wrong.Message)
}

func notAllowed() *refusal { return unauthorized("You are not authorized to make this call.") }

// same compares without telling by its time where the texts differ.
func same(given string, secret redact.Secret) bool {
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

// oidcMode is OPENID_CONNECT, and AMAZON_COGNITO_USER_POOLS, which differs only in
// who the issuer is (AppSync developer guide, "Authorization and authentication").
type oidcMode struct {
	issuer          string
	clientID        *regexp.Regexp // nil is all
	iatTTL, authTTL time.Duration
	checkIssuer     bool
	keys            *keySet
	now             func() time.Time
	fault           func(name, operation string) bool
}

// claims are those that AppSync looks at.
type claims struct {
	jwt.Claims
	AuthorizedParty string           `json:"azp"`
	AuthTime        *jwt.NumericDate `json:"auth_time"`
}

// algorithms are AppSync's without the symmetric ones: a published key set has no
// shared secret in it.
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512,
	}
}

func (m *oidcMode) authorize(ctx context.Context, token string) *refusal {
	parsed, err := jwt.ParseSigned(token, algorithms())
	if err != nil {
		return unauthorized("Unable to parse JWT token.")
	}
	// A token that parses and proves nothing is, to AppSync, no authorization at all.
	invalid := unauthorized("Valid authorization header not provided.")
	key, err := m.keys.find(ctx, parsed.Headers[0].KeyID)
	if err != nil {
		return invalid
	}
	var c claims
	if m.fault(FaultUnverified, "") {
		err = parsed.UnsafeClaimsWithoutVerification(&c)
	} else {
		err = parsed.Claims(key, &c)
	}
	if err != nil {
		return invalid
	}
	if m.checkIssuer && !sameIssuer(c.Issuer, m.issuer) {
		return invalid
	}
	now := m.now()
	switch {
	case (c.Expiry == nil || !now.Before(c.Expiry.Time())) && !m.fault(FaultTimeless, ""):
		return unauthorized("Token has expired.")
	case c.NotBefore != nil && now.Before(c.NotBefore.Time()):
		return invalid
	case c.IssuedAt == nil:
		return unauthorized("Unauthorized")
	case m.iatTTL > 0 && !now.Before(c.IssuedAt.Time().Add(m.iatTTL)):
		return unauthorized("Token has expired.") // unconfirmed words
	case m.authTTL > 0 && c.AuthTime == nil: // Auth0's access tokens have none
		return unauthorized("Unauthorized")
	case m.authTTL > 0 && !now.Before(c.AuthTime.Time().Add(m.authTTL)):
		return unauthorized("Token has expired.") // unconfirmed words
	case !m.matchesClient(c):
		return unauthorized("Unauthorized")
	}
	return nil
}

func (m *oidcMode) matchesClient(c claims) bool {
	return m.clientID == nil || m.clientID.MatchString(c.AuthorizedParty) || slices.ContainsFunc(c.Audience, m.clientID.MatchString)
}

// sameIssuer allows for one trailing slash, as AppSync does (amplify-cli#6463).
func sameIssuer(a, b string) bool {
	return strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/")
}

// unverifiedIssuer says which mode a token is meant for, and nothing more.
func unverifiedIssuer(token string) string {
	parsed, err := jwt.ParseSigned(token, algorithms())
	if err != nil {
		return ""
	}
	var c jwt.Claims
	if err := parsed.UnsafeClaimsWithoutVerification(&c); err != nil {
		return ""
	}
	return c.Issuer
}

type modeKey struct{}

// withMode notes the mode by which a request came in, for the resolvers.
func withMode(ctx context.Context, m Mode) context.Context {
	return context.WithValue(ctx, modeKey{}, m)
}

func modeOf(ctx context.Context) Mode {
	m, _ := ctx.Value(modeKey{}).(Mode)
	return m
}

// guard says which root fields a mode may use. The directives of a field, or else
// those of its type, name the modes; without any it is the default mode alone
// (aws-appsync-community#361). Fields below the root are open to all.
type guard struct {
	schema *ast.Schema
	only   Mode // empty opens the fields without directives to every mode
}

func (g guard) check(m Mode, parent, field string) error {
	definition := g.schema.Types[parent]
	open := g.only == "" || m == g.only
	for _, directives := range []ast.DirectiveList{definition.Directives, definition.Fields.ForName(field).Directives} {
		if named := modes(directives); len(named) > 0 {
			open = named[m.directive()]
		}
	}
	if open {
		return nil
	}
	return fieldDenied(field, parent)
}

func modes(directives ast.DirectiveList) map[string]bool {
	named := map[string]bool{}
	for _, m := range allModes() {
		if directives.ForName(m.directive()) != nil {
			named[m.directive()] = true
		}
	}
	return named
}
