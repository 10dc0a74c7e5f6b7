package doctor_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// TestAPIProbes counts what is sent: each probe once, the token in its other form
// only after a refusal, and neither to where a redirect leads.
func TestAPIProbes(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("asked: %s %s", r.Method, r.URL)
	}))
	t.Cleanup(elsewhere.Close)
	away := reply{307, "", map[string]string{"Location": elsewhere.URL}}
	tests := []struct {
		name                           string
		own, turned                    reply
		wantOwn, wantTurned, wantOther int
	}{
		{"accepted", accepted, accepted, 5, 0, 2}, // with the list, and the schema in three calls
		{"refused", refusal("no"), refusal("no"), 1, 1, 2},
		{"sent away", away, away, 1, 0, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			api := &replies{anonymous: refusal("no"), own: tt.own, turned: tt.turned, nonsense: refusal("no"), list: listed}
			s := api.setup(t, "lambda")
			s.Realtime = nil
			examine(t, s.Subject)
			got := make(map[string]int)
			for _, authorization := range api.seen {
				got[authorization]++
			}
			own, turned := got[sampleToken], got["Bearer "+sampleToken]
			if own != tt.wantOwn || turned != tt.wantTurned || len(api.seen)-own-turned != tt.wantOther {
				t.Errorf("sent %v", got)
			}
		})
	}
}

// TestAPIWithoutCredentials shows nothing when there is nothing to show.
func TestAPIWithoutCredentials(t *testing.T) {
	api := &replies{anonymous: refusal("no"), own: accepted, nonsense: refusal("no"), list: listed}
	s := api.setup(t, "api-key")
	s.Authorized = nil
	findings, _ := examine(t, s.Subject)
	for _, id := range []doctor.ID{"API-005", "API-011"} { // not skipped because of what has passed
		wantFinding(t, findings[id], doctor.Unknown, "although SET-001 has passed")
	}
	for _, id := range []doctor.ID{"API-012", "API-014"} {
		wantFinding(t, findings[id], doctor.Skipped)
	}
	wantFinding(t, findings["API-002"], doctor.OK)
}

// TestAPIUnreached looks at nothing of an API that is not reached.
func TestAPIUnreached(t *testing.T) {
	s := (&replies{}).setup(t, "api-key")
	s.Plain = tripper(func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	})
	s.Authorized = s.Plain
	findings, first := examine(t, s.Subject)
	if first != "NET-003" {
		t.Errorf("%q is named first", first)
	}
	for id, finding := range findings {
		if finding.Category == doctor.API && id != "API-004" && (finding.Result != doctor.Skipped || finding.Because != "NET-003") {
			t.Errorf("%s: %s %q, because of %q", id, finding.Result, finding.Message, finding.Because)
		}
	}
}

// TestAPIHangs calls an API unknown that does not answer the caller in time, once.
func TestAPIHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		subject := newSubject("https://api.example.com/graphql", "", "api-key", nil)
		subject.Plain = static{401, refusal("no").body}
		subject.Authorized = tripper(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		findings, _ := examine(t, subject)
		wantFinding(t, findings["API-011"], doctor.Unknown, "did not answer")
		for _, id := range []doctor.ID{"API-005", "API-012", "API-013", "API-014"} {
			wantFinding(t, findings[id], doctor.Skipped)
		}
	})
}

// TestAPIUnsent tells a caller without credentials from a network without an answer.
func TestAPIUnsent(t *testing.T) {
	api := &replies{anonymous: refusal("no"), own: accepted, nonsense: refusal("no"), list: listed}
	for _, mode := range []string{"api-key", "iam"} {
		s := api.setup(t, mode)
		s.Authorized = tripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("no credentials today") })
		findings, first := examine(t, s.Subject)
		if first != "API-011" {
			t.Errorf("%s: %q is named first", mode, first)
		}
		wantFinding(t, findings["API-011"], doctor.Failure, "no credentials today")
		if findings["API-011"].Fix == "" {
			t.Errorf("%s: nothing to do", mode)
		}
	}
}

// TestAPIRealtimeHost tells a host that has no address from one that does not answer.
func TestAPIRealtimeHost(t *testing.T) {
	tests := []struct {
		name   string
		status int // 0 is no answer
		want   doctor.Result
		words  []string
	}{
		{"a proxy without WebSockets", 400, doctor.Failure, []string{"no WebSocket"}},
		{"out of order", 503, doctor.Unknown, nil},
		{"too many", 429, doctor.Unknown, nil},
		{"no answer", 0, doctor.Unknown, []string{"no connection"}},
		{"no such host", -1, doctor.Failure, []string{"has no address", "nslookup 127.0.0.1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			api := &replies{anonymous: refusal("no"), own: accepted, nonsense: refusal("no"), list: listed}
			s := api.setup(t, "lambda")
			s.Realtime.HTTP.Transport = tripper(func(req *http.Request) (*http.Response, error) {
				switch tt.status {
				case 0:
					return nil, errors.New("cut off")
				case -1:
					return nil, &net.DNSError{Err: "no such host", Name: req.URL.Hostname(), IsNotFound: true}
				}
				return static{tt.status, ""}.RoundTrip(req)
			})
			findings, _ := examine(t, s.Subject)
			wantFinding(t, findings["API-014"], tt.want, tt.words...)
		})
	}
}
