package retry

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longest bounds what a server can ask for, far from overflow.
const longest = 365 * 24 * time.Hour

// After returns the wait that a Retry-After header asks for, in seconds or as a date
// (RFC 9110, section 10.2.3); 0 when it asks for none, at most a year.
func After(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if date, err := http.ParseTime(value); err == nil {
		return min(longest, max(0, date.Sub(now)))
	}
	if value == "" || strings.Trim(value, "0123456789") != "" {
		return 0
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds > int64(longest/time.Second) { // a number, but too large
		return longest
	}
	return time.Duration(seconds) * time.Second
}
