package doctor_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// A check that breaks down is unknown, and the others go on.
func TestExaminePanic(t *testing.T) {
	burst := round(func(*http.Request) (*http.Response, error) { panic("burst") })
	tests := []struct {
		name    string
		change  func(*doctor.Subject)
		checks  []doctor.ID // those that break down
		passing []doctor.ID
	}{
		{"token", func(s *doctor.Subject) { s.Token = func(context.Context) (string, error) { panic("burst") } }, []doctor.ID{"AUTH-001"}, []doctor.ID{"OIDC-004", "API-001"}},
		{"store", func(s *doctor.Subject) { s.Store.Probe = func(context.Context) error { panic("burst") } }, []doctor.ID{"STORE-001"}, []doctor.ID{"AUTH-013"}},
		{"lookup", func(s *doctor.Subject) {
			s.LookupHost = func(context.Context, string) ([]string, error) { panic("burst") }
		}, []doctor.ID{"NET-002", "NET-005"}, []doctor.ID{"AUTH-013"}},
		{"provider", func(s *doctor.Subject) { s.Provider.Transport = burst }, []doctor.ID{"NET-006"}, []doctor.ID{"AUTH-013"}},
		{"anonymous call", func(s *doctor.Subject) { s.Plain = burst }, []doctor.ID{"NET-003"}, []doctor.ID{"AUTH-013"}},
		{"account", func(s *doctor.Subject) {
			s.Account = accounts(func() (*awsaccount.API, error) { panic("burst") })
		}, []doctor.ID{"API-004"}, []doctor.ID{"AUTH-013", "API-001"}},
		{"nothing at hand", func(s *doctor.Subject) { s.Provider = nil }, []doctor.ID{"NET-006"}, []doctor.ID{"AUTH-013"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := examineAll(t, t.Context(), func(_ *tokenWorld, s *doctor.Subject, _ <-chan struct{}) { tt.change(s) })
			for _, id := range tt.checks {
				got.want(t, id, "unknown: the check itself broke down")
				if err := got.findings[id].Err; err == nil || !strings.HasPrefix(err.Error(), "check "+string(id)+" broke down: ") {
					t.Errorf("the error of %s is %v", id, err)
				}
			}
			for _, id := range tt.passing {
				if !got.findings[id].Passed() {
					t.Errorf("%s is %s: %s", id, got.findings[id].Result, got.findings[id].Message)
				}
			}
		})
	}
}

// A check that makes no sense any more names the first one that stopped it.
func TestExamineSkipped(t *testing.T) {
	unset := func(name string) func(*doctor.Subject) {
		return func(s *doctor.Subject) {
			for i := range s.Settings {
				if s.Settings[i].Name == name {
					s.Settings[i].Value = ""
				}
			}
		}
	}
	tests := []struct {
		name    string
		change  func(*doctor.Subject)
		skipped []doctor.ID
		because doctor.ID
		reason  string
	}{
		{"a failure", func(s *doctor.Subject) {
			for i := range s.Settings {
				if s.Settings[i].Name == "endpoint" {
					s.Settings[i].Value = "http://api.example.com/graphql"
				}
			}
		}, []doctor.ID{"SET-003", "NET-002", "NET-003", "NET-004"}, "SET-002", ""},
		{"something unknown", func(s *doctor.Subject) {
			s.Token = func(context.Context) (string, error) { return "", errors.New("a riddle") }
		}, []doctor.ID{"AUTH-002", "AUTH-004", "AUTH-005", "AUTH-006", "AUTH-013"}, "AUTH-001", ""},
		{"something that makes no sense itself", unset("issuer"), []doctor.ID{"SET-005", "NET-005", "NET-006", "OIDC-001", "OIDC-004", "AUTH-005", "AUTH-006"}, "", "no issuer is set"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := examineAll(t, t.Context(), func(_ *tokenWorld, s *doctor.Subject, _ <-chan struct{}) { tt.change(s) })
			for _, id := range tt.skipped {
				finding := got.findings[id]
				if finding.Result != doctor.Skipped || finding.Because != tt.because || tt.because == "" && finding.Message != tt.reason {
					t.Errorf("%s is %s because of %q: %s", id, finding.Result, finding.Because, finding.Message)
				}
			}
		})
	}
}

// Ctrl-C ends the checks at once. What was known stays known.
func TestExamineInterrupted(t *testing.T) {
	errStop := errors.New("stop")
	tests := []struct {
		name  string
		after time.Duration
		deaf  bool
	}{
		{"before the start", 0, false},
		{"while a check listens", time.Second, false},
		{"while a check does not", time.Second, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				if tt.after == 0 {
					cancel(errStop)
				}
				defer time.AfterFunc(tt.after, func() { cancel(errStop) }).Stop()
				asked := false
				got := examineAll(t, ctx, func(_ *tokenWorld, s *doctor.Subject, released <-chan struct{}) {
					s.Token = func(ctx context.Context) (string, error) {
						asked = true
						if tt.deaf {
							<-released
							return "", nil
						}
						<-ctx.Done()
						return "", ctx.Err()
					}
				})
				synctest.Wait() // for what a check has begun
				if asked != (tt.after > 0) {
					t.Errorf("the token was asked for: %t", asked)
				}
				got.want(t, "AUTH-001", "unknown: interrupted")
				if err := got.findings["AUTH-001"].Err; !errors.Is(err, errStop) {
					t.Errorf("the error is %v", err)
				}
				if got.took != tt.after {
					t.Errorf("took %s, want %s", got.took, tt.after)
				}
				if tt.after == 0 {
					got.want(t, "SET-002", "unknown: interrupted")
				} else if !got.findings["STORE-003"].Passed() {
					t.Errorf("STORE-003 is %s", got.findings["STORE-003"].Result)
				}
			})
		})
	}
}
