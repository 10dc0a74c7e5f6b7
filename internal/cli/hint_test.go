package cli_test

import (
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/cli"
)

func TestHint(t *testing.T) {
	for _, tt := range failures() {
		for _, way := range ways {
			if got := cli.Hint(way.come(tt.err)); got != tt.hint {
				t.Errorf("%s, %s:\ngot  %q\nwant %q", tt.name, way.name, got, tt.hint)
			}
		}
	}
}

func TestQuotaHint(t *testing.T) {
	perHour := auth.Quota{Owner: "client", Bucket: "per_hour", Limit: 10, Remaining: 3, Reset: 10 * time.Minute}
	perDay := auth.Quota{Owner: "organization", Bucket: "per_day", Limit: 100, Reset: 23 * time.Hour}
	tests := []struct {
		name   string
		quotas []auth.Quota
		wait   time.Duration
		want   string
	}{
		{"nothing known", nil, 0, "the provider throttles: try again later"},
		{"a wait", nil, 90 * time.Second, "the provider asks to wait for 2 min"},
		{"a quota", []auth.Quota{perDay}, 0, "the organization quota of 100 requests per day is used up; it resets in 23 h"},
		{"the one that is used up", []auth.Quota{perHour, perDay}, time.Minute, "the organization quota of 100 requests per day is used up; it resets in 23 h"},
		{"none is used up", []auth.Quota{perHour}, time.Minute, "the provider asks to wait for 1 min"},
		{"a reset that is not told", []auth.Quota{{Owner: "client", Bucket: "per_hour", Limit: 10}}, 0, "the provider throttles: try again later"},
	}
	for _, tt := range tests {
		if got := cli.QuotaHint(&auth.Error{Status: 429, Quotas: tt.quotas, RetryAfter: tt.wait}); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
