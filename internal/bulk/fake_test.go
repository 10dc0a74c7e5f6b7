package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
)

var errLost = errors.New("the connection broke")

// table is the other side of an import: a table and whatever goes wrong before it.
type table struct {
	mu       sync.Mutex
	rows     map[string]bulk.Record
	makesIDs bool
	latency  time.Duration
	page     int
	// trouble is asked about each request: what happens to it, and whether that comes
	// before the rows are stored or after.
	trouble func(request int) (verdict bulk.Verdict, stored bool)
	refuse  func(bulk.Record) *bulk.Fault
	limit   func(rows int) bool // lets a request through, or throttles it
	after   time.Duration       // the wait that a throttled or lost request orders
	noList  bool
	lenient bool // takes the create of what is there already for done, as AppSync does
	// answer is what the API says of a record instead, and whether it is stored all the same.
	answer func(bulk.Record) (outcome *bulk.Outcome, stored bool)
	// find is asked about each Find: whether it sees nothing, or fails.
	find     func(find int) (blind bool, err error)
	requests int
	finds    int
	lists    int            // from the beginning
	largest  int            // records in a request
	creates  map[string]int // of a record, by its name
}

func newTable(makesIDs bool) *table {
	return &table{rows: make(map[string]bulk.Record), creates: make(map[string]int), makesIDs: makesIDs, page: 100}
}

func (t *table) Create(_ context.Context, records []bulk.Record) []bulk.Outcome {
	time.Sleep(t.latency)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	if t.limit != nil && !t.limit(len(records)) {
		outcomes := make([]bulk.Outcome, len(records))
		for i := range outcomes {
			outcomes[i] = bulk.Outcome{Verdict: bulk.Throttled, After: t.after}
		}
		return outcomes
	}
	t.largest = max(t.largest, len(records))
	outcomes := make([]bulk.Outcome, len(records))
	if t.makesIDs && records[0]["id"] != "" {
		for i := range outcomes {
			outcomes[i] = bulk.Outcome{Verdict: bulk.NoID, Err: errors.New("no id is taken")}
		}
		return outcomes
	}
	verdict, stored := bulk.Done, true
	if t.trouble != nil {
		verdict, stored = t.trouble(t.requests)
	}
	for i, record := range records {
		t.creates[record["name"]]++
		if t.answer != nil {
			if outcome, stored := t.answer(record); outcome != nil {
				if outcomes[i] = *outcome; stored {
					t.store(record)
				}
				continue
			}
		}
		if stored {
			outcomes[i] = t.store(record)
		}
		if verdict != bulk.Done {
			outcomes[i] = bulk.Outcome{Verdict: verdict, Err: errLost, After: t.after}
		}
	}
	return outcomes
}

func (t *table) store(record bulk.Record) bulk.Outcome {
	if t.refuse != nil {
		if fault := t.refuse(record); fault != nil {
			return bulk.Outcome{Verdict: bulk.Refused, Fault: *fault}
		}
	}
	id := record["id"]
	if t.makesIDs {
		id = fmt.Sprintf("made-%d", len(t.rows))
		for t.rows[id] != nil {
			id += "x"
		}
	}
	record = maps.Clone(record)
	record["id"] = id
	if there, taken := t.rows[id]; taken && !(t.lenient && maps.Equal(there, record)) {
		return bulk.Outcome{Verdict: bulk.Taken}
	}
	t.rows[id] = record
	return bulk.Outcome{Verdict: bulk.Done, ID: id}
}

func (t *table) Find(_ context.Context, ids []string) (map[string]bulk.Record, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.finds++
	found := make(map[string]bulk.Record)
	if t.find != nil {
		if blind, err := t.find(t.finds); blind || err != nil {
			return found, err
		}
	}
	for _, id := range ids {
		if record, ok := t.rows[id]; ok {
			found[id] = record
		}
	}
	return found, nil
}

func (t *table) List(_ context.Context, token string) (bulk.Page, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.noList {
		return bulk.Page{}, bulk.ErrNoList
	}
	if token == "" {
		t.lists++
	}
	ids := slices.Sorted(maps.Keys(t.rows))
	from, _ := strconv.Atoi(token)
	to := min(from+t.page, len(ids))
	var page bulk.Page
	for _, id := range ids[min(from, to):to] {
		page.Records = append(page.Records, maps.Clone(t.rows[id]))
	}
	if to < len(ids) {
		page.Next = strconv.Itoa(to)
	}
	return page, nil
}
