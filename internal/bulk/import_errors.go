package bulk

import (
	"errors"
	"fmt"
	"time"
)

// Too many rejected rows, or an API that does not answer, end an import early.
type (
	// TooManyError says that more rows were rejected than allowed.
	TooManyError struct {
		Rejected int
		Limit    ErrorLimit
	}
	// OutageError says that an API has not answered for a while; Err is what became of
	// the last request.
	OutageError struct {
		For time.Duration
		Err error
	}
	// IDError says that a row of the input has an id, and that the API makes its own.
	IDError struct{ Row int }
	// DiskError says that the journal could not be written. Nothing more was sent.
	DiskError struct{ Err error }
)

func (e *TooManyError) Error() string {
	return fmt.Sprintf("%d rows were rejected or in conflict, and %s are allowed", e.Rejected, e.Limit)
}
func (e *OutageError) Error() string {
	return fmt.Sprintf("no request came through for %s: %v", e.For.Round(time.Second), e.Err)
}
func (e *OutageError) Unwrap() error { return e.Err }
func (e *IDError) Error() string {
	return fmt.Sprintf("row %d has an id, but this API makes the id itself", e.Row)
}
func (e *DiskError) Error() string { return fmt.Sprintf("write the journal: %v", e.Err) }
func (e *DiskError) Unwrap() error { return e.Err }

var errThrottled = errors.New("the API throttles")
