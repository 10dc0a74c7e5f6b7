// What to do about an API's configuration. aws appsync update-graphql-api is not among
// it: it takes away every setting that it is not told again.

package checkup

import (
	"fmt"
	"regexp"

	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
)

const noAuthTTL = "remove the authentication time (authTTL) from the API's OpenID Connect provider (AppSync console, Settings)"

// otherMode sets the mode that the API has, where that is known.
func (e *examination) otherMode() string {
	api := e.known().api
	if api == nil {
		return `aws appsync list-graphql-apis --query "graphqlApis[].[uris.GRAPHQL,authenticationType,additionalAuthenticationProviders[].authenticationType]"`
	}
	for _, mode := range api.Modes {
		if name := modeName(mode.Type); name != "" && name != e.mode() {
			return e.change("auth", name)
		}
	}
	return fmt.Sprintf("add %s to the API's authorization modes (AppSync console, Settings)", modeType(e.mode()))
}

func (e *examination) setIssuer() string {
	if e.mode() == modeCognito {
		return "set the API's user pool (AppSync console, Settings) to that of " + e.known().claims.Issuer
	}
	return "set the API's OpenID Connect provider (AppSync console, Settings) to " + e.known().claims.Issuer
}

func (e *examination) matchClient() string {
	claims := e.known().claims
	name := claims.ClientID
	if name == "" && len(claims.Audience) > 0 {
		name = claims.Audience[0]
	}
	if name == "" {
		return "set the client ID of the API's OpenID Connect provider (AppSync console, Settings) to the token's azp"
	}
	return "set the client ID of the API's OpenID Connect provider (AppSync console, Settings) to " + regexp.QuoteMeta(name)
}

// longer lets the API take a token as long as it lives.
func (e *examination) longer() string {
	claims := e.known().claims
	life := claims.Expiry.Sub(claims.IssuedAt)
	if claims.IssuedAt.IsZero() || life <= 0 {
		return "remove the issue time (iatTTL) from the API's OpenID Connect provider (AppSync console, Settings)"
	}
	return fmt.Sprintf("set the issue time (iatTTL) of the API's OpenID Connect provider (AppSync console, Settings) to %d milliseconds", life.Milliseconds())
}

// otherForm is the verdict on a token that is sent in a form that the API does not read.
func (e *examination) otherForm(h heard) Verdict {
	sent, read := "raw", "bearer"
	if e.bearer() {
		sent, read = read, sent
	}
	setting := e.setting("auth_scheme")
	verdict := failure(fmt.Sprintf("the API reads the token in the form %s, and it is sent as %s", read, sent), e.change("auth_scheme", read),
		e.evidence("answer", "", h), Evidence{Name: "auth_scheme", Expected: read, Found: sent, From: setting.Origin})
	verdict.Err = h.err()
	return verdict
}

// noCredentials says what a call cannot be made without. What AWS's library says of its
// search is long, and stands in the evidence.
func (e *examination) noCredentials(err error) string {
	if e.mode() == modeIAM {
		return "there are no AWS credentials to sign the call with"
	}
	return "no call can be made without credentials: " + e.harmlessly(err.Error())
}

// newCredentials is the way to credentials of a mode without tokens.
func (e *examination) newCredentials() string {
	if e.mode() == modeAPIKey {
		return e.setting("api_key").remedy()
	}
	return "aws sts get-caller-identity"
}

// askAgain is the way on when only the account can tell.
func (e *examination) askAgain() string {
	api := e.known().api
	switch {
	case e.mode() == modeAPIKey && api != nil:
		return "aws appsync list-api-keys --api-id " + api.ID
	case e.mode() == modeIAM:
		return "aws sts get-caller-identity"
	case e.mode() == modeLambda && function(api) != "":
		return "aws logs tail /aws/lambda/" + function(api) + " --since 10m"
	case api != nil:
		return "aws appsync get-graphql-api --api-id " + api.ID
	default:
		return "AWS_PROFILE=NAME appsyncctl doctor"
	}
}

// function is the name of the API's Lambda function; empty if it is not known.
func function(api *awsaccount.API) string {
	if api == nil {
		return ""
	}
	for _, mode := range api.Modes {
		if name := regexp.MustCompile(`:function:([A-Za-z0-9_-]+)`).FindStringSubmatch(mode.Function); name != nil {
			return name[1]
		}
	}
	return ""
}
