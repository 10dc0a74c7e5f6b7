package failure_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

func TestOf(t *testing.T) {
	lost := failure.Wrap(failure.Network, io.ErrUnexpectedEOF)
	tests := []struct {
		name string
		err  error
		want failure.Kind
	}{
		{"none", nil, failure.Other},
		{"of no kind", io.EOF, failure.Other},
		{"its own", lost, failure.Network},
		{"within a text", fmt.Errorf("renew: %w", lost), failure.Network},
		{"a setting behind a lost connection", failure.Wrap(failure.Network, failure.Errorf(failure.Usage, "no region")), failure.Usage},
		{"a refusal behind a lost connection", failure.Wrap(failure.Network, failure.Errorf(failure.Login, "refused")), failure.Network},
		{"one of several", errors.Join(io.EOF, failure.Wrap(failure.Login, lost)), failure.Network},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := failure.Of(tt.err); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestWrap(t *testing.T) {
	err := failure.Wrap(failure.Usage, io.EOF)
	if !errors.Is(err, io.EOF) || err.Error() != io.EOF.Error() {
		t.Errorf("got %v", err)
	}
	if err := failure.Wrap(failure.Usage, nil); err != nil {
		t.Errorf("got %v of nil", err)
	}
}
