package output_test

import (
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/output"
)

func TestSpan(t *testing.T) {
	tests := []struct {
		d    time.Duration
		want string
	}{
		{0, "0 s"},
		{400 * time.Millisecond, "0 s"},
		{1500 * time.Millisecond, "2 s"},
		{59 * time.Second, "59 s"},
		{59600 * time.Millisecond, "1 min"},
		{time.Minute, "1 min"},
		{89 * time.Second, "1 min"},
		{90 * time.Second, "2 min"},
		{59*time.Minute + 29*time.Second, "59 min"},
		{59*time.Minute + 30*time.Second, "1 h"},
		{time.Hour, "1 h"},
		{90 * time.Minute, "1 h 30 min"},
		{90*time.Minute + 40*time.Second, "1 h 31 min"},
		{119*time.Minute + 40*time.Second, "2 h"},
		{24 * time.Hour, "24 h"},
		{47*time.Hour + 59*time.Minute, "47 h 59 min"},
		{47*time.Hour + 59*time.Minute + 40*time.Second, "2 days"},
		{71 * time.Hour, "2 days"},
		{30 * 24 * time.Hour, "30 days"},
	}
	for _, tt := range tests {
		if got := output.Span(tt.d); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.d, got, tt.want)
		}
	}
}
