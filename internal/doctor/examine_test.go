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

// TestCatalogue holds every check to what the help and the reports promise of it.
func TestCatalogue(t *testing.T) {
	order := []doctor.Category{doctor.Settings, doctor.Network, doctor.Provider, doctor.Storage, doctor.Token, doctor.API}
	place := 0
	seen := make(map[doctor.ID]bool)
	for _, check := range doctor.Catalogue() {
		for place < len(order) && order[place] != check.Category {
			place++
		}
		if place == len(order) {
			t.Fatalf("%s is in the category %s, which is out of order", check.ID, check.Category)
		}
		if seen[check.ID] {
			t.Errorf("two checks are called %s", check.ID)
		}
		if check.Title == "" || len(check.Meaning) < 80 {
			t.Errorf("%s has no title, or too few words on what it means", check.ID)
		}
		if found, ok := doctor.Find(check.ID); !ok || found.Title != check.Title {
			t.Errorf("Find(%q) returned %q, %t", check.ID, found.Title, ok)
		}
		for _, id := range check.Needs() {
			if !seen[id] {
				t.Errorf("%s needs %s, which does not come before it", check.ID, id)
			}
		}
		seen[check.ID] = true
	}
	if _, ok := doctor.Find("AUTH-999"); ok {
		t.Error("Find has found AUTH-999")
	}
}
