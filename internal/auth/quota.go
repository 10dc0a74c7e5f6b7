// How many tokens may still be asked for. Auth0 counts and bills tokens for
// machines, and a pipeline wants to know before it stands still.

package auth

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// A Quota is a limit on requests, as an answer's header told it.
type Quota struct {
	Owner     string        // whose limit it is: "client", "organization" or "tenant"
	Bucket    string        // "per_hour", "per_day"; empty for the tenant's rate limit
	Limit     int64         // requests per bucket
	Remaining int64         // requests left
	Reset     time.Duration // until the bucket is full again, from the time of the answer
}

// quotas reads Auth0's limits on tokens for machines, which come with success and
// failure alike (https://auth0.com/docs/get-started/applications/fine-grained-m2m-token-quotas),
// and the usual X-RateLimit headers. What cannot be understood is left out.
func quotas(header http.Header, now time.Time) []Quota {
	var found []Quota
	for _, owner := range []string{"client", "organization"} {
		for _, value := range header.Values("Auth0-" + owner + "-Quota-Limit") {
			for bucket := range strings.SplitSeq(value, ",") {
				if q, ok := parseBucket(bucket); ok {
					q.Owner = owner
					found = append(found, q)
				}
			}
		}
	}
	if limit, ok := count(header.Get("X-RateLimit-Limit")); ok {
		if remaining, ok := count(header.Get("X-RateLimit-Remaining")); ok {
			found = append(found, Quota{
				Owner: "tenant", Limit: limit, Remaining: remaining,
				Reset: rateLimitReset(header, now),
			})
		}
	}
	return found
}

// parseBucket reads "b=per_hour;q=10;r=7;t=3540": bucket, quota, remaining,
// seconds until the reset.
func parseBucket(bucket string) (Quota, bool) {
	var q Quota
	var limit, remaining bool
	for field := range strings.SplitSeq(bucket, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch key {
		case "b":
			q.Bucket = value
		case "q":
			q.Limit, limit = count(value)
		case "r":
			q.Remaining, remaining = count(value)
		case "t":
			n, _ := count(value)
			q.Reset = inSeconds(n)
		}
	}
	return q, limit && remaining
}

// rateLimitReset reads X-RateLimit-Reset, which Auth0 and Okta give in seconds
// since 1970, others in seconds from now.
func rateLimitReset(header http.Header, now time.Time) time.Duration {
	n, ok := count(header.Get("X-RateLimit-Reset"))
	if !ok {
		return 0
	}
	if n < 1e8 { // three years
		return inSeconds(n)
	}
	return max(0, inSeconds(n-now.Unix()))
}

// retryAfter says how long a throttled client must wait: Retry-After in seconds
// or as a date (RFC 9110, section 10.2.3), else the latest reset of a used-up quota.
func retryAfter(header http.Header, quotas []Quota, now time.Time) time.Duration {
	if wait := retry.After(header, now); wait > 0 {
		return wait
	}
	var wait time.Duration
	for _, q := range quotas {
		if q.Remaining == 0 {
			wait = max(wait, q.Reset)
		}
	}
	return wait
}

func count(value string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	return n, err == nil && n >= 0
}

func inSeconds(n int64) time.Duration {
	return min(longest, time.Duration(min(n, math.MaxInt64/int64(time.Second)))*time.Second)
}
