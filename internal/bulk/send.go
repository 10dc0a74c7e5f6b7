package bulk

import (
	"context"
	"time"
)

// sendAll sends until nothing is left to send, and waits for every answer. In journal
// mode rows whose answers were lost are in r.doubtful then.
func (r *run) sendAll(ctx context.Context) error {
	progress := time.NewTicker(tick)
	defer progress.Stop()
	stop := ctx.Done()
	for {
		wait := r.launch(ctx)
		if r.flying == 0 && (r.dead != nil || r.feed.empty()) {
			r.report()
			return r.dead
		}
		var later <-chan time.Time
		if wait > 0 {
			later = time.After(wait)
		}
		select {
		case a := <-r.answers:
			r.flying--
			r.receive(ctx, a)
		case <-later:
		case <-progress.C:
			r.report()
		case <-stop:
			stop = nil // once is enough
			r.die(context.Cause(ctx))
			if r.flying > 0 {
				r.Notice("waiting for the requests that are under way")
			}
		}
	}
}

// launch sends as much as may be sent now. It returns how long to wait before more may
// be, or 0 when only an answer can bring more.
func (r *run) launch(ctx context.Context) time.Duration {
	for r.dead == nil && r.window.open(r.flying) {
		now := time.Now()
		if wait := r.pace.wait(now); wait > 0 {
			return wait
		}
		items, err := r.gather(now)
		if err != nil {
			r.die(err)
			return 0
		}
		if len(items) == 0 {
			return 0
		}
		r.pace.sent(now, len(items))
		for _, it := range items {
			r.ledger.set(it.row, Sent)
		}
		r.flying++
		go r.create(context.WithoutCancel(ctx), items)
	}
	return 0
}

// gather takes the rows of the next request. Rows that a process sent which has ended
// since are put aside in journal mode.
func (r *run) gather(now time.Time) (items []item, err error) {
	size := 0
	for len(items) < r.batch.size {
		it, ok, err := r.next()
		if err != nil || !ok {
			return items, err
		}
		if r.job.Mode == JournalMode && r.ledger.state(it.row) == Sent {
			r.doubt(now, it)
			continue
		}
		size += it.size()
		if len(items) > 0 && (it.alone || size > maxRequest) {
			r.feed.again(it)
			return items, nil
		}
		items = append(items, it)
		if it.alone {
			return items, nil
		}
	}
	return items, nil
}

func (it item) size() int {
	size := 64 // what stands around it
	for name, value := range it.record {
		size += len(name) + len(value)
	}
	return size
}

// create sends one request, after its intent is on the disk.
func (r *run) create(ctx context.Context, items []item) {
	a := answer{items: items}
	if r.job.Mode == JournalMode {
		a.err = r.job.journal.commit(entry{Kind: kindIntent, Rows: rowsOf(items)})
	}
	if a.err == nil {
		records := make([]Record, len(items))
		for i, it := range items {
			records[i] = it.record
		}
		a.sent = time.Now()
		a.outcomes = r.API.Create(ctx, records)
	}
	r.answers <- a
}

// find reads back the records whose ids are taken.
func (r *run) find(ctx context.Context, items []item) {
	ids := make([]string, len(items))
	for i, it := range items {
		ids[i] = it.record[IDField]
	}
	found, err := r.API.Find(ctx, ids)
	r.answers <- answer{items: items, found: found, err: err, reading: true}
}

func rowsOf(items []item) []int {
	rows := make([]int, len(items))
	for i, it := range items {
		rows[i] = it.row
	}
	return rows
}

// die ends the sending; the first reason stands.
func (r *run) die(err error) {
	if r.dead == nil {
		r.dead = err
	}
}

// write puts entries into the journal. Without one nothing more may be sent.
func (r *run) write(surely bool, entries ...entry) error {
	write := r.job.journal.append
	if surely {
		write = r.job.journal.commit
	}
	if err := write(entries...); err != nil {
		r.die(&DiskError{err})
		return r.dead
	}
	return nil
}

func (r *run) report() {
	now := time.Now()
	progress := Progress{
		Rows:     r.Plan.Rows,
		Done:     r.ledger.done(),
		Rejected: r.ledger.count[Rejected],
		Conflict: r.ledger.count[Conflict],
		Doubtful: len(r.doubtful),
		Rate:     r.pace.done.rate(now),
		Limit:    r.pace.limit(),
		InFlight: r.flying,
		Batch:    r.batch.size,
		P50:      r.window.quantile(0.50),
		P99:      r.window.quantile(0.99),
	}
	if done := r.ledger.done() - r.before; done > 0 {
		each := float64(now.Sub(r.began)) / float64(done)
		progress.Left = time.Duration(each * float64(r.ledger.count[Pending]))
	}
	r.Progress(progress)
}
