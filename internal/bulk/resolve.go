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

// resolver finds out, in journal mode, which of the rows whose answers were lost the API
// has: by a list of the whole table, less what was there before.
type resolver struct {
	api     Lister
	job     *openJob // with the baseline
	rows    *tracker
	queue   *queue
	running time.Duration // how long a request may go on after its answer was lost
	notice  func(string)

	items    []item    // whose answers were lost
	lastLost time.Time // when the last of them was
}

// add puts rows aside until a list can show whether they are there.
func (r *resolver) add(now time.Time, items ...item) {
	if len(items) > 0 {
		r.items = append(r.items, items...)
		r.lastLost = now
	}
}

// takeBaseline notes the ids that were there before the first row was sent, and whose
// content a row of the input has too: later nobody could tell them from ours.
func (r *resolver) takeBaseline(ctx context.Context, digests map[Digest]struct{}) error {
	var ids []string
	err := r.list(ctx, func(record Record) {
		if _, ours := digests[record.Digest()]; ours {
			ids = append(ids, record[IDField])
		}
	})
	switch {
	case errors.Is(err, ErrNoList):
		r.notice("this API does not let us list: a row whose answer is lost will stay unknown")
		return nil
	case err != nil:
		return fmt.Errorf("list what is there before the import: %w", err)
	}
	const together = 1000
	for part := range slices.Chunk(ids, together) {
		if err := r.rows.write(false, entry{Kind: kindBaseline, IDs: part}); err != nil {
			return err
		}
	}
	for _, id := range ids {
		r.job.baseline[id] = struct{}{}
	}
	r.job.ready = true
	return r.rows.write(true, entry{Kind: kindReady})
}

// list calls each with every record.
func (r *resolver) list(ctx context.Context, each func(Record)) error {
	for page, err := range pages(ctx, r.api, paging.Walk{}) {
		if err != nil {
			return err
		}
		for _, record := range page.Items {
			each(record)
		}
	}
	return nil
}

// resolve looks for the rows in the table, once no request can be under way any more.
// Those that are there are created, those that are not are given back to be sent, and
// what cannot be told stays. It reports whether there is more to send.
func (r *resolver) resolve(ctx context.Context) (again bool, err error) {
	if !r.job.ready {
		return false, nil
	}
	what, wait := "looking for them", time.Until(r.lastLost.Add(r.running))
	if wait > 0 {
		what = fmt.Sprintf("waiting %s before looking for them", wait.Round(time.Second))
	}
	r.notice(fmt.Sprintf("%d rows were sent and their answers lost; %s", len(r.items), what))
	if wait > 0 {
		if err := retry.Wait(ctx, wait); err != nil {
			return false, err
		}
	}
	found, err := r.search(ctx)
	if err != nil {
		return false, fmt.Errorf("look for the rows whose answers were lost: %w", err)
	}
	groups := make(map[Digest][]item)
	for _, it := range r.items {
		digest := it.record.Digest()
		groups[digest] = append(groups[digest], it)
	}
	r.items = nil
	for digest, items := range groups {
		ids := found[digest]
		if len(ids) > len(items) { // somebody else writes the same: which are ours?
			r.items = append(r.items, items...)
			continue
		}
		for i, id := range ids {
			if err := r.rows.created([]int{items[i].row}, []string{id}); err != nil {
				return false, err
			}
		}
		for _, absent := range items[len(ids):] {
			if absent.checked() {
				r.rows.reject(absent.row, kindRejected, *absent.fault)
				continue
			}
			r.queue.push(absent)
			r.rows.release(absent.row)
			again = true
		}
	}
	return again, r.rows.fatal
}

// search returns the ids, by content, of the records that could be the rows. It
// lists until two lists agree, since a list may lag behind the writes.
func (r *resolver) search(ctx context.Context) (map[Digest][]string, error) {
	wanted := make(map[Digest]bool)
	for _, it := range r.items {
		wanted[it.record.Digest()] = true
	}
	known := r.rows.known()
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
