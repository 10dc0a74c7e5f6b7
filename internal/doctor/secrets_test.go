package doctor_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestCleanedBeforeItIsCut lets the API repeat a secret where what it says is cut: no part
// of one may stay.
func TestCleanedBeforeItIsCut(t *testing.T) {
	const secret = "Zq7-planted-secret-0123456789"
	for _, padding := range []int{0, 330, 365, 380} {
		s := newSite()
		s.Clean = func(text string) string { return strings.ReplaceAll(text, secret, "[redacted]") }
		s.pages[apiHost+"/graphql"] = page(http.StatusForbidden, `{"message":"`+strings.Repeat("x", padding)+secret+`"}`)
		s.start(t, true)
		taken := false
		for id, finding := range examined(t, s.Subject) {
			all := finding.Message + finding.Fix
			for _, e := range finding.Evidence {
				all += e.Expected + e.Found
			}
			if strings.Contains(all, secret[:4]) {
				t.Errorf("%s holds a part of the secret after %d bytes: %s", id, padding, all)
			}
			taken = taken || strings.Contains(all, "[redacted]")
		}
		if padding < 365 && !taken { // else the cut takes what stands in its place
			t.Errorf("nothing repeats what the API says after %d bytes", padding)
		}
	}
}

// TestQueriesAreHidden keeps what stands in the query of an address to itself.
func TestQueriesAreHidden(t *testing.T) {
	for _, plugged := range []bool{true, false} {
		s := newSite()
		s.set("endpoint", "https://api.example.com/graphql?api_key=planted-1")
		s.set("issuer", "https://id.example.com/?k=planted-2")
		s.pages[apiHost+"/graphql"] = func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/login?session=planted-3", http.StatusFound)
		}
		if plugged {
			s.start(t, true)
		} else {
			s.Plain, s.Authorized, s.Provider = unplugged{}, unplugged{}, client(unplugged{})
		}
		shown := false
		for id, finding := range examined(t, s.Subject) {
			for _, e := range finding.Evidence {
				if strings.Contains(e.Expected+e.Found, "planted-") {
					t.Errorf("%s shows %s: expected %s, found %s", id, e.Name, e.Expected, e.Found)
				}
				shown = shown || e.Found == "https://api.example.com/graphql?[redacted]"
			}
		}
		if !shown {
			t.Error("nothing shows the endpoint")
		}
	}
}
