package checkup

import (
	"errors"
	"net/http"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
)

// judged says of a step that ended in err whether the API did wrong or whether
// nobody can tell: a network error, a 5xx and throttling say nothing about it.
func judged(err error) Verdict {
	if account, ok := errors.AsType[*awsaccount.Error](err); ok && account.Reason == awsaccount.NotFound {
		return Verdict{Result: Failure, Message: err.Error(), Err: err}
	}
	answer, answered := asAnswer(err)
	if !answered || answer.Throttled() || answer.Status >= http.StatusInternalServerError {
		return unknown(err.Error(), err)
	}
	return Verdict{Result: Failure, Message: err.Error(), Err: err}
}

func asAnswer(err error) (*appsync.ResponseError, bool) {
	return errors.AsType[*appsync.ResponseError](err)
}
