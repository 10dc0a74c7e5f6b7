package bulk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// An Import brings the rows of an input into an API. Run may be called once.
type Import struct {
	Input  *Input
	Plan   *Plan // of Input, from Check
	Job    Job   // all but Version, Rows and Started is given; Mode may be AutoMode
	Dir    string
	API    API
	Limits Limits
	Errors ErrorLimit
	// Settle is how long a request may go on after its answer was lost. AppSync ends
	// one after 30 s.
	Settle time.Duration
	// Notice is told what a person should know, and Progress how far the import is,
	// about five times a second. They are called by one goroutine.
	Notice   func(string)
	Progress func(Progress)

	sync syncer
}

// Limits bound how an import sends; 0 is no limit.
type Limits struct {
	Rate     float64 // rows a second
	InFlight int     // requests under way at once; 0 is DefaultInFlight
	Batch    int     // rows in a request; 0 is DefaultBatch
}

// What an import may do by itself.
const (
	DefaultInFlight = 64
	DefaultBatch    = 32
)

const (
	maxTries         = 10 // of a row whose answers are lost
	maxFaults        = 3  // errors of the API about a row that is not there
	maxRounds        = 12 // of sending what a list has shown not to be there
	progressInterval = 200 * time.Millisecond
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

// Kind implements the interface of failure.Of.
func (*TooManyError) Kind() failure.Kind { return failure.Rejected }

func (e *OutageError) Error() string {
	return fmt.Sprintf("no request came through for %s: %v", e.For.Round(time.Second), e.Err)
}
func (e *OutageError) Unwrap() error { return e.Err }

// Kind implements the interface of failure.Of.
func (*OutageError) Kind() failure.Kind { return failure.Outage }

func (e *IDError) Error() string {
	return fmt.Sprintf("row %d has an id, but this API makes the id itself", e.Row)
}

// Kind implements the interface of failure.Of.
func (*IDError) Kind() failure.Kind { return failure.Usage }

func (e *DiskError) Error() string { return fmt.Sprintf("write the journal: %v", e.Err) }
func (e *DiskError) Unwrap() error { return e.Err }

// Run imports until every row has ended, ctx ends, or nothing more can be done. It
// waits for the requests that are under way in any case. The summary is good also when
// there is an error, unless the job could not be opened.
func (im *Import) Run(ctx context.Context) (summary *Summary, err error) {
	im.Job.Rows = len(im.Plan.ledger.states)
	im.Job.Started = time.Now().UTC().Truncate(time.Second)
	job, err := openJobIn(im.Dir, im.Job, im.Plan.ledger, im.sync)
	if err != nil {
		return nil, err
	}
	r := newRun(im, job)
	defer func() {
		r.queue.stop()
		err = errors.Join(err, job.close())
	}()
	err = r.all(ctx)
	summary = r.summary()
	if err == nil && summary.NotReached == 0 && summary.Unknown == 0 && !job.finished {
		err = r.rows.write(true, entry{Kind: kindFinished})
	}
	return summary, errors.Join(err, summary.check())
}

// run is an import under way: it takes rows from the queue, has them sent, and brings
// each to where its answer says. All of it belongs to one goroutine; the requests do
// their work in others and come back over sender.answers.
type run struct {
	*Import
	job    *openJob
	began  time.Time
	before int // rows that the API had when the run began
	probed int // the row by which the mode was found, if it was created

	queue    *queue
	rows     *tracker
	resolver *resolver
	sender   *sender
	flow     *flow
}

func newRun(im *Import, job *openJob) *run {
	if im.Notice == nil {
		im.Notice = func(string) {}
	}
	if im.Progress == nil {
		im.Progress = func(Progress) {}
	}
	ledger := im.Plan.ledger
	r := &run{
		Import: im,
		job:    job,
		began:  time.Now(),
		before: ledger.done(),
		queue:  newQueue(im.Input, job, ledger),
		rows:   &tracker{ledger: ledger, job: job, limit: im.Errors, total: im.Plan.Rows},
		sender: &sender{api: im.API, job: job, answers: make(chan answer)},
		flow:   newFlow(im.Limits, im.Notice),
	}
	r.resolver = &resolver{api: im.API, job: job, rows: r.rows, queue: r.queue, running: im.Settle, notice: im.Notice}
	return r
}

// all brings every row to its end.
func (r *run) all(ctx context.Context) error {
	if r.job.finished {
		r.Notice("this was imported before, on " + r.job.Started.Format(time.DateOnly) + "; nothing was sent")
		return nil
	}
	if err := r.rows.tooMany(); err != nil {
		return err
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	for round := 1; ; round++ {
		if err := r.sendAll(ctx); err != nil {
			return err
		}
		if len(r.resolver.items) == 0 || round > maxRounds {
			return nil
		}
		again, err := r.resolver.resolve(ctx)
		if err != nil || !again {
			return err
		}
		r.flow.pace.heard(time.Now()) // and the wait before was ours
	}
}

// prepare finds the mode and, in journal mode, what there is already.
func (r *run) prepare(ctx context.Context) error {
	if err := r.detectMode(ctx); err != nil {
		return err
	}
	if err := r.job.begin(r.job.Mode); err != nil {
		return &DiskError{err}
	}
	if r.probed != 0 {
		if err := r.rows.created([]int{r.probed}, nil); err != nil {
			return err
		}
	}
	if r.job.Mode == KeyMode || r.job.ready {
		return nil
	}
	return r.resolver.takeBaseline(ctx, r.Plan.digests)
}

// detectMode finds the mode by the first row, when nothing else tells: an API that makes
// the id refuses a request with one before it executes anything.
func (r *run) detectMode(ctx context.Context) error {
	if r.job.Mode != AutoMode {
		return nil
	}
	const tries = 5 // without an answer; a throttled one says when to ask again
	r.job.Mode = KeyMode
	first, ok, err := r.queue.next()
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
			wait, err := r.flow.throttled(time.Now(), max(outcome.After, time.Second))
			if err != nil {
				return err
			}
			if err := retry.Wait(ctx, wait); err != nil {
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
		r.queue.push(first)
		return nil
	}
}

// sendAll sends until nothing is left to send, and waits for every answer. In journal
// mode the resolver has the rows whose answers were lost then.
func (r *run) sendAll(ctx context.Context) error {
	progress := time.NewTicker(progressInterval)
	defer progress.Stop()
	stop := ctx.Done()
	for {
		wait := r.launch(ctx)
		if r.sender.inFlight == 0 && (r.rows.fatal != nil || r.queue.empty()) {
			r.report()
			return r.rows.fatal
		}
		var later <-chan time.Time
		if wait > 0 {
			later = time.After(wait)
		}
		select {
		case a := <-r.sender.answers:
			r.sender.inFlight--
			r.receive(ctx, a)
		case <-later:
		case <-progress.C:
			r.report()
		case <-stop:
			stop = nil // once is enough
			r.rows.fail(context.Cause(ctx))
			if r.sender.inFlight > 0 {
				r.Notice("waiting for the requests that are under way")
			}
		}
	}
}

// launch sends as much as may be sent now. It returns how long to wait before more may
// be, or 0 when only an answer can bring more.
func (r *run) launch(ctx context.Context) time.Duration {
	for r.rows.fatal == nil && r.flow.window.open(r.sender.inFlight) {
		now := time.Now()
		if wait := r.flow.pace.wait(now); wait > 0 {
			return wait
		}
		items, sent, err := r.queue.take(r.flow.batch.size)
		r.resolver.add(now, sent...)
		if err != nil {
			r.rows.fail(err)
			return 0
		}
		if len(items) == 0 {
			return 0
		}
		r.flow.pace.sent(now, len(items))
		for _, it := range items {
			r.rows.set(it.row, Sent)
		}
		r.sender.create(ctx, items)
	}
	return 0
}

// receive brings the rows of an answer on: to their end, or back to be sent again.
func (r *run) receive(ctx context.Context, a answer) {
	if a.reading {
		r.compare(a)
		return
	}
	now := time.Now()
	if a.outcomes == nil { // the intent could not be written: nothing was sent
		r.release(a.items...)
		r.rows.fail(&DiskError{a.err})
		return
	}
	result := tally{sent: a.sent, rows: len(a.items)}
	var created entry
	var taken []item // whose ids must be read back
	for i, outcome := range a.outcomes {
		it := a.items[i]
		result.add(outcome)
		switch outcome.Verdict {
		case Done:
			created.Rows = append(created.Rows, it.row)
			if r.job.Mode == JournalMode { // else the id is known without
				created.IDs = append(created.IDs, outcome.ID)
			}
		case Taken:
			if r.job.Mode == JournalMode { // the API's own id cannot be taken
				r.rows.reject(it.row, kindRejected, outcome.Fault)
			} else {
				taken = append(taken, it)
			}
		case Refused:
			r.rows.reject(it.row, kindRejected, outcome.Fault)
		case Split:
			if it.alone || len(a.items) == 1 {
				r.rows.reject(it.row, kindRejected, outcome.Fault)
				continue
			}
			it.alone = true
			r.release(it)
		case Throttled, NotSent:
			r.release(it)
		case Lost:
			it.fault = nil
			if outcome.Fault != (Fault{}) {
				it.fault = &outcome.Fault
				it.faults++
			}
			if it = r.lose(now, it); r.job.Mode == KeyMode && it.checked() {
				taken = append(taken, it)
			}
		case NoID, Fatal:
			r.release(it)
			r.rows.fail(outcome.Err)
		}
	}
	if len(created.Rows) > 0 {
		_ = r.rows.created(created.Rows, created.IDs) // r.rows.fatal tells
	}
	if len(taken) > 0 {
		r.sender.find(ctx, taken)
	}
	if err := r.flow.answered(now, result, r.job.Mode); err != nil {
		r.rows.fail(err)
	}
}

// release gives rows back that were surely not executed.
func (r *run) release(items ...item) {
	r.queue.push(items...)
	r.rows.release(rowsOf(items)...)
}

// lose deals with a row that was sent and not answered for, or answered with an error
// that does not tell whether it was executed. With a key it is simply sent again.
func (r *run) lose(now time.Time, it item) item {
	it.tries++
	switch {
	case r.job.Mode == JournalMode:
		r.resolver.add(now, it)
	case it.checked():
		it.tries = maxTries
	case it.tries < maxTries:
		r.queue.push(it)
	default: // it stays Sent: unknown
	}
	return it
}

// compare ends the rows whose ids were taken: there already, or in conflict.
func (r *run) compare(a answer) {
	if a.err != nil {
		for _, it := range a.items {
			it.fault = nil
			r.lose(time.Now(), it) // sending it again asks again
		}
		if err := r.flow.unanswered(time.Now(), a.err); err != nil {
			r.rows.fail(err)
		}
		return
	}
	var already []int
	for _, it := range a.items {
		there, ok := a.found[it.record[IDField]]
		switch {
		case !ok && it.checked():
			r.rows.reject(it.row, kindRejected, *it.fault)
		case !ok && it.tries+1 < maxTries:
			it.tries++ // a read may lag behind a write, or the record is gone again
			r.queue.push(it)
		case !ok:
			r.rows.reject(it.row, kindRejected, Fault{Field: IDField, Reason: "the id is taken, but nothing can be read under it"})
		case sameContent(there, it.record):
			already = append(already, it.row)
		default:
			r.rows.reject(it.row, kindConflict, Fault{Field: IDField, Reason: "the API has another record under the id"})
		}
	}
	if len(already) > 0 {
		r.flow.pace.done.add(time.Now(), len(already))
		r.rows.already(already)
	}
}

// report tells Progress how far the import is.
func (r *run) report() {
	now := time.Now()
	progress := Progress{
		Rows:     r.Plan.Rows,
		Done:     r.rows.done(),
		Rejected: r.rows.count[Rejected],
		Conflict: r.rows.count[Conflict],
		Doubtful: len(r.resolver.items),
		Rate:     r.flow.pace.done.rate(now),
		Limit:    r.flow.pace.limit(),
		InFlight: r.sender.inFlight,
		Batch:    r.flow.batch.size,
		P50:      r.flow.window.quantile(0.50),
		P99:      r.flow.window.quantile(0.99),
	}
	if done := r.rows.done() - r.before; done > 0 {
		each := float64(now.Sub(r.began)) / float64(done)
		progress.Left = time.Duration(each * float64(r.rows.count[Pending]))
	}
	r.Progress(progress)
}

func (r *run) summary() *Summary {
	counts := r.rows.count
	spent := time.Since(r.began).Seconds()
	return &Summary{
		Mode:       r.job.Mode,
		Read:       r.Plan.Rows,
		Created:    counts[Created],
		Already:    counts[Already],
		Conflict:   counts[Conflict],
		Rejected:   counts[Rejected],
		Unknown:    counts[Sent],
		NotReached: counts[Pending],
		Elsewhere:  r.Plan.Elsewhere,
		Seconds:    float64(int(spent*1000)) / 1000,
		Rate:       float64(int(float64(r.rows.done()-r.before)/max(spent, 0.001)*10)) / 10,
	}
}
