package management_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/management"
)

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func respond(status int, body string, headers ...string) *http.Response {
	header := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

func over(f roundTrip) *management.Client {
	return &management.Client{
		Base: "https://tenant.example/api/v2/", Token: "t0ken", HTTP: &http.Client{Transport: f},
		Now: time.Now, Notice: func(string) {},
	}
}

// TestPages reads a list of 250 that moves by one while it is read.
func TestPages(t *testing.T) {
	var pages []string
	c := over(func(r *http.Request) (*http.Response, error) {
		if !strings.HasSuffix(r.URL.Path, "/clients") {
			return respond(200, `{"total":0,"start":0,"limit":100,"resource_servers":[],"client_grants":[]}`), nil
		}
		query := r.URL.Query()
		pages = append(pages, query.Get("page"))
		page, _ := strconv.Atoi(query.Get("page"))
		var entries []map[string]string
		for i := page * 100; i < min(250, page*100+100); i++ {
			n := i
			if page == 2 {
				n-- // somebody deleted one
			}
			entries = append(entries, map[string]string{"client_id": fmt.Sprint(n), "name": fmt.Sprint("client ", n)})
		}
		body, err := json.Marshal(map[string]any{"total": 250, "start": page * 100, "limit": 100, "clients": entries})
		return respond(200, string(body)), err
	})
	names := want()
	names.Machine, names.Native = "client 199", "client 248"
	plan, err := c.Plan(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Machine.ID != "199" || plan.Native.ID != "248" {
		t.Errorf("found %q and %q", plan.Machine.ID, plan.Native.ID)
	}
	if got := strings.Join(pages, " "); got != "0 1 2" {
		t.Errorf("pages %s", got)
	}
}

// TestWaits counts how often a request is sent, and how long is waited in between.
func TestWaits(t *testing.T) {
	reset := func(after time.Duration) string { return strconv.FormatInt(time.Now().Add(after).Unix(), 10) }
	tests := []struct {
		name     string
		answer   func() (*http.Response, error)
		reads    int // how often a GET is sent
		writes   int // how often a POST is
		waited   time.Duration
		failures int // before it is answered; -1: always
	}{
		{"Retry-After", func() (*http.Response, error) { return respond(429, "", "Retry-After", "7"), nil }, 2, 2, 7 * time.Second, 1},
		{"X-RateLimit-Reset", func() (*http.Response, error) {
			return respond(429, "", "X-RateLimit-Reset", reset(9*time.Second)), nil
		}, 2, 2, 9 * time.Second, 1},
		{"reset is past", func() (*http.Response, error) { return respond(429, "", "X-RateLimit-Reset", "1"), nil }, 2, 2, time.Second, 1},
		{"nothing said", func() (*http.Response, error) { return respond(429, ""), nil }, 3, 3, 3 * time.Second, 2},
		{"too long", func() (*http.Response, error) { return respond(429, "", "Retry-After", "61"), nil }, 1, 1, 0, -1},
		{"without end", func() (*http.Response, error) { return respond(429, ""), nil }, 5, 5, 15 * time.Second, -1},
		{"out of order", func() (*http.Response, error) { return respond(503, "<html>"), nil }, 2, 1, time.Second, 1},
		{"no answer", func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF }, 2, 1, time.Second, 1},
		{"refused", func() (*http.Response, error) { return respond(403, "{}"), nil }, 1, 1, 0, -1},
	}
	for _, tt := range tests {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(tt.name+" "+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					sent := 0
					c := over(func(r *http.Request) (*http.Response, error) {
						if r.Method != method {
							return respond(200, `{"total":0,"resource_servers":[],"clients":[],"client_grants":[]}`), nil
						}
						if sent++; sent <= tt.failures || tt.failures < 0 {
							return tt.answer()
						}
						return respond(200, `{"id":"1","client_id":"1","client_secret":"s","total":0,"resource_servers":[],"clients":[],"client_grants":[]}`), nil
					})
					begin := time.Now()
					plan, err := c.Plan(t.Context(), want())
					want, others := tt.reads, 1 // the other list
					if method == http.MethodPost {
						if err != nil {
							t.Fatal(err)
						}
						_, err = c.Apply(t.Context(), plan)
						want, others = tt.writes, 3
					}
					if tt.failures < 0 || want <= tt.failures {
						others = 0
						if err == nil {
							t.Error("it worked")
						}
					} else if err != nil {
						t.Error(err)
					}
					if sent != want+others {
						t.Errorf("sent %d times, want %d", sent, want+others)
					}
					if waited := time.Since(begin); want > 1 && waited != tt.waited || want == 1 && waited != 0 {
						t.Errorf("waited %v, want %v", waited, tt.waited)
					}
				})
			})
		}
	}
}

func TestWaitIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := over(func(*http.Request) (*http.Response, error) { return respond(429, "", "Retry-After", "50"), nil })
	c.Notice = func(string) { cancel() }
	if _, err := c.Plan(ctx, want()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestErrors(t *testing.T) {
	const planted = "t0ken"
	tests := []struct {
		name   string
		answer *http.Response
		want   string
	}{
		{"Auth0's words", respond(401, `{"statusCode":401,"error":"Unauthorized","message":"Invalid token"}`), "GET resource-servers of the Management API: 401: Invalid token"},
		{"a page", respond(403, `<html>`), "GET resource-servers of the Management API: 403: Forbidden"},
		{"a redirect", respond(302, ``), "GET resource-servers of the Management API: 302: Found"},
		{"no JSON", respond(200, `<html>`), "GET resource-servers of the Management API: the answer (200) does not look like Auth0's"},
		{"no list", respond(200, `{}`), "GET resource-servers of the Management API: the answer (200) does not look like Auth0's"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := over(func(r *http.Request) (*http.Response, error) {
				if got := r.Header.Get("Authorization"); got != "Bearer "+planted {
					t.Errorf("authorization %q", got)
				}
				return tt.answer, nil
			}).Plan(t.Context(), want())
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
			if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, planted) {
				t.Error("the error holds the token")
			}
		})
	}
}

func TestBase(t *testing.T) {
	const api = "https://tenant.eu.auth0.com/api/v2/"
	tests := []struct {
		name      string
		audiences []string
		want      string // empty: refused
	}{
		{"one", []string{api}, api},
		{"among others", []string{"https://tenant.eu.auth0.com/userinfo", api}, api},
		{"loopback", []string{"http://127.0.0.1:8080/api/v2/"}, "http://127.0.0.1:8080/api/v2/"},
		{"localhost", []string{"http://localhost/api/v2/"}, "http://localhost/api/v2/"},
		{"none", nil, ""},
		{"another API", []string{"https://customers.example.com"}, ""},
		{"without its slash", []string{"https://tenant.eu.auth0.com/api/v2"}, ""},
		{"below another path", []string{"https://tenant.eu.auth0.com/x/api/v2/"}, ""},
		{"not encrypted", []string{"http://tenant.eu.auth0.com/api/v2/"}, ""},
		{"no host", []string{"/api/v2/"}, ""},
		{"a user", []string{"https://user:pw@tenant.eu.auth0.com/api/v2/"}, ""},
		{"a query", []string{"https://tenant.eu.auth0.com/api/v2/?x"}, ""},
		{"another scheme", []string{"ftp://127.0.0.1/api/v2/"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := management.Base(tt.audiences)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if _, refused := errors.AsType[*management.TokenError](err); refused != (tt.want == "") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	secret := management.Secret("hidden")
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", secret)
	document, err := json.Marshal(map[string]any{"a": secret})
	if err != nil {
		t.Fatal(err)
	}
	c := management.Client{Token: secret}
	for _, got := range []string{fmt.Sprintf("%v %+v %#v %s %q %d %v", secret, secret, secret, secret, secret, secret, c), log.String(), string(document)} {
		if strings.Contains(got, "hidden") || strings.Contains(got, "104") || !strings.Contains(got, "[redacted]") {
			t.Errorf("got %s", got)
		}
	}
}

// TestRefusalKeepsSecrets lets the API repeat what it was sent, also where its message is
// cut.
func TestRefusalKeepsSecrets(t *testing.T) {
	for _, padding := range []int{0, 500, 900, 960, 990, 2000} {
		tn := start(t, nil)
		token := string(tn.Token)
		tn.before = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasPrefix(r.URL.Path, "/api/v2/") {
				return false
			}
			said := strings.Repeat("x", padding) + "got Authorization: " + r.Header.Get("Authorization") +
				` and grant_type=x&client_secret=planted-1&a=b and {"client_secret":"planted-2"}`
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]any{"statusCode": 400, "message": said, "errorCode": token})
			return true
		}
		_, err := tn.Plan(t.Context(), want())
		if err == nil {
			t.Fatal("it worked")
		}
		got := err.Error()
		_, payload, _ := strings.Cut(token, ".")
		if strings.Contains(got, payload[:8]) || strings.Contains(got, "planted-") {
			t.Errorf("after %d bytes it says %s", padding, got)
		}
		if padding == 0 && !strings.Contains(got, "[redacted]") {
			t.Errorf("nothing was taken out of %s", got)
		}
		if len(got) > 1200 {
			t.Errorf("it says %d bytes", len(got))
		}
	}
}
