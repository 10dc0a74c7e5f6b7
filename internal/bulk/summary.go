package bulk

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Summary says where every row of an input ended. Read is the sum of the six after it.
type Summary struct {
	Mode       Mode    `json:"mode"`
	Read       int     `json:"read"`
	Created    int     `json:"created"` // in key mode also what AppSync had, and was the same
	Already    int     `json:"already"`
	Conflict   int     `json:"conflict"`
	Rejected   int     `json:"rejected"`
	Unknown    int     `json:"unknown"` // sent, and nobody knows
	NotReached int     `json:"not_reached"`
	Elsewhere  int     `json:"other_shards,omitempty"` // rows that other shards read
	Seconds    float64 `json:"seconds"`                // of this run
	Rate       float64 `json:"rows_per_second"`        // of this run
}

// check reports a summary that does not add up.
func (s *Summary) check() error {
	if s.Read != s.Created+s.Already+s.Conflict+s.Rejected+s.Unknown+s.NotReached {
		return fmt.Errorf("the rows do not add up, which is a mistake of this program: %+v", *s)
	}
	return nil
}

// An ErrorLimit is how many rows may be rejected or in conflict: a number, or a
// percentage of the rows. More than that ends an import.
type ErrorLimit struct {
	Number  int
	Percent float64 // of the rows; holds when IsPercent
	// IsPercent says which of the two it is.
	IsPercent bool
}

// ParseErrorLimit reads "100" or "2.5%".
func ParseErrorLimit(text string) (ErrorLimit, error) {
	if share, ok := strings.CutSuffix(text, "%"); ok {
		percent, err := strconv.ParseFloat(share, 64)
		if err != nil || !(percent >= 0 && percent <= 100) {
			return ErrorLimit{}, fmt.Errorf("%q is no percentage between 0%% and 100%%", text)
		}
		return ErrorLimit{Percent: percent, IsPercent: true}, nil
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 0 {
		return ErrorLimit{}, fmt.Errorf("%q is neither a number of rows nor a percentage", text)
	}
	return ErrorLimit{Number: number}, nil
}

func (l ErrorLimit) String() string {
	if l.IsPercent {
		return strconv.FormatFloat(l.Percent, 'f', -1, 64) + "%"
	}
	return strconv.Itoa(l.Number)
}

// exceeded reports whether so many errors among so many rows are too many.
func (l ErrorLimit) exceeded(errors, rows int) bool {
	if l.IsPercent {
		return float64(errors) > float64(rows)*l.Percent/100
	}
	return errors > l.Number
}

// Allows reports whether a plan's faulty rows are within the limit.
func (l ErrorLimit) Allows(plan *Plan) bool { return !l.exceeded(plan.Faulty, plan.Rows) }

// Progress says how far an import is.
type Progress struct {
	Rows     int `json:"rows"` // to import
	Done     int `json:"done"` // created or already there
	Rejected int `json:"rejected"`
	Conflict int `json:"conflict"`
	Doubtful int `json:"doubtful"` // sent, answer lost

	Rate     float64       `json:"rows_per_second"` // over the last second
	Limit    float64       `json:"limit,omitempty"` // rows a second that the pacing allows; 0 is none
	InFlight int           `json:"in_flight"`
	Batch    int           `json:"batch"` // rows in a request
	P50      time.Duration `json:"p50_ns"`
	P99      time.Duration `json:"p99_ns"`
	Left     time.Duration `json:"left_ns"` // at the rate of this run; 0 when not known
}
