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

// done is how many rows the API has, aside how many it will not have.
func (l *ledger) done() int  { return l.count[Created] + l.count[Already] }
func (l *ledger) aside() int { return l.count[Rejected] + l.count[Conflict] }

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
