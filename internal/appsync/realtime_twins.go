package appsync

import (
	"maps"
	"slices"
	"time"
)

// twinTime is how far apart two connections may announce the same change.
const twinTime = 10 * time.Second

// twins finds the changes that two overlapping connections both announce. Each
// announces a change at most once, so the second sight of one is a double if the
// first was on the other connection.
type twins map[sight][]sighting

type sight struct {
	operation Operation
	digest    string
}

type sighting struct {
	on *Feed
	at time.Time
}

// double reports whether the other connection has announced a change already.
func (t twins) double(change Change, on *Feed, now time.Time) bool {
	if len(t)%1000 == 999 {
		maps.DeleteFunc(t, func(_ sight, all []sighting) bool { return now.Sub(all[len(all)-1].at) > twinTime })
	}
	key := sight{change.Operation, digest(change.Customer)}
	before := t[key]
	for i, s := range before {
		if s.on != on && now.Sub(s.at) <= twinTime {
			if t[key] = slices.Delete(before, i, i+1); len(t[key]) == 0 {
				delete(t, key)
			}
			return true
		}
	}
	t[key] = append(before, sighting{on, now})
	return false
}
