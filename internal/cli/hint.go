package cli

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/session"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// hint is the one place where an error becomes advice.
func hint(err error) string {
	if usage, ok := errors.AsType[*app.UsageError](err); ok {
		return "run " + usage.Command + " --help"
	}
	if missing, ok := errors.AsType[*config.MissingError](err); ok {
		return missingHint(missing)
	}
	if unknown, ok := errors.AsType[*config.UnknownProfileError](err); ok {
		if len(unknown.Known) == 0 {
			return "run appsyncctl login --profile " + unknown.Name + " to create it"
		}
		return "the profiles are " + strings.Join(unknown.Known, ", ")
	}
	if advised, ok := errors.AsType[*app.AdvisedError](err); ok {
		if advised.Also {
			return joined(hint(advised.Err), advised.Advice)
		}
		return advised.Advice
	}
	switch {
	case failure.Is[*doctor.AnswerError](err):
		return `save what the API answers: appsyncctl token --header | curl -sS -i -H @- -d '{"query":"{ __typename }"}' "$APPSYNCCTL_ENDPOINT" >answer.txt`
	case failure.Is[*session.OpaqueTokenError](err):
		return opaqueHint(err)
	case failure.Is[*tokencache.LockedError](err):
		return "unlock the keyring, or use another store with --token-store"
	case failure.Is[tokencache.NoSealError](err):
		return "set APPSYNCCTL_CLIENT_SECRET (or --client-secret-file), or APPSYNCCTL_PASSPHRASE, whichever sealed the file; --token-store takes another store"
	case failure.Is[*tokencache.PermissionError](err):
		return "take the rights of others away (chmod 600) if nobody can have copied it, else run appsyncctl logout"
	case failure.Is[*config.NoHomeError](err):
		return "set HOME, or XDG_CONFIG_HOME and XDG_STATE_HOME"
	case failure.Is[*tokencache.UnavailableError](err):
		return "set APPSYNCCTL_PASSPHRASE to keep the token in a sealed file, or pass --token-store memory to keep none"
	case failure.Is[*auth.DeviceExpiredError](err):
		return "run appsyncctl login again, and confirm the code in time"
	case failure.Is[*auth.DeviceDeniedError](err):
		return ""
	case failure.Is[*auth.DiscoveryError](err), failure.Is[*auth.IssuerMismatchError](err), failure.Is[*auth.AnswerError](err):
		return "check --issuer (APPSYNCCTL_ISSUER)"
	}
	if lost, ok := errors.AsType[*transport.NoAnswerError](err); ok && lost.Unsafe {
		return "it may have been done all the same: look before you repeat it"
	}
	if refusal, ok := errors.AsType[*auth.Error](err); ok {
		if text := refusalHint(refusal); text != "" {
			return text
		}
	}
	if failure.Is[*session.LoginNeededError](err) {
		return "run appsyncctl login"
	}
	if answer, ok := errors.AsType[*appsync.ResponseError](err); ok {
		return answerHint(answer)
	}
	return ""
}

// refusalHint advises on a refusal of the OpenID provider.
func refusalHint(refusal *auth.Error) string {
	switch {
	case refusal.Status == http.StatusTooManyRequests:
		return quotaHint(refusal)
	case refusal.Transient():
		return ""
	case refusal.Code == auth.InvalidGrant:
		return "run appsyncctl login"
	case refusal.RefusesClient():
		return "check the client ID and the client secret"
	case refusal.Code == auth.UnauthorizedClient:
		return "allow this grant for the application at the provider, or choose another with --grant"
	case refusal.Code == auth.MFARequired:
		return "a second factor is asked for: run appsyncctl login"
	case refusal.Code == auth.InvalidScope:
		return "check the scopes against those of the API at the provider"
	case refusal.Code == auth.AccessDenied && refusal.Status == http.StatusForbidden:
		return "check the audience (--audience, APPSYNCCTL_AUDIENCE), and that the application is authorized for that API at the provider"
	default:
		return ""
	}
}

// missingHint names the ways to give a setting.
func missingHint(missing *config.MissingError) string {
	if missing.Setting.Name != config.ClientSecret {
		return missing.Remedy()
	}
	return "set APPSYNCCTL_CLIENT_SECRET, pass --client-secret-file, or run appsyncctl login --client-secret-stdin to keep it; a person logs in with --grant device"
}

func opaqueHint(err error) string {
	if opaque, ok := errors.AsType[*session.OpaqueTokenError](err); ok && opaque.Audience != "" {
		return "check that the provider has an API with this identifier, and that its tokens are JWTs signed with RS256"
	}
	return "pass --audience or set APPSYNCCTL_AUDIENCE to the identifier of the API, as the provider has it"
}

// quotaHint says when a quota that is used up is full again.
func quotaHint(refusal *auth.Error) string {
	for _, quota := range refusal.Quotas {
		if quota.Remaining == 0 && quota.Reset > 0 {
			return fmt.Sprintf("the %s quota of %d requests %s is used up; it resets in %s",
				quota.Owner, quota.Limit, strings.ReplaceAll(quota.Bucket, "_", " "), output.Span(quota.Reset))
		}
	}
	if refusal.RetryAfter > 0 {
		return fmt.Sprintf("the provider asks to wait for %s", output.Span(refusal.RetryAfter))
	}
	return "the provider throttles: try again later"
}

// answerHint advises on an answer of the API. AppSync's few words for a refusal
// have each a few causes.
func answerHint(answer *appsync.ResponseError) string {
	message := answer.Error()
	switch {
	case answer.Unauthorized(): // a token would have been explained
		return "check --auth, and the API key or the AWS credentials: an API key lasts a year at most; appsyncctl doctor looks further"
	case answer.Throttled() && answer.RetryAfter > 0:
		return "the API is throttling: it asks to wait for " + output.Span(answer.RetryAfter)
	case answer.Throttled():
		return "the API is throttling: try again later"
	case answer.Mutation && answer.Status >= http.StatusInternalServerError:
		return "it may have been done all the same: look before you repeat it"
	case answer.NotGraphQL != "" && answer.Status < http.StatusInternalServerError:
		return "check --endpoint: it should end in /graphql"
	case answer.Status == http.StatusForbidden:
		return "a firewall or a private API refused the request before AppSync saw it"
	case strings.Contains(message, "not defined for input object type"):
		return "this API's schema has no such input field; the wizard's schema makes the id itself, so leave --id out"
	case strings.Contains(message, "Invalid pagination token"):
		return "a token is good for the filter and the --page-size that it came with"
	case answer.HasType("Unauthorized"):
		return "the API took the token, but its rules deny this field; a new token cannot help"
	default:
		return ""
	}
}

// joined puts two pieces of advice into one line.
func joined(first, second string) string {
	if first == "" {
		return second
	}
	return first + "; " + second
}
