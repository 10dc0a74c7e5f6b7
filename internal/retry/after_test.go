package retry_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/retry"
)

func TestAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const year = 365 * 24 * time.Hour
	tests := []struct {
		value string
		want  time.Duration
	}{
		{"", 0},
		{"0", 0},
		{"7", 7 * time.Second},
		{" 120 ", 2 * time.Minute},
		{"Fri, 02 Jan 2026 03:04:35 GMT", 30 * time.Second},
		{"Fri, 02 Jan 2026 03:04:00 GMT", 0},
		{"Fri, 02 Jan 2099 03:04:00 GMT", year},
		{"99999999999", year},
		{"99999999999999999999999", year},
		{"-1", 0},
		{"1.5", 0},
		{"soon", 0},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			if got := retry.After(http.Header{"Retry-After": {tt.value}}, now); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
