// Limits: tokens for machines by hour and by day, and requests by minute, with the
// headers in which Auth0 tells what is left.

package auth0

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Quota limits how many client credentials tokens are made; 0 is no limit.
type Quota struct {
	PerHour int `yaml:"per_hour"`
	PerDay  int `yaml:"per_day"`
}

// usage counts what a client or an organization has used of its quota.
type usage struct{ hour, day bucket }

// bucket counts from start on, for as long as its user says.
type bucket struct {
	start time.Time
	used  int
}

// limits counts what clients ask for.
type limits struct {
	config Config

	mu     sync.Mutex // guards what follows
	quotas map[string]*usage
	window bucket // of Config.RateLimit
}

func newLimits(config Config) *limits {
	return &limits{config: config, quotas: map[string]*usage{}}
}

// spend takes one token from the quotas of a client and an organization, and writes
// what is left into the headers, on success and on refusal alike (Auth0,
// "Fine-grained M2M token quotas").
func (l *limits) spend(client *Client, organization *Organization, header http.Header) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.config.Now()
	wait, left := l.used("client "+client.ID).left(client.Quota, now)
	if left != "" {
		header.Set("Auth0-Client-Quota-Limit", left)
	}
	if wait > 0 {
		return errQuota("Client quota exceeded", wait)
	}
	if organization != nil {
		wait, left := l.used("organization "+organization.ID).left(organization.Quota, now)
		if left != "" {
			header.Set("Auth0-Organization-Quota-Limit", left)
		}
		if wait > 0 {
			return errQuota("Organization quota exceeded", wait)
		}
	}
	return nil
}

func (l *limits) used(whose string) *usage {
	u, ok := l.quotas[whose]
	if !ok {
		u = &usage{}
		l.quotas[whose] = u
	}
	return u
}

func errQuota(description string, wait time.Duration) error {
	return &refusal{
		status:      http.StatusTooManyRequests,
		retryAfter:  wait,
		Code:        "too_many_requests",
		Description: description,
	}
}

// left takes one from each bucket that q limits, unless one is empty. It returns how
// long until that one fills again, else 0, and the header that tells what remains.
func (u *usage) left(q Quota, now time.Time) (wait time.Duration, header string) {
	windows := []struct {
		name   string
		bucket *bucket
		quota  int
		length time.Duration
	}{
		{"per_hour", &u.hour, q.PerHour, time.Hour},
		{"per_day", &u.day, q.PerDay, 24 * time.Hour},
	}
	for _, w := range windows {
		if now.Sub(w.bucket.start) >= w.length {
			*w.bucket = bucket{start: now.Truncate(w.length)}
		}
		if w.quota > 0 && w.bucket.used >= w.quota {
			wait = max(wait, w.bucket.start.Add(w.length).Sub(now))
		}
	}
	var parts []string
	for _, w := range windows {
		if w.quota == 0 {
			continue
		}
		if wait == 0 {
			w.bucket.used++
		}
		parts = append(parts, fmt.Sprintf("b=%s;q=%d;r=%d;t=%d", w.name, w.quota, w.quota-w.bucket.used,
			int(w.bucket.start.Add(w.length).Sub(now).Seconds())))
	}
	return wait, strings.Join(parts, ",")
}

// limit holds requests to Config.RateLimit and writes Auth0's three headers, of
// which reset is in Unix seconds.
func (l *limits) limit(w http.ResponseWriter, _ *http.Request) error {
	if l.config.RateLimit == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.config.Now()
	if now.Sub(l.window.start) >= time.Minute {
		l.window = bucket{start: now}
	}
	l.window.used++
	reset := l.window.start.Add(time.Minute)
	header := w.Header()
	header.Set("X-RateLimit-Limit", strconv.Itoa(l.config.RateLimit))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, l.config.RateLimit-l.window.used)))
	header.Set("X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
	if l.window.used <= l.config.RateLimit {
		return nil
	}
	return &refusal{
		status:      http.StatusTooManyRequests,
		retryAfter:  max(time.Second, reset.Sub(now)),
		Code:        "too_many_requests",
		Description: "Global limit has been reached",
	}
}
