package awsaccount

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// A Reason is why the account could not be read. Only NotFound says anything about
// what was looked for; after all others it is unknown.
type Reason string

// The reasons. Their texts are for people.
const (
	Misconfigured Reason = "the AWS configuration cannot be read"
	NoCredentials Reason = "no AWS credentials"
	NoRegion      Reason = "no AWS region is set"
	Refused       Reason = "AWS refuses the credentials" // expired, wrong or of no account
	Denied        Reason = "access denied"               // the credentials are good, but lack Action
	NotFound      Reason = "not found"
	Throttled     Reason = "throttled"
	Unreachable   Reason = "no answer" // or 5xx, after the SDK's retries
	Failed        Reason = "failed"    // anything else
)

// Error is a failure to read the account.
type Error struct {
	Reason Reason
	Action string // the IAM action that was asked for, such as dynamodb:GetItem; empty if none was
	What   string // that it was asked for, such as "table customers in eu-west-1"
	Code   string // of the service, such as AccessDeniedException; empty without an answer
	Err    error  // nil when there is no more to say
}

func (e *Error) Error() string {
	text := string(e.Reason)
	switch {
	case e.Reason == NotFound:
		text = "there is no " + e.What
	case e.Action != "":
		text += ": " + e.Action + " of " + e.What
	}
	if detail := e.detail(); detail != "" && e.Reason != NotFound {
		text += ": " + detail
	}
	return text
}

// Unwrap returns the SDK's error. It may print what Error leaves out, see detail.
func (e *Error) Unwrap() error { return e.Err }

// Kind implements the interface of failure.Of.
func (e *Error) Kind() failure.Kind {
	switch e.Reason {
	case Misconfigured, NoCredentials, NoRegion:
		return failure.Usage
	case Throttled, Unreachable:
		return failure.Network
	case Refused, Denied:
		return failure.Login
	default:
		return failure.Other
	}
}

// detail is what the service or the network said, its first line only: after a wrong
// signature the service goes on with the request that it would have signed, and that
// has the session token in it.
func (e *Error) detail() string {
	if e.Err == nil {
		return ""
	}
	text := e.Err.Error()
	if answer, ok := errors.AsType[smithy.APIError](e.Err); ok {
		text = answer.ErrorCode() + ": " + answer.ErrorMessage()
	} else if sent, ok := errors.AsType[*smithyhttp.RequestSendError](e.Err); ok {
		text = sent.Err.Error()
	}
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(first)
}

// failure gives the SDK's error its reason.
func newError(action, what string, err error) error {
	e := &Error{Reason: Failed, Action: action, What: what, Err: err}
	status := 0
	if answer, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = answer.HTTPStatusCode()
	}
	answer, answered := errors.AsType[smithy.APIError](err)
	if answered {
		e.Code = answer.ErrorCode()
	}
	if reason, known := reasonOf(e.Code); known {
		e.Reason = reason
		return e
	}
	switch {
	case status == http.StatusTooManyRequests:
		e.Reason = Throttled
	case status >= http.StatusInternalServerError || status == 0:
		e.Reason = Unreachable
	case answered && status == http.StatusForbidden:
		e.Reason = Denied
	}
	return e
}

// reasonOf knows the codes of both services, and those that all of AWS shares ("Common
// Error Types" in each service's API reference).
func reasonOf(code string) (Reason, bool) {
	for reason, codes := range map[Reason][]string{
		Denied: {"AccessDeniedException", "AccessDenied", "UnauthorizedException", "NotAuthorized"},
		Refused: {
			"UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch",
			"IncompleteSignature", "IncompleteSignatureException", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
			"ExpiredToken", "ExpiredTokenException", "RequestExpired", "OptInRequired",
		},
		NotFound: {"NotFoundException", "ResourceNotFoundException"},
	} {
		if slices.Contains(codes, code) {
			return reason, true
		}
	}
	_, throttled := retry.DefaultThrottleErrorCodes[code]
	return Throttled, throttled
}
