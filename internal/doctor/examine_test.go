// The runner, with the checks as they are: what a set-up's functions do to it when
// they hang, deaf or not, and when they break down.

package doctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// round is a function that is a transport.
type round func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (r round) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }

// accounts is a function that is an account.
type accounts func() (*awsaccount.API, error)

// API implements doctor.Account.
func (a accounts) API(context.Context, string) (*awsaccount.API, error) { return a() }

// A run is what came of an examination, and when.
type run struct {
	findings map[doctor.ID]doctor.Finding
	at       map[doctor.ID]time.Duration // when done was told of a finding, since the start
	took     time.Duration
}

// examineAll runs all checks on a sound set-up but for what change does to it, and
// holds the run to what is true of any. What release is called for ends when all
// findings are there: it unblocks what was deaf.
func examineAll(t *testing.T, ctx context.Context, change func(w *tokenWorld, s *doctor.Subject, released <-chan struct{})) run { //nolint:revive // the test comes first
	t.Helper()
	w := newTokenWorld(t)
	token := w.token(nil)
	subject := w.subject(nil, func(context.Context) (string, error) { return token, nil })
	subject.Store = &doctor.Store{Name: "file", Probe: func(context.Context) error { return nil }}
	released := make(chan struct{})
	defer close(released)
	change(w, subject, released)

	result := run{findings: make(map[doctor.ID]doctor.Finding), at: make(map[doctor.ID]time.Duration)}
	start := time.Now()
	var told []doctor.ID
	all := doctor.Examine(ctx, subject, func(finding doctor.Finding) {
		told = append(told, finding.ID)
		result.at[finding.ID] = time.Since(start)
	})
	result.took = time.Since(start)

	var returned, catalogue []doctor.ID
	for _, finding := range all {
		returned = append(returned, finding.ID)
		result.findings[finding.ID] = finding
		if finding.Result == "" || finding.Message == "" && finding.Because == "" {
			t.Errorf("%s says nothing: %+v", finding.ID, finding.Verdict)
		}
		wantSentence(t, finding)
		if _, err := json.Marshal(finding.Evidence); err != nil {
			t.Errorf("%s: %v", finding.ID, err)
		}
	}
	for _, check := range doctor.Catalogue() {
		catalogue = append(catalogue, check.ID)
	}
	if !slices.Equal(returned, catalogue) || !slices.Equal(told, catalogue) {
		t.Errorf("returned %v\ntold     %v\nwant     %v", returned, told, catalogue)
	}
	return result
}

// want compares the result and the message of a check with text: "unknown: interrupted".
func (r run) want(t *testing.T, id doctor.ID, text string) {
	t.Helper()
	if got := string(r.findings[id].Result) + ": " + r.findings[id].Message; got != text {
		t.Errorf("%s is %q, want %q", id, got, text)
	}
}

// A check that does not listen to its context is given up at its own limit, and what
// stands before it has been told by then.
func TestExamineDeafCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := examineAll(t, t.Context(), func(_ *tokenWorld, s *doctor.Subject, released <-chan struct{}) {
			s.Token = func(context.Context) (string, error) {
				<-released
				return "", errors.New("too late")
			}
		})
		got.want(t, "AUTH-001", "unknown: no answer within 8.5s")
		if !errors.Is(got.findings["AUTH-001"].Err, context.DeadlineExceeded) {
			t.Errorf("the error is %v", got.findings["AUTH-001"].Err)
		}
		for id, at := range got.at {
			switch {
			case strings.HasPrefix(string(id), "AUTH") || strings.HasPrefix(string(id), "API"):
				if at < 8500*time.Millisecond {
					t.Errorf("%s was told after %s, before AUTH-001 was known", id, at)
				}
			case at != 0:
				t.Errorf("%s was told after %s, although nothing held it up", id, at)
			}
		}
		if got.took > 10*time.Second {
			t.Errorf("took %s", got.took)
		}
	})
}

// A check that listens says itself that time is up.
func TestExamineListeningCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := examineAll(t, t.Context(), func(_ *tokenWorld, s *doctor.Subject, _ <-chan struct{}) {
			s.Token = func(ctx context.Context) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
			}
		})
		got.want(t, "AUTH-001", "unknown: no token within 8s")
		if got.at["AUTH-001"] != 8*time.Second {
			t.Errorf("AUTH-001 took %s, want 8s", got.at["AUTH-001"])
		}
	})
}

// Whoever sets the deadlines is told of each, and of whose it is.
func TestExamineDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := make(chan string, 1000)
		got := examineAll(t, t.Context(), func(_ *tokenWorld, s *doctor.Subject, _ <-chan struct{}) {
			s.Token = func(ctx context.Context) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
			}
			s.Deadline = func(ctx context.Context, limit time.Duration, whose string) (context.Context, context.CancelFunc) {
				set <- strings.TrimSpace(whose + " " + limit.String())
				if whose == "AUTH-001/ask" {
					return context.WithTimeout(ctx, time.Hour)
				}
				return context.WithTimeout(ctx, 20*time.Hour)
			}
		})
		got.want(t, "AUTH-001", "unknown: no token within 8s")
		if got.took != time.Hour {
			t.Errorf("took %s, want 1h", got.took)
		}
		close(set)
		var all []string
		for text := range set {
			all = append(all, text)
		}
		for _, want := range []string{"10s", "SET-001 3s", "AUTH-001 8.5s", "AUTH-001/ask 8s", "NET-003/ask 3s", "NET-006/ask 3s", "OIDC-004/ask 3s", "STORE-001/ask 4s"} {
			if !slices.Contains(all, want) {
				t.Errorf("no deadline %q was set among %q", want, all)
			}
		}
	})
}

// All checks together have ten seconds, however they wait for each other.
func TestExamineTotal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := examineAll(t, t.Context(), func(_ *tokenWorld, s *doctor.Subject, released <-chan struct{}) {
			s.LookupHost = func(_ context.Context, host string) ([]string, error) {
				if host == "tenant.eu.auth0.com" {
					<-released
				}
				return []string{"192.0.2.1"}, nil
			}
			s.Token = func(context.Context) (string, error) {
				<-released
				return "", errors.New("too late")
			}
		})
		got.want(t, "NET-005", "unknown: no answer within 3.5s")
		got.want(t, "AUTH-001", "unknown: no answer within the 10s that all checks have")
		if got.took != 10*time.Second {
			t.Errorf("took %s, want 10s", got.took)
		}
	})
}

// Not even a set-up of which nothing answers holds the checks up.
func TestExamineNothingAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := examineAll(t, t.Context(), func(_ *tokenWorld, s *doctor.Subject, released <-chan struct{}) {
			never := errors.New("too late")
			hang := round(func(*http.Request) (*http.Response, error) {
				<-released
				return nil, never
			})
			s.Token = func(context.Context) (string, error) {
				<-released
				return "", never
			}
			s.Plain, s.Authorized, s.Provider.Transport = hang, hang, hang
			s.Store.Probe = func(context.Context) error {
				<-released
				return never
			}
			s.Account = accounts(func() (*awsaccount.API, error) {
				<-released
				return nil, never
			})
		})
		for _, id := range []doctor.ID{"NET-003", "NET-006", "STORE-001", "AUTH-001", "API-004"} {
			if got.findings[id].Result != doctor.Unknown {
				t.Errorf("%s is %s", id, got.findings[id].Result)
			}
		}
		for id, finding := range got.findings {
			if finding.Result == doctor.Failure {
				t.Errorf("%s is called a failure: %s", id, finding.Message)
			}
		}
		if got.took > 10*time.Second {
			t.Errorf("took %s", got.took)
		}
	})
}

// A provider that hangs leaves time to say so, and says nothing of an API that answers.
func TestExamineProviderHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := examineAll(t, t.Context(), func(_ *tokenWorld, s *doctor.Subject, _ <-chan struct{}) {
			s.Provider = client(hanging{})
			s.Token = func(ctx context.Context) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
			}
		})
		got.want(t, "AUTH-001", "unknown: no token within 6.5s: see NET-006")
		for _, id := range []doctor.ID{"API-001", "API-002"} { // the world takes any token
			if finding := got.findings[id]; finding.Result != doctor.OK {
				t.Errorf("%s is %s: %s", id, finding.Result, finding.Message)
			}
		}
		if finding := got.findings["API-011"]; finding.Result != doctor.Skipped || finding.Because != "AUTH-001" {
			t.Errorf("API-011 is %s because of %q: %s", finding.Result, finding.Because, finding.Message)
		}
		if got.took != 9500*time.Millisecond {
			t.Errorf("took %s, want 9.5s", got.took)
		}
	})
}
