package bulk

import (
	"context"
	"time"
)

// sender makes requests, each in a goroutine of its own, whose answers come back over a
// channel. They are not ended by a signal: a request that is under way may be executed.
type sender struct {
	api      API
	job      *openJob
	answers  chan answer
	inFlight int // requests that were begun; whoever takes an answer counts down
}

// An answer is what a request brought. found is set for one of Find.
type answer struct {
	items    []item
	outcomes []Outcome
	sent     time.Time // when the request left; zero for one of Find
	found    map[string]Record
	err      error // of Find, or of the journal before anything was sent
	reading  bool  // it was a Find
}

// create sends one request, after its intent is on the disk.
func (s *sender) create(ctx context.Context, items []item) {
	ctx = context.WithoutCancel(ctx)
	s.inFlight++
	go func() {
		a := answer{items: items}
		if s.job.Mode == JournalMode {
			a.err = s.job.journal.commit(entry{Kind: kindIntent, Rows: rowsOf(items)})
		}
		if a.err == nil {
			records := make([]Record, len(items))
			for i, it := range items {
				records[i] = it.record
			}
			a.sent = time.Now()
			a.outcomes = s.api.Create(ctx, records)
		}
		s.answers <- a
	}()
}

// find reads back the records whose ids are taken.
func (s *sender) find(ctx context.Context, items []item) {
	ctx = context.WithoutCancel(ctx)
	s.inFlight++
	go func() {
		ids := make([]string, len(items))
		for i, it := range items {
			ids[i] = it.record[IDField]
		}
		found, err := s.api.Find(ctx, ids)
		s.answers <- answer{items: items, found: found, err: err, reading: true}
	}()
}
