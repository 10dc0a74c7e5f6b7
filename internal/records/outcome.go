package records

import (
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// createOutcomes says what became of each customer of a request. In doubt a customer
// counts as lost, which costs a second look and never a second record.
func createOutcomes(customers []*appsync.Customer, err error) []bulk.Outcome {
	outcomes := make([]bulk.Outcome, len(customers))
	answer, answered := errors.AsType[*appsync.ResponseError](err)
	for i, customer := range customers {
		switch {
		case customer != nil: // also when there are errors beside it
			outcomes[i] = bulk.Outcome{Verdict: bulk.Done, ID: customer.Id}
		case err == nil:
			outcomes[i] = bulk.Outcome{Verdict: bulk.Lost, Err: &appsync.NullError{Operation: "createCustomer"}}
		case !answered:
			outcomes[i] = unanswered(err)
		case answer.ErrorAt(i) != nil:
			outcomes[i] = fieldOutcome(answer, answer.ErrorAt(i), err)
		default:
			outcomes[i] = requestOutcome(answer, err)
		}
	}
	return outcomes
}

// unanswered judges a request that the API has not answered. The token comes first: what
// keeps it from us keeps the request from the API.
func unanswered(err error) bulk.Outcome {
	if slow, ok := errors.AsType[*ThrottledError](err); ok {
		return bulk.Outcome{Verdict: bulk.Throttled, After: slow.After, Err: err}
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return bulk.Outcome{Verdict: bulk.Fatal, Err: err}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return bulk.Outcome{Verdict: bulk.NotSent, Err: err}
	}
	refused, ok := errors.AsType[*auth.Error](err)
	if failure.Is[*auth.TransportError](err) || ok && refused.Transient() {
		return bulk.Outcome{Verdict: bulk.NotSent, Err: err}
	}
	if failure.Is[*transport.RenewalError](err) || failure.Is[*tokencache.LockedError](err) || failure.Is[*tokencache.UnavailableError](err) || failure.Is[tokencache.NoSealError](err) {
		return bulk.Outcome{Verdict: bulk.Fatal, Err: err}
	}
	switch failure.Of(err) {
	case failure.Usage, failure.Login:
		return bulk.Outcome{Verdict: bulk.Fatal, Err: err}
	default:
		return bulk.Outcome{Verdict: bulk.Lost, Err: err}
	}
}

// requestOutcome judges an answer that says nothing of the single customer.
func requestOutcome(answer *appsync.ResponseError, err error) bulk.Outcome {
	fault := bulk.Fault{Reason: answer.Error(), RequestID: answer.RequestID}
	switch {
	case answer.Throttled():
		return bulk.Outcome{Verdict: bulk.Throttled, After: answer.RetryAfter, Err: err}
	case answer.Status >= http.StatusInternalServerError:
		return bulk.Outcome{Verdict: bulk.Lost, After: answer.RetryAfter, Err: err}
	case answer.Status == http.StatusBadRequest, answer.Status == http.StatusRequestEntityTooLarge:
		return bulk.Outcome{Verdict: bulk.Split, Fault: fault, Err: err}
	case answer.Status != http.StatusOK: // 401, 403, 404, a redirect
		return bulk.Outcome{Verdict: bulk.Fatal, Err: err}
	case !isValidation(answer):
		return bulk.Outcome{Verdict: bulk.Lost, Err: err}
	case strings.Contains(answer.Error(), "not defined for input object type") && strings.Contains(answer.Error(), "'id'"):
		return bulk.Outcome{Verdict: bulk.NoID, Err: err}
	case isUndefined(answer):
		return bulk.Outcome{Verdict: bulk.Fatal, Err: err}
	default:
		return bulk.Outcome{Verdict: bulk.Split, Fault: fault, Err: err}
	}
}

// isValidation reports whether nothing was executed because the request itself is wrong:
// then AppSync's errors have neither a type nor a path.
func isValidation(answer *appsync.ResponseError) bool {
	for _, single := range answer.Errors {
		if single.Type != "" || len(single.Path) > 0 {
			return false
		}
	}
	return len(answer.Errors) > 0
}

// isUndefined reports whether a request asks for what the API's schema does not have.
func isUndefined(answer *appsync.ResponseError) bool {
	message := answer.Error()
	for _, sign := range []string{"FieldUndefined", "UnknownType", "UnknownArgument", "not defined for input object type"} {
		if strings.Contains(message, sign) {
			return isValidation(answer)
		}
	}
	return false
}

// fieldOutcome judges an error that names the customer's field. Its type is that of the
// data source, behind a colon: "DynamoDB:ConditionalCheckFailedException".
func fieldOutcome(answer *appsync.ResponseError, single *appsync.Error, err error) bulk.Outcome {
	fault := bulk.Fault{Reason: single.Message, Code: single.Type, RequestID: answer.RequestID}
	if single.Throttled() {
		return bulk.Outcome{Verdict: bulk.Throttled, Err: err}
	}
	source, name, found := strings.Cut(single.Type, ":")
	if !found {
		source, name = "", single.Type
	}
	switch name {
	case "ConditionalCheckFailedException":
		return bulk.Outcome{Verdict: bulk.Taken, Fault: fault, Err: err}
	case "Unauthorized", "UnauthorizedException", "AccessDeniedException", "ResourceNotFoundException":
		return bulk.Outcome{Verdict: bulk.Fatal, Err: err}
	case "ValidationException", "ItemCollectionSizeLimitExceededException":
		if source == "DynamoDB" {
			return bulk.Outcome{Verdict: bulk.Refused, Fault: fault, Err: err}
		}
	}
	if single.Transient() {
		return bulk.Outcome{Verdict: bulk.Lost, Err: err} // no fault of the customer
	}
	// The error may be one of reading the result after the write.
	return bulk.Outcome{Verdict: bulk.Lost, Fault: fault, Err: err}
}
