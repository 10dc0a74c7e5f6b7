package smoke

import (
	"errors"
	"net"
	"net/http"
	"slices"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// blame says of a step that ended in err whether the API did wrong or whether nobody
// can tell: a network error, a 5xx and throttling say nothing about it.
func blame(err error) doctor.Verdict {
	verdict := doctor.Verdict{Result: doctor.Unknown, Message: err.Error(), Err: err}
	if account, ok := errors.AsType[*awsaccount.Error](err); ok {
		switch account.Reason {
		case awsaccount.NotFound:
			verdict.Result = doctor.Failure
		case awsaccount.NoRegion:
			verdict.Fix = "export AWS_REGION=REGION"
		}
		return verdict
	}
	if answer, answered := errors.AsType[*appsync.ResponseError](err); answered && !mute(answer) {
		verdict.Result = doctor.Failure
	}
	return verdict
}

// mute reports whether an answer says nothing about what was asked.
func mute(answer *appsync.ResponseError) bool {
	return answer.Throttled() || answer.Status >= http.StatusInternalServerError
}

// mayHaveRun reports whether a mutation that failed may have been executed: there was
// no answer, or one of a server that is out of order, or its result was made and could
// not be shown.
func mayHaveRun(err error) bool {
	answer, answered := errors.AsType[*appsync.ResponseError](err)
	switch {
	case err == nil || surelyNotRun(err):
		return false
	case !answered || answer.Status >= http.StatusInternalServerError:
		return true
	default:
		return slices.ContainsFunc(answer.Errors, func(single *appsync.Error) bool { return len(single.Path) > 1 })
	}
}

// surelyNotRun reports whether a mutation that failed was not executed: nobody was
// there to do it, or it was refused before it began.
func surelyNotRun(err error) bool {
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return true
	}
	answer, answered := errors.AsType[*appsync.ResponseError](err)
	return answered && answer.Status != http.StatusOK && answer.Status < http.StatusInternalServerError
}
