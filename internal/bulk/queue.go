package bulk

import (
	"fmt"
	"iter"

	"github.com/google/uuid"
)

// maxRequest bounds the bytes of the records of a request of several.
const maxRequest = 256 << 10

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

func (it item) size() int {
	size := 64 // what stands around it
	for name, value := range it.record {
		size += len(name) + len(value)
	}
	return size
}

// checked reports whether the API has answered a row with an error often enough: if it
// is not there now, the error is final.
func (it item) checked() bool { return it.fault != nil && it.faults >= maxFaults }

func rowsOf(items []item) []int {
	rows := make([]int, len(items))
	for i, it := range items {
		rows[i] = it.row
	}
	return rows
}

// queue hands out the rows that are still to be sent: first those that come back, then
// those of the input. It reads the input once, in order, and gives the rows the ids that
// the job's mode asks for.
type queue struct {
	job    *openJob
	ledger *ledger
	space  uuid.UUID // of the ids of this job
	back   []item
	pull   func() (Row, error, bool)
	stop   func()
	ended  bool
}

func newQueue(in *Input, job *openJob, ledger *ledger) *queue {
	q := &queue{job: job, ledger: ledger, space: jobSpace(job.Name)}
	q.pull, q.stop = iter.Pull2(in.Rows())
	return q
}

// push takes rows back.
func (q *queue) push(items ...item) { q.back = append(q.back, items...) }

// empty reports whether there is nothing to hand out.
func (q *queue) empty() bool { return q.ended && len(q.back) == 0 }

// take returns the rows of the next request, most of them at most. In journal mode the
// rows that it meets which were sent by a process that has ended since are no part of
// that: whether they are there must be found out first.
func (q *queue) take(most int) (items, sent []item, err error) {
	size := 0
	for len(items) < most {
		it, ok, err := q.next()
		if err != nil || !ok {
			return items, sent, err
		}
		if q.job.Mode == JournalMode && q.ledger.state(it.row) == Sent {
			sent = append(sent, it)
			continue
		}
		size += it.size()
		if len(items) > 0 && (it.alone || size > maxRequest) {
			q.push(it)
			return items, sent, nil
		}
		items = append(items, it)
		if it.alone {
			return items, sent, nil
		}
	}
	return items, sent, nil
}

// next returns the next row to send, or false.
func (q *queue) next() (item, bool, error) {
	it, ok, err := q.pop()
	if err != nil || !ok {
		return item{}, false, err
	}
	_, has := it.record[IDField]
	switch {
	case has && q.job.Mode == JournalMode:
		return item{}, false, &IDError{it.row}
	case has:
		it.given = true
	case q.job.Mode == KeyMode:
		it.record = it.record.withID(rowID(q.space, it.row))
	}
	return it, true, nil
}

// pop returns the next row as it came back or is in the input, or false. A row that was
// sent by a process that has ended since is handed out too; its state in the ledger is
// Sent.
func (q *queue) pop() (item, bool, error) {
	if last := len(q.back) - 1; last >= 0 {
		it := q.back[last]
		q.back = q.back[:last]
		return it, true, nil
	}
	for !q.ended {
		row, err, ok := q.pull()
		if err != nil {
			return item{}, false, err
		}
		if !ok {
			q.ended = true
			break
		}
		if !q.ledger.has(row.Number) {
			return item{}, false, &ChangedError{"the input"}
		}
		if state := q.ledger.state(row.Number); state == Pending || state == Sent {
			return item{row: row.Number, record: row.Record}, true, nil
		}
	}
	return item{}, false, nil
}

// jobSpace is the namespace of the ids that a job makes.
func jobSpace(name string) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("appsyncctl:import:"+name))
}

// rowID is the id of a row that has none of its own.
func rowID(space uuid.UUID, row int) string {
	return uuid.NewSHA1(space, fmt.Appendf(nil, "row %d", row)).String()
}
