package bulk

import "iter"

// feed hands out the rows that are still to be sent: first those that come back, then
// those of the input. It reads the input once, in order.
type feed struct {
	back   []item
	ledger *ledger
	pull   func() (Row, error, bool)
	stop   func()
	ended  bool
}

func newFeed(in *Input, ledger *ledger) *feed {
	f := &feed{ledger: ledger}
	f.pull, f.stop = iter.Pull2(in.Rows())
	return f
}

// again takes rows back.
func (f *feed) again(items ...item) { f.back = append(f.back, items...) }

// empty reports whether there is nothing to hand out.
func (f *feed) empty() bool { return f.ended && len(f.back) == 0 }

// next returns the next row, or false. A row that was sent by a process that has ended
// since is handed out too; its state in the ledger is Sent.
func (f *feed) next() (item, bool, error) {
	if last := len(f.back) - 1; last >= 0 {
		it := f.back[last]
		f.back = f.back[:last]
		return it, true, nil
	}
	for !f.ended {
		row, err, ok := f.pull()
		if err != nil {
			return item{}, false, err
		}
		if !ok {
			f.ended = true
			break
		}
		if !f.ledger.has(row.Number) {
			return item{}, false, &ChangedError{"the input"}
		}
		if state := f.ledger.state(row.Number); state == Pending || state == Sent {
			return item{row: row.Number, record: row.Record}, true, nil
		}
	}
	return item{}, false, nil
}
