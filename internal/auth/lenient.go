// Reading JSON from providers that disagree on types: a lifetime comes as 900, "900"
// or 900.0, an audience as a string or a list. What cannot be understood is absent.

package auth

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// longest bounds every duration that a server names, far from overflow.
const longest = 10 * 365 * 24 * time.Hour

// endOfTime is the first second that RFC 3339, and so JSON, cannot hold.
var endOfTime = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)

// text reads a JSON string.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// list reads a JSON list of strings; a lone string is split by split.
func list(raw json.RawMessage, split func(string) []string) []string {
	if s := text(raw); s != "" {
		return split(s)
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return nil
	}
	var texts []string
	for _, item := range items {
		if s := text(item); s != "" {
			texts = append(texts, s)
		}
	}
	return texts
}

// whole takes a lone string as the only item of a list.
func whole(s string) []string { return []string{s} }

// number reads a JSON number, or a string that holds one.
func number(raw json.RawMessage) (float64, bool) {
	digits := string(raw)
	if s := text(raw); s != "" {
		digits = strings.TrimSpace(s)
	}
	n, err := strconv.ParseFloat(digits, 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// seconds reads a positive number of seconds, at most longest; absent is zero.
func seconds(raw json.RawMessage) time.Duration {
	n, ok := number(raw)
	if !ok || n <= 0 {
		return 0
	}
	if n >= longest.Seconds() {
		return longest
	}
	return time.Duration(n * float64(time.Second))
}

// instant reads a NumericDate: seconds since 1970 (RFC 7519, section 2). Absent,
// or not on a calendar, is the zero time.
func instant(raw json.RawMessage) time.Time {
	n, ok := number(raw)
	if !ok || n <= 0 || n >= float64(endOfTime.Unix()) {
		return time.Time{}
	}
	return time.Unix(int64(n), 0).UTC()
}
