package retry_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/retry"
)

type passing bool

func (passing) Error() string     { return "fault" }
func (p passing) Transient() bool { return bool(p) }

func TestTransient(t *testing.T) {
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
		{"one of the system, which calls it temporary", &fs.PathError{Op: "open", Path: "state", Err: syscall.EMFILE}, false},
		{"a time limit", context.DeadlineExceeded, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := retry.Transient(tt.err); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestTransientStatus(t *testing.T) {
	for status := 100; status < 600; status++ {
		want := status == 500 || status == 502 || status == 503 || status == 504
		if got := retry.TransientStatus(status); got != want {
			t.Errorf("%d: got %v, want %v", status, got, want)
		}
	}
}

func TestPolicy(t *testing.T) {
	fault := errors.New("fault")
	backoff := retry.Backoff{First: time.Second, Factor: 2}
	always := func(_ int, _ error, wait time.Duration) (time.Duration, bool) { return wait, true }
	tests := []struct {
		name   string
		policy retry.Policy[int]
		errs   []error // of the tries, the last for ever
		tries  int
		want   error
		took   time.Duration
	}{
		{"at once", retry.Policy[int]{Backoff: backoff, Attempts: 4}, []error{nil}, 1, nil, 0},
		{"the zero value", retry.Policy[int]{}, []error{passing(true)}, 1, passing(true), 0},
		{"one that passes", retry.Policy[int]{Backoff: backoff, Attempts: 4}, []error{passing(true), passing(true), nil}, 3, nil, 3 * time.Second},
		{"one that stays", retry.Policy[int]{Backoff: backoff, Attempts: 4}, []error{passing(true), passing(false)}, 2, passing(false), time.Second},
		{"one that does not pass in time", retry.Policy[int]{Backoff: backoff, Attempts: 4}, []error{passing(true)}, 4, passing(true), 7 * time.Second},
		{"the budget", retry.Policy[int]{Backoff: backoff, Attempts: 9, Budget: 7 * time.Second}, []error{passing(true)}, 4, passing(true), 7 * time.Second},
		{"less than the budget", retry.Policy[int]{Backoff: backoff, Attempts: 9, Budget: 6 * time.Second}, []error{passing(true)}, 3, passing(true), 3 * time.Second},
		{"what is wrong without an error", retry.Policy[int]{Backoff: backoff, Attempts: 3, Again: always}, []error{nil}, 3, nil, 3 * time.Second},
		{"another wait", retry.Policy[int]{Attempts: 3, Again: func(int, error, time.Duration) (time.Duration, bool) {
			return time.Minute, true
		}}, []error{fault}, 3, fault, 2 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries, notices := 0, 0
				tt.policy.Notice = func(got int, _ error, _ time.Duration) {
					if notices++; got != notices {
						t.Errorf("notice %d is of try %d", notices, got)
					}
				}
				start := time.Now()
				got, err := tt.policy.Do(t.Context(), func() (int, error) {
					tries++
					return tries, tt.errs[min(tries, len(tt.errs))-1]
				})
				if got != tt.tries || tries != tt.tries || notices != tt.tries-1 || !errors.Is(err, tt.want) {
					t.Errorf("got %d, %v after %d tries and %d notices; want %v after %d", got, err, tries, notices, tt.want, tt.tries)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
			})
		})
	}
}

func TestPolicyEndsWithTheContext(t *testing.T) {
	enough := errors.New("enough")
	policy := retry.Policy[int]{Backoff: retry.Backoff{First: time.Minute, Factor: 1}, Attempts: 5}
	tests := []struct {
		name  string
		after time.Duration // until somebody has had enough
		tries int
		got   int
		want  error
	}{
		{"during a try", 30 * time.Second, 1, 1, passing(true)},
		{"during a wait", 90 * time.Second, 1, 0, enough},
		{"during a later try", 130 * time.Second, 2, 2, passing(true)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				time.AfterFunc(tt.after, func() { cancel(enough) })
				tries := 0
				got, err := policy.Do(ctx, func() (int, error) {
					tries++
					time.Sleep(time.Minute)
					return tries, passing(true)
				})
				if got != tt.got || tries != tt.tries || !errors.Is(err, tt.want) {
					t.Errorf("got %d, %v after %d tries; want %d, %v after %d", got, err, tries, tt.got, tt.want, tt.tries)
				}
			})
		})
	}
}
