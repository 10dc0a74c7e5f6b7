package bulk

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
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
	maxRequest = 256 << 10        // bytes of the records of a request of several
	patience   = time.Minute      // without any answer; then the network is down
	noticeable = 10 * time.Second // of a wait
	// throttlePatience is how long an API may refuse everything for its rate.
	throttlePatience = 15 * time.Minute
	maxTries         = 10 // of a row whose answers are lost
	maxFaults        = 3  // errors of the API about a row that is not there
	maxRounds        = 12 // of sending what a list has shown not to be there
	tick             = 200 * time.Millisecond
)

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
		r.feed.stop()
		err = errors.Join(err, job.close())
	}()
	err = r.all(ctx)
	summary = r.summary(job.Mode)
	if err == nil && summary.NotReached == 0 && summary.Unknown == 0 && !job.finished {
		err = r.write(true, entry{Kind: kindFinished})
	}
	return summary, errors.Join(err, summary.check())
}

// run is an import under way. All of it belongs to one goroutine; the requests do their
// work in others and come back over answers.
type run struct {
	*Import
	job    *openJob
	ledger *ledger
	began  time.Time
	before int       // rows that the API had when the run began
	space  uuid.UUID // of the ids of this job
	probed int       // the row by which the mode was found, if it was created

	feed    *feed
	pace    pacer
	batch   *batcher
	window  *window
	answers chan answer
	flying  int // requests under way

	doubtful  []item    // rows whose answers were lost, in journal mode
	lastDoubt time.Time // when the last of them was
	dead      error     // why nothing more is sent
	failed    error     // of the last request without an answer
}

// An item is a row on its way.
type item struct {
	row    int
	record Record // without an id in journal mode
	given  bool   // the id was in the input
	tries  int    // answers that were lost
	fault  *Fault // what the API said instead of an answer, the last time
	faults int    // how often it did
	alone  bool   // goes into a request of its own
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

func newRun(im *Import, job *openJob) *run {
	if im.Notice == nil {
		im.Notice = func(string) {}
	}
	if im.Progress == nil {
		im.Progress = func(Progress) {}
	}
	inFlight, batch := im.Limits.InFlight, im.Limits.Batch
	if inFlight == 0 {
		inFlight = DefaultInFlight
	}
	if batch == 0 {
		batch = DefaultBatch
	}
	r := &run{
		Import:  im,
		job:     job,
		ledger:  im.Plan.ledger,
		began:   time.Now(),
		before:  im.Plan.ledger.done(),
		space:   jobSpace(job.Name),
		pace:    pacer{most: im.Limits.Rate},
		batch:   newBatcher(batch),
		window:  newWindow(inFlight),
		answers: make(chan answer),
	}
	r.feed = newFeed(im.Input, r.ledger)
	return r
}

// all brings every row to its end.
func (r *run) all(ctx context.Context) error {
	if r.job.finished {
		r.Notice("this was imported before, on " + r.job.Started.Format(time.DateOnly) + "; nothing was sent")
		return nil
	}
	if err := r.tooMany(); err != nil {
		return err
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	for round := 1; ; round++ {
		if err := r.sendAll(ctx); err != nil {
			return err
		}
		if len(r.doubtful) == 0 || round > maxRounds {
			return nil
		}
		if again, err := r.settle(ctx); err != nil || !again {
			return err
		}
	}
}

// prepare finds the mode and, in journal mode, what there is already.
func (r *run) prepare(ctx context.Context) error {
	if err := r.decide(ctx); err != nil {
		return err
	}
	if err := r.job.begin(r.job.Mode); err != nil {
		return &DiskError{err}
	}
	if r.probed != 0 {
		r.ledger.set(r.probed, Created)
		if err := r.write(false, entry{Kind: kindCreated, Rows: []int{r.probed}}); err != nil {
			return err
		}
	}
	if r.job.Mode == KeyMode || r.job.ready {
		return nil
	}
	return r.takeBaseline(ctx)
}
