package bulk

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// The limits of DynamoDB (developer guide, "Quotas"), in bytes.
const (
	maxItem = 400 << 10 // names and values of an item
	maxKey  = 2048      // of a partition key
)

// A Schema is what an API takes to create a record.
type Schema struct {
	Fields   []string // all but the id, in the order in which files are written
	Required []string // those of Fields that must be set
}

// A Shard is one of Count parts of a file, from 1. Rows with the same content are in
// the same shard, so that no shard takes another's row for its own. The zero Shard is
// the whole file.
type Shard struct{ Index, Count int }

func (s Shard) String() string {
	if s.Count == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

func (s Shard) holds(digest Digest) bool {
	return s.Count == 0 || binary.BigEndian.Uint64(digest[:])%uint64(s.Count) == uint64(s.Index-1) //nolint:gosec // both are positive
}

// A Plan is what the check of an input found, before anything was sent.
type Plan struct {
	Rows      int // to import, good and faulty
	Elsewhere int // rows of other shards
	Faulty    int
	Repeated  int         // rows whose content an earlier row has too
	First     []FaultyRow // the first faulty rows

	ledger  *ledger
	digests map[Digest]struct{} // of the good rows
}

// A FaultyRow is a row that cannot be imported.
type FaultyRow struct {
	Row  int `json:"row"`
	Line int `json:"line"`
	Fault
}

// Check reads the whole input and checks every row against the schema. In journal mode
// a row may have no id. It sends nothing.
func Check(in *Input, schema Schema, mode Mode, shard Shard) (*Plan, error) {
	check := checker{schema: schema, mode: mode, shard: shard, ids: make(map[string]int)}
	check.plan = &Plan{ledger: &ledger{}, digests: make(map[Digest]struct{})}
	for row, err := range in.Rows() {
		if err != nil {
			return nil, err
		}
		check.row(row)
	}
	return check.plan, nil
}

type checker struct {
	plan   *Plan
	schema Schema
	mode   Mode
	shard  Shard
	ids    map[string]int // the line of each id
}

func (c *checker) row(row Row) {
	const shown = 10
	if c.shard.Count > 0 && !c.shard.holds(shardKey(row)) {
		c.plan.Elsewhere++
		c.plan.ledger.add(Elsewhere)
		return
	}
	c.plan.Rows++
	fault := c.fault(row)
	if fault == nil {
		digest := row.Record.Digest()
		if _, repeated := c.plan.digests[digest]; repeated {
			c.plan.Repeated++
		}
		c.plan.digests[digest] = struct{}{}
		c.plan.ledger.add(Pending)
		return
	}
	c.plan.Faulty++
	c.plan.ledger.add(Pending)
	c.plan.ledger.set(row.Number, Rejected)
	c.plan.ledger.because(row.Number, *fault)
	if len(c.plan.First) < shown {
		c.plan.First = append(c.plan.First, FaultyRow{row.Number, row.Line, *fault})
	}
}

// shardKey is the content of a row, or its text if it has none.
func shardKey(row Row) Digest {
	if row.Fault != nil {
		return Record{"": string(row.Raw)}.Digest()
	}
	return row.Record.Digest()
}

func (c *checker) fault(row Row) *Fault {
	if row.Fault != nil {
		return row.Fault
	}
	id, hasID := row.Record[IDField]
	switch {
	case hasID && c.mode == JournalMode:
		return &Fault{Field: IDField, Reason: "this API makes the id itself"}
	case hasID && id == "":
		return &Fault{Field: IDField, Reason: "the id is empty"}
	case len(id) > maxKey:
		return &Fault{Field: IDField, Reason: fmt.Sprintf("the id has more than %d bytes", maxKey)}
	case len(row.Record) == 0:
		return &Fault{Reason: "no field is set"}
	}
	size := 0
	for name, value := range row.Record {
		if name != IDField && !slices.Contains(c.schema.Fields, name) {
			return &Fault{Field: name, Reason: "the API has no such field"}
		}
		size += len(name) + len(value)
	}
	if size > maxItem {
		return &Fault{Reason: fmt.Sprintf("the row has more than %d KiB", maxItem>>10)}
	}
	for _, name := range c.schema.Required {
		if _, set := row.Record[name]; !set {
			return &Fault{Field: name, Reason: "the API requires this field"}
		}
	}
	if hasID {
		if line, twice := c.ids[id]; twice {
			return &Fault{Field: IDField, Reason: fmt.Sprintf("line %d has the same id", line)}
		}
		c.ids[id] = row.Line
	}
	return nil
}
