package doctor_test

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// dated answers like next, with a Date that is off by ahead, and with other headers.
func dated(next http.HandlerFunc, ahead time.Duration, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		next(w, r)
	}
}

var fixes = regexp.MustCompile(`\n.*`) // differ from one system to the other

func TestClocks(t *testing.T) {
	tests := []struct {
		name          string
		api, provider time.Duration // how far they are ahead
		wantAPI       string
		wantProvider  string
	}{
		{"equal", 0, 0, "ok: this machine's clock agrees with the API's", "ok: this machine's clock agrees with the provider's"},
		{"within a minute", 50 * time.Second, -50 * time.Second, "ok: this machine's clock agrees with the API's", "ok: this machine's clock agrees with the provider's"},
		{
			"three minutes behind", 200 * time.Second, 200 * time.Second,
			"warning: this machine's clock is 3 minutes behind the API's",
			"warning: this machine's clock is 3 minutes behind the provider's: see NET-004 <NET-004>",
		},
		{
			"an hour ahead", -90 * time.Minute, -90 * time.Minute,
			"failure: this machine's clock is 90 minutes ahead of the API's",
			"failure: this machine's clock is 90 minutes ahead of the provider's: see NET-004 <NET-004>",
		},
		{
			"days", 100 * time.Hour, 100 * time.Hour,
			"failure: this machine's clock is 4 days behind the API's",
			"failure: this machine's clock is 4 days behind the provider's: see NET-004 <NET-004>",
		},
		{
			"the provider's is wrong", 0, 10*time.Minute + 10*time.Second,
			"ok: this machine's clock agrees with the API's",
			"failure: this machine's clock is 10 minutes behind the provider's and agrees with the API's: the provider's is wrong",
		},
		{
			"all three differ", 5*time.Hour + time.Minute, -5*time.Hour - time.Minute,
			"failure: this machine's clock is 5 hours behind the API's",
			"failure: this machine's clock is 5 hours ahead of the provider's, and the API's says something else again",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite()
			s.start(t, true)
			for place, ahead := range map[string]time.Duration{apiHost + "/graphql": tt.api, metadataPlace: tt.provider} {
				s.pages[place] = dated(s.pages[place], ahead)
			}
			findings := examined(t, s.Subject)
			for id, want := range map[string]string{"NET-004": tt.wantAPI, "NET-007": tt.wantProvider} {
				if got := fixes.ReplaceAllString(said(findings[doctor.ID(id)]), ""); got != want {
					t.Errorf("%s says %s\nwant %s", id, got, want)
				}
				finding := findings[doctor.ID(id)]
				if wrong := finding.Result != "ok"; wrong == (finding.Fix == "" && finding.Because == "") {
					t.Errorf("%s says %s: a fix belongs to what is wrong, and only there", id, said(finding))
				}
			}
		})
	}
}

// What a cache kept, or has written anew, tells nothing of a clock that it may well
// agree with.
func TestClockBehindCache(t *testing.T) {
	tests := []struct {
		name   string
		date   time.Duration
		header []string
		want   string
	}{
		{"kept for an hour", -time.Hour, []string{"Age", "3600"}, "ok: this machine's clock agrees with the provider's"},
		{"written anew", 0, []string{"Age", "3600"}, "ok: this machine's clock agrees with the provider's"},
		{"older than its age", -2 * time.Hour, []string{"Age", "60"}, "failure: this machine's clock is 119 minutes ahead of the provider's and agrees with the API's: the provider's is wrong"},
		{"an age that is none", -time.Hour - 10*time.Second, []string{"Age", "soon"}, "failure: this machine's clock is 60 minutes ahead of the provider's and agrees with the API's: the provider's is wrong"},
		{"a date that is none", 0, []string{"Date", "yesterday"}, "unknown: the provider's answer has no date that can be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite()
			s.start(t, true)
			s.pages[metadataPlace] = dated(s.pages[metadataPlace], tt.date, tt.header...)
			if got := fixes.ReplaceAllString(said(examined(t, s.Subject)["NET-007"]), ""); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestClockWithoutDate(t *testing.T) {
	s := newSite()
	s.start(t, true)
	s.pages[apiHost+"/graphql"] = dated(s.pages[apiHost+"/graphql"], 0, "Date", "yesterday")
	s.pages[metadataPlace] = dated(s.pages[metadataPlace], 10*time.Minute+10*time.Second)
	findings := examined(t, s.Subject)
	for id, want := range map[string]string{
		"NET-004": "unknown: the API's answer has no date that can be read",
		"NET-007": "failure: this machine's clock is 10 minutes behind the provider's", // whoever is wrong
	} {
		if got := fixes.ReplaceAllString(said(findings[doctor.ID(id)]), ""); got != want {
			t.Errorf("%s says %s\nwant %s", id, got, want)
		}
	}
}
