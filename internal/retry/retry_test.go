package retry_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/retry"
)

type passing bool

func (passing) Error() string     { return "fault" }
func (p passing) Temporary() bool { return bool(p) }

func TestTemporary(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want bool
	}{
		{"none", nil, false},
		{"one that does not know", errors.New("fault"), false},
		{"one that passes", passing(true), true},
		{"one that stays", passing(false), false},
		{"within a text", fmt.Errorf("list: %w", passing(true)), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := retry.Temporary(tt.err); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
