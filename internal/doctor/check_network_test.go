package doctor_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

func TestNetworkIsSound(t *testing.T) {
	s := newSite()
	s.start(t, true)
	findings := examined(t, s.Subject)
	wantSaid(t, findings, map[string]string{
		"NET-001": "ok: requests go without a proxy",
		"NET-002": "ok: the name api.example.com resolves",
		"NET-003": "ok: api.example.com answers with TLS 1.3",
		"NET-004": "ok: this machine's clock agrees with the API's",
		"NET-005": "ok: the name id.example.com resolves",
		"NET-006": "ok: id.example.com answers with TLS 1.3",
		"NET-007": "ok: this machine's clock agrees with the provider's",
	})
	for name, want := range map[string]string{
		"address": s.address, "TLS": "TLS 1.3", "certificate": "api.example.com, id.example.com, 127.0.0.1", "certificate's issuer": "CN=Example Authority",
	} {
		if got := evidence(findings["NET-003"], name); got != want {
			t.Errorf("the evidence %s is %q, want %q", name, got, want)
		}
	}
}

// On this machine TLS is not needed, and an address needs no resolver.
func TestNetworkOnThisMachine(t *testing.T) {
	s := newSite()
	s.start(t, false)
	s.set("endpoint", "http://"+s.address+"/graphql")
	s.set("issuer", "http://"+s.address+"/")
	s.LookupHost = func(context.Context, string) ([]string, error) { return nil, errors.New("not to be asked") }
	wantSaid(t, examined(t, s.Subject), map[string]string{
		"NET-001": "ok: requests go without a proxy",
		"NET-002": "ok: 127.0.0.1 is an address: there is nothing to resolve",
		"NET-003": "ok: " + s.address + " answers, without TLS as it is on this machine",
		"NET-006": "ok: " + s.address + " answers, without TLS as it is on this machine",
	})
}

// An answer is an answer: what it says is for later checks.
func TestAnyAnswerIsAConnection(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		},
		"out of order": page(503, "<html>"),
		"a 400, cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(400)
		},
		"a 400 of its own":  page(400, `{"errors":[{"message":"Request body is empty."}]}`),
		"without an answer": page(204, ""),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite()
			s.start(t, false)
			s.set("endpoint", "http://"+s.address+"/graphql")
			s.pages[s.address+"/graphql"] = answer
			s.pages[s.address+"/elsewhere"] = func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }
			wantSaid(t, examined(t, s.Subject), map[string]string{"NET-003": "ok: " + s.address + " answers, without TLS as it is on this machine"})
		})
	}
}

// With HTTP/2, which AWS and Auth0 speak, the same is seen of a connection.
func TestNetworkOverHTTP2(t *testing.T) {
	s := newSite()
	s.http2 = true
	s.start(t, true)
	findings := examined(t, s.Subject)
	wantSaid(t, findings, map[string]string{
		"NET-003": "ok: api.example.com answers with TLS 1.3", "NET-004": "ok: this machine's clock agrees with the API's",
		"NET-006": "ok: id.example.com answers with TLS 1.3", "OIDC-004": "ok: the provider publishes 1 key",
	})
	if got := evidence(findings["NET-003"], "address"); got != s.address {
		t.Errorf("the address is %q, want %q", got, s.address)
	}
	s.pages[apiHost+"/graphql"] = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	wantSaid(t, examined(t, s.Subject), map[string]string{"NET-003": "unknown: api.example.com broke the connection off"})
}

// What nobody needs is not asked: no provider without a token, no API whose answer
// was saved.
func TestNetworkUnasked(t *testing.T) {
	s := newSite()
	s.start(t, true)
	s.Mode = "api-key"
	for id, f := range examined(t, s.Subject) {
		if strings.HasPrefix(string(id), "OIDC") && said(f) != "skipped: no token is needed in the mode api-key" {
			t.Errorf("%s says %s", id, said(f))
		}
	}
	s = newSite()
	s.start(t, true)
	s.pages[apiHost+"/graphql"] = func(http.ResponseWriter, *http.Request) { t.Error("the API was asked") }
	s.Answer = &doctor.Answer{Status: 401, Body: []byte(`{"errors":[{"errorType":"UnauthorizedException","message":"Token has expired."}]}`)}
	const reason = "skipped: a saved answer is explained, so that the API is not asked"
	wantSaid(t, examined(t, s.Subject), map[string]string{
		"NET-002": reason, "NET-003": reason, "NET-004": reason, "NET-006": "ok: id.example.com answers with TLS 1.3",
	})
}
