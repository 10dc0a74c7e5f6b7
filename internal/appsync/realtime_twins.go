package appsync

import (
	"maps"
	"slices"
	"time"
)

// twinTime is how far apart two connections may announce the same change.
const twinTime = 10 * time.Second

// twins finds the changes that overlapping connections all announce: two, or three
// while the next one is being made. Each announces a change at most once, so a change
// that another one has announced, and this one has not, is a double.
type twins map[sight][]*sighting

type sight struct {
	operation Operation
	digest    string
}

type sighting struct {
	on []*Feed // those that have announced it
	at time.Time
}

// double reports whether another connection has announced the change already.
func (t twins) double(change Change, on *Feed, now time.Time) bool {
	if len(t)%1000 == 999 {
		maps.DeleteFunc(t, func(_ sight, all []*sighting) bool { return now.Sub(all[len(all)-1].at) > twinTime })
	}
	key := sight{change.Operation, digest(change.Customer)}
	recent := slices.DeleteFunc(t[key], func(s *sighting) bool { return now.Sub(s.at) > twinTime })
	for _, s := range recent {
		// What was announced before this connection was even asked for is no double,
		// but the same change made once more.
		if !slices.Contains(s.on, on) && !s.at.Before(on.asked) {
			s.on = append(s.on, on)
			t[key] = recent
			return true
		}
	}
	t[key] = append(recent, &sighting{[]*Feed{on}, now})
	return false
}
