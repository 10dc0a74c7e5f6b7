// What to do about an API's configuration. aws appsync update-graphql-api is not among
// it: it takes away every setting that it is not told again.

package doctor

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

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
func (e *examination) otherForm(h response) Verdict {
	sent, read, message := "raw", "bearer", "the API accepts the token behind Bearer; it was sent bare"
	if e.bearer() {
		sent, read, message = read, sent, "the API accepts the bare token; it was sent with Bearer"
	}
	setting := e.setting("auth_scheme")
	verdict := failure(message, e.change("auth_scheme", read),
		e.evidence("answer", "", h), Evidence{Name: "auth_scheme", Expected: read, Found: sent, From: setting.Origin})
	verdict.Err = h.err()
	return verdict
}

// uncredentialed is the verdict on a call that could not be made, since there is nothing
// to make it with.
func (e *examination) uncredentialed(err error) Verdict {
	found := Evidence{Name: "authorized call", Expected: "200", Found: "none: " + e.briefly(err), From: "this machine"}
	verdict := failure("no call can be made without credentials: "+e.briefly(err), "aws sts get-caller-identity", found)
	verdict.Err = err
	known, told := errors.AsType[*TokenError](err)
	switch {
	case told && known.Kind == Unset:
		setting := e.setting(known.Setting)
		verdict.Message, verdict.Fix = "no "+setting.Label+" is set", setting.remedy()
	case e.mode() == modeIAM:
		verdict.Message = "there are no AWS credentials to sign the call with"
	case e.mode() == modeAPIKey:
		verdict.Fix = e.setting("api_key").remedy()
	}
	return verdict
}

// briefly is the beginning of a chain of errors: AWS's library tells of every place in
// which it has looked for credentials.
func (e *examination) briefly(err error) string {
	const most = 2
	links := strings.SplitN(e.harmlessly(err.Error()), ", ", most+1)
	return strings.Join(links[:min(most, len(links))], ", ")
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
