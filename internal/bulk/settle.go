package bulk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/paging"
	"github.com/appsyncctl/appsyncctl/internal/retry"
)

const listAgain = time.Second // between two lists that must agree

// takeBaseline notes the ids that were there before the first row was sent, and whose
// content a row of the input has too: later nobody could tell them from ours.
func (r *run) takeBaseline(ctx context.Context) error {
	var ids []string
	err := r.list(ctx, func(record Record) {
		if _, ours := r.Plan.digests[record.Digest()]; ours {
			ids = append(ids, record[IDField])
		}
	})
	switch {
	case errors.Is(err, ErrNoList):
		r.Notice("this API does not let us list: a row whose answer is lost will stay unknown")
		return nil
	case err != nil:
		return fmt.Errorf("list what is there before the import: %w", err)
	}
	const together = 1000
	for part := range slices.Chunk(ids, together) {
		if err := r.write(false, entry{Kind: kindBaseline, IDs: part}); err != nil {
			return err
		}
	}
	for _, id := range ids {
		r.job.baseline[id] = struct{}{}
	}
	r.job.ready = true
	return r.write(true, entry{Kind: kindReady})
}

// list calls each with every record.
func (r *run) list(ctx context.Context, each func(Record)) error {
	for page, err := range pages(ctx, r.API, paging.Walk{}) {
		if err != nil {
			return err
		}
		for _, record := range page.Items {
			each(record)
		}
	}
	return nil
}

// settle looks for the doubtful rows in the table, once no request can be under way any
// more. Those that are there are created, those that are not are given back to be sent,
// and what cannot be told stays doubtful. It reports whether there is more to send.
func (r *run) settle(ctx context.Context) (again bool, err error) {
	if !r.job.ready {
		return false, nil
	}
	what, wait := "looking for them", time.Until(r.lastDoubt.Add(r.Settle))
	if wait > 0 {
		what = fmt.Sprintf("waiting %s before looking for them", wait.Round(time.Second))
	}
	r.Notice(fmt.Sprintf("%d rows were sent and their answers lost; %s", len(r.doubtful), what))
	if wait > 0 {
		if err := retry.Wait(ctx, wait); err != nil {
			return false, err
		}
	}
	found, err := r.search(ctx)
	if err != nil {
		return false, fmt.Errorf("look for the rows whose answers were lost: %w", err)
	}
	r.pace.heard(time.Now()) // and the wait before was ours
	groups := make(map[Digest][]item)
	for _, it := range r.doubtful {
		digest := it.record.Digest()
		groups[digest] = append(groups[digest], it)
	}
	r.doubtful = nil
	for digest, items := range groups {
		ids := found[digest]
		if len(ids) > len(items) { // somebody else writes the same: which are ours?
			r.doubtful = append(r.doubtful, items...)
			continue
		}
		for i, id := range ids {
			r.ledger.set(items[i].row, Created)
			r.ledger.name(items[i].row, id)
			if err := r.write(false, entry{Kind: kindCreated, Rows: []int{items[i].row}, IDs: []string{id}}); err != nil {
				return false, err
			}
		}
		for _, absent := range items[len(ids):] {
			if absent.checked() {
				r.reject(absent, kindRejected, *absent.fault)
				continue
			}
			r.release(absent)
			again = true
		}
	}
	return again, r.dead
}

// search returns the ids, by content, of the records that could be doubtful rows. It
// lists until two lists agree, since a list may lag behind the writes.
func (r *run) search(ctx context.Context) (map[Digest][]string, error) {
	wanted := make(map[Digest]bool)
	for _, it := range r.doubtful {
		wanted[it.record.Digest()] = true
	}
	known := r.ledger.known()
	var last []string
	for attempt := 0; ; attempt++ {
		found := make(map[Digest][]string)
		var ids []string
		err := r.list(ctx, func(record Record) {
			id, digest := record[IDField], record.Digest()
			_, ours := known[id]
			_, before := r.job.baseline[id]
			if wanted[digest] && !ours && !before && !slices.Contains(found[digest], id) {
				found[digest] = append(found[digest], id)
				ids = append(ids, id)
			}
		})
		if err != nil {
			return nil, err
		}
		slices.Sort(ids)
		if attempt > 0 && slices.Equal(ids, last) {
			return found, nil
		}
		last = ids
		if err := retry.Wait(ctx, listAgain); err != nil {
			return nil, err
		}
	}
}
