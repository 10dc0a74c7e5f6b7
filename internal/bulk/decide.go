package bulk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// decide finds the mode by the first row, when nothing else tells: an API that makes
// the id refuses a request with one before it executes anything.
func (r *run) decide(ctx context.Context) error {
	if r.job.Mode != AutoMode {
		return nil
	}
	const tries = 5 // without an answer; a throttled one says when to ask again
	r.job.Mode = KeyMode
	first, ok, err := r.next()
	if err != nil || !ok {
		return err
	}
	for try := 1; ; try++ {
		outcome := r.API.Create(ctx, []Record{first.record})[0]
		switch outcome.Verdict {
		case Fatal:
			return outcome.Err
		case NoID:
			r.job.Mode = JournalMode
			if first.given {
				return &IDError{first.row}
			}
			first.record = first.record.withoutID()
		case Throttled:
			r.pace.answered(time.Now(), time.Now(), 0, 1, max(outcome.After, time.Second))
			if closed := r.pace.closed(time.Now()); closed > throttlePatience {
				return &OutageError{closed, errThrottled}
			}
			if err := retry.Wait(ctx, r.pace.wait(time.Now())); err != nil {
				return err
			}
			try--
			continue
		case NotSent, Lost:
			if err := errors.Join(outcome.Err, ctx.Err()); try == tries || ctx.Err() != nil {
				return &OutageError{time.Since(r.began), err}
			}
			if err := retry.Wait(ctx, min(max(outcome.After, time.Duration(try)*time.Second), longestWait)); err != nil {
				return err
			}
			continue
		case Done:
			r.probed = first.row
			return nil
		default: // whatever became of it, sending it again tells
		}
		r.feed.again(first)
		return nil
	}
}

// next returns the next row to send.
func (r *run) next() (item, bool, error) {
	it, ok, err := r.feed.next()
	if err != nil || !ok {
		return item{}, false, err
	}
	_, has := it.record[IDField]
	switch {
	case has && r.job.Mode == JournalMode:
		return item{}, false, &IDError{it.row}
	case has:
		it.given = true
	case r.job.Mode == KeyMode:
		it.record = it.record.withID(r.id(it.row))
	}
	return it, true, nil
}

// id is the id of a row that has none of its own.
func (r *run) id(row int) string { return rowID(r.space, row) }

// jobSpace is the namespace of the ids that a job makes.
func jobSpace(name string) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("appsyncctl:import:"+name))
}

func rowID(space uuid.UUID, row int) string {
	return uuid.NewSHA1(space, fmt.Appendf(nil, "row %d", row)).String()
}
