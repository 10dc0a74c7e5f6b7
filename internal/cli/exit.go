package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/cloudformation"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/management"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/records"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// The exit codes. exitCodes describes them for people.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitGraphQL     = 3
	exitLogin       = 4
	exitNetwork     = 5
	exitSetAside    = 6
	exitUnknown     = 7
	exitInterrupted = Interrupted
)

// Interrupted is the exit code after Ctrl-C or another signal.
const Interrupted = 130

// exitCodes is the table that the help and the README show.
func exitCodes() [][2]string {
	return [][2]string{
		{"0", "it worked"},
		{"1", "it failed for a reason that no other code names"},
		{"2", "the command line or a setting is wrong or missing"},
		{"3", "the API answered with GraphQL errors; partial data is printed all the same"},
		{"4", "a login is needed, or was refused (401, or a refusal of the token endpoint)"},
		{"5", "network, timeout, 5xx or throttling, after all retries"},
		{"6", "an import rejected rows, or found others under their ids"},
		{"7", "nobody knows whether some rows of an import were created"},
		{"130", "interrupted by Ctrl-C or a signal"},
		{"other", "emulator exec passes on the code of its command: 126, 127, 128 plus a signal's number"},
	}
}

// exitCode is the one place where an error becomes an exit code.
func exitCode(ctx context.Context, err error) int {
	if err == nil {
		return exitOK
	}
	if child, ok := errors.AsType[*childError](err); ok {
		return child.code
	}
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	switch failure.Of(err) {
	case failure.Unknown:
		return exitUnknown
	case failure.Rejected:
		return exitSetAside
	}
	// A broken setting shows first as a refusal or a lost connection, and a lost
	// connection may stand behind a refusal, so the order matters.
	switch {
	case isUsage(err):
		return exitUsage
	case isNetwork(err):
		return exitNetwork
	case isLogin(err):
		return exitLogin
	case is[*appsync.Error](err):
		return exitGraphQL
	default:
		return exitFailed
	}
}

func isUsage(err error) bool {
	if step, ok := errors.AsType[*stepError](err); ok && step.finding.Category == doctor.Settings {
		return true
	}
	if account, ok := errors.AsType[*awsaccount.Error](err); ok {
		return slices.Contains([]awsaccount.Reason{awsaccount.Misconfigured, awsaccount.NoCredentials, awsaccount.NoRegion}, account.Reason)
	}
	if failure.Of(err) == failure.Usage {
		return true
	}
	for _, match := range []func(error) bool{
		// The command line
		is[*usageError],
		is[*noTokenError],
		is[*inputError],
		is[*cloudformation.StackError],
		is[*doctor.AnswerError],
		is[*unaskedError],
		is[*formatError],
		isJQSyntax,
		// Settings
		is[*config.MissingError],
		is[*config.ValueError],
		is[*config.FileError],
		is[*config.UnknownProfileError],
		is[*config.ProfileNameError],
		is[*config.NoHomeError],
		// What settings lead to
		is[*secretError],
		is[*auth.KeyError],
		is[*awsError],
		is[*badTokenError],
		is[*management.TokenError],
		is[*emulator.NotLoopbackError],
		is[*opaqueTokenError],
		is[tokencache.NoSealError],
		// The provider that settings name
		is[*auth.IssuerError],
		is[*auth.IssuerMismatchError],
		is[*auth.DiscoveryError],
		is[*auth.EndpointError],
		is[*auth.UnsupportedError],
	} {
		if match(err) {
			return true
		}
	}
	return false
}

func isJQSyntax(err error) bool {
	failed, ok := errors.AsType[*output.QueryError](err)
	return ok && failed.Syntax
}

func isNetwork(err error) bool {
	if answer, ok := errors.AsType[*appsync.ResponseError](err); ok {
		return answer.Throttled() || answer.Status >= http.StatusInternalServerError
	}
	if refusal, ok := errors.AsType[*auth.Error](err); ok {
		return refusal.Temporary()
	}
	if refusal, ok := errors.AsType[*management.Error](err); ok {
		return refusal.Temporary()
	}
	if account, ok := errors.AsType[*awsaccount.Error](err); ok {
		return account.Reason == awsaccount.Throttled || account.Reason == awsaccount.Unreachable
	}
	if is[*bulk.OutageError](err) || is[*records.ThrottledError](err) {
		return true
	}
	return is[*management.TransportError](err) || is[*transport.NoAnswerError](err) || is[*appsync.ConnectionError](err) || is[*auth.TransportError](err) ||
		is[*tokencache.LockTimeoutError](err)
}

func isLogin(err error) bool {
	if answer, ok := errors.AsType[*appsync.ResponseError](err); ok {
		return answer.Unauthorized()
	}
	if refusal, ok := errors.AsType[*auth.Error](err); ok && refusal.Status/100 == 3 {
		return false // a redirect, which is not followed: something else is there
	}
	if refusal, ok := errors.AsType[*management.Error](err); ok {
		return refusal.Unauthorized()
	}
	if account, ok := errors.AsType[*awsaccount.Error](err); ok {
		return account.Reason == awsaccount.Refused || account.Reason == awsaccount.Denied
	}
	return is[*management.ScopeError](err) || is[*loginNeededError](err) || is[*auth.DeviceExpiredError](err) || is[*auth.Error](err) || is[*transport.RenewalError](err) ||
		failure.Of(err) == failure.Login
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// report says on standard error what went wrong: one line, and a hint where
// there is something to do about it.
func (app *App) report(err error) {
	text := app.Secrets.Text(message(err))
	if text == "" {
		return // there is none, or a child has spoken for itself
	}
	_, _ = fmt.Fprintln(app.Err, "error: "+text)
	if hint := hint(err); hint != "" {
		_, _ = fmt.Fprintln(app.Err, "hint: "+output.Line(app.Secrets.Text(hint)))
	}
}

// message returns an error on one line.
func message(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, syscall.EPIPE) && !isNetwork(err):
		return "" // whoever read the output has seen enough
	default:
		// Joined errors stand on a line each; one may have come by two ways.
		return output.Line(strings.Join(slices.Compact(strings.Split(err.Error(), "\n")), "; "))
	}
}

// hint is the one place where an error becomes advice.
func hint(err error) string {
	if usage, ok := errors.AsType[*usageError](err); ok {
		return "run " + usage.command + " --help"
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
	if is[*noSchemaError](err) {
		return "introspection may be turned off: whoever owns the API finds the schema in AppSync's console"
	}
	if broken, ok := errors.AsType[*brokenListError](err); ok {
		return joined(hint(broken.err), broken.goOn+" goes on where the list ended")
	}
	if text := importHint(err); text != "" {
		return text
	}
	if text := managementHint(err); text != "" {
		return text
	}
	if step, ok := errors.AsType[*stepError](err); ok && step.finding.Fix != "" {
		return step.finding.Fix
	}
	switch {
	case is[*doctor.AnswerError](err):
		return `save what the API answers: appsyncctl token --header | curl -sS -i -H @- -d '{"query":"{ __typename }"}' "$APPSYNCCTL_ENDPOINT" >answer.txt`
	case is[*auth.PortsError](err):
		return "free one of these ports, or log in with --grant device"
	case is[*opaqueTokenError](err):
		return opaqueHint(err)
	case is[*tokencache.LockedError](err):
		return "unlock the keyring, or use another store with --token-store"
	case is[tokencache.NoSealError](err):
		return "set APPSYNCCTL_CLIENT_SECRET (or --client-secret-file), or APPSYNCCTL_PASSPHRASE, whichever sealed the file; --token-store takes another store"
	case is[*tokencache.PermissionError](err):
		return "take the rights of others away (chmod 600) if nobody can have copied it, else run appsyncctl logout"
	case is[*config.NoHomeError](err):
		return "set HOME, or XDG_CONFIG_HOME and XDG_STATE_HOME"
	case is[*tokencache.UnavailableError](err):
		return "set APPSYNCCTL_PASSPHRASE to keep the token in a sealed file, or pass --token-store memory to keep none"
	case is[*auth.DeviceExpiredError](err):
		return "run appsyncctl login again, and confirm the code in time"
	case is[*auth.DeviceDeniedError](err):
		return ""
	case is[*auth.DiscoveryError](err), is[*auth.IssuerMismatchError](err), is[*auth.AnswerError](err):
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
	if is[*loginNeededError](err) {
		return "run appsyncctl login"
	}
	if refused, ok := errors.AsType[*refusedTokenError](err); ok {
		return refused.cause
	}
	if answer, ok := errors.AsType[*appsync.ResponseError](err); ok {
		return answerHint(answer)
	}
	return ""
}
