package bulk

import "github.com/google/uuid"

// A State is where a row is.
type State uint8

// The states of a row. Pending and Sent are not final.
const (
	Pending   State = iota // not sent, or surely not executed
	Sent                   // sent, and the answer is not known
	Created                // the API has answered that it created it
	Already                // the API had it, and refused it once more
	Conflict               // the API has another record under its id
	Rejected               // it cannot be imported
	Elsewhere              // it belongs to another shard
)

func (s State) String() string {
	switch s {
	case Pending:
		return "not reached"
	case Sent:
		return "unknown"
	case Created:
		return "created"
	case Already:
		return "already"
	case Conflict:
		return "conflict"
	case Rejected:
		return "rejected"
	default:
		return "elsewhere"
	}
}

// ledger holds the state of every row. It is small per row, since there are millions.
type ledger struct {
	states []State
	count  [Elsewhere + 1]int // of the rows by state
	ids    []uuid.UUID        // in journal mode the ids that the API made, by row
	odd    map[int]string     // those that are no UUIDs
	why    map[int]Fault
}

func (l *ledger) add(state State) {
	l.states = append(l.states, state)
	l.count[state]++
}

func (l *ledger) has(row int) bool { return row >= 1 && row <= len(l.states) }

func (l *ledger) state(row int) State { return l.states[row-1] }

func (l *ledger) set(row int, state State) {
	l.count[l.states[row-1]]--
	l.count[state]++
	l.states[row-1] = state
}

// done is how many rows the API has, failed how many it will not have.
func (l *ledger) done() int   { return l.count[Created] + l.count[Already] }
func (l *ledger) failed() int { return l.count[Rejected] + l.count[Conflict] }

func (l *ledger) because(row int, fault Fault) {
	if l.why == nil {
		l.why = make(map[int]Fault)
	}
	l.why[row] = fault
}

// name keeps the id that the API gave to a row.
func (l *ledger) name(row int, id string) {
	if l.ids == nil {
		l.ids = make([]uuid.UUID, len(l.states))
		l.odd = make(map[int]string)
	}
	// Only the canonical form comes back as it was.
	if parsed, err := uuid.Parse(id); err == nil && parsed.String() == id {
		l.ids[row-1] = parsed
		return
	}
	l.odd[row] = id
}

// id returns the id that the API gave to a row, or nothing.
func (l *ledger) id(row int) string {
	if odd, ok := l.odd[row]; ok {
		return odd
	}
	if l.ids == nil || l.ids[row-1] == uuid.Nil {
		return ""
	}
	return l.ids[row-1].String()
}

// known returns every id that the API gave.
func (l *ledger) known() map[string]struct{} {
	ids := make(map[string]struct{})
	for row := range l.states {
		if id := l.id(row + 1); id != "" {
			ids[id] = struct{}{}
		}
	}
	return ids
}

// tracker brings rows to their ends, in the ledger and in the journal, so that both say
// the same. It also knows why nothing more may be sent: without a journal nothing may,
// nor after too many rejected rows. It belongs to the goroutine of the run.
type tracker struct {
	*ledger
	job   *openJob
	limit ErrorLimit
	total int   // rows to import
	fatal error // why nothing more is sent
}

// fail ends the sending; the first reason stands.
func (t *tracker) fail(err error) {
	if t.fatal == nil {
		t.fatal = err
	}
}

// write puts entries into the journal. Without one nothing more may be sent.
func (t *tracker) write(surely bool, entries ...entry) error {
	write := t.job.journal.append
	if surely {
		write = t.job.journal.commit
	}
	if err := write(entries...); err != nil {
		t.fail(&DiskError{err})
		return t.fatal
	}
	return nil
}

// created ends rows that the API has created. In journal mode ids are those that it made;
// else they are known without.
func (t *tracker) created(rows []int, ids []string) error {
	for i, row := range rows {
		t.set(row, Created)
		if i < len(ids) {
			t.name(row, ids[i])
		}
	}
	return t.write(false, entry{Kind: kindCreated, Rows: rows, IDs: ids})
}

// already ends rows that the API had.
func (t *tracker) already(rows []int) {
	for _, row := range rows {
		t.set(row, Already)
	}
	_ = t.write(false, entry{Kind: kindAlready, Rows: rows}) // t.fatal tells
}

// reject ends a row that the API will not have.
func (t *tracker) reject(row int, kind string, fault Fault) {
	state := Rejected
	if kind == kindConflict {
		state = Conflict
	}
	t.set(row, state)
	t.because(row, fault)
	_ = t.write(false, entry{Kind: kind, Rows: []int{row}, Fault: &fault}) // t.fatal tells
	if err := t.tooMany(); err != nil {
		t.fail(err)
	}
}

// release notes rows that were surely not executed.
func (t *tracker) release(rows ...int) {
	for _, row := range rows {
		t.set(row, Pending)
	}
	if t.job.Mode == JournalMode {
		_ = t.write(false, entry{Kind: kindReleased, Rows: rows}) // t.fatal tells
	}
}

// tooMany reports whether too many rows have failed.
func (t *tracker) tooMany() error {
	if failed := t.failed(); t.limit.exceeded(failed, t.total) {
		return &TooManyError{failed, t.limit}
	}
	return nil
}
