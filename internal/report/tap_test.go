package report_test

import (
	"bytes"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/report"
)

func TestTAP(t *testing.T) {
	run := sample()
	run.Cases[1].Warning, run.Cases[1].Notes = "it ends in 10 s", []string{"attempt 1 failed: EOF"}
	run.Cases[2].Message, run.Cases[2].Details = `got "1" # want 2`, "::error::a\n###vso[b]\n...\n\tc: <d>"
	run.Cases[3].Name = "page {"
	run.Cases[4].Message = `because of: # \ list`
	want := `TAP version 14
1..5
ok 1 - eu-production.auth: get an access token
ok 2 - eu-production.auth: claims \#1 \\ 50%, a:b
  ---
  warning: "it ends in 10 s"
  notes: ["attempt 1 failed: EOF"]
  duration_ms: 0.000
  ...
not ok 3 - eu-production.api: list
  ---
  severity: "failed"
  message: "got \"1\" # want 2"
  details: "::error::a\n#\u0023#vso[b]\n...\n\tc: <d>"
  duration_ms: 0.000
  ...
not ok 4 - eu-production.api: page {}
  ---
  severity: "error"
  message: "connection refused"
  duration_ms: 1000.000
  ...
ok 5 - eu-production.api: delete # SKIP because of: \# \\ list
`
	var got bytes.Buffer
	if err := must(t, run).TAP(&got); err != nil {
		t.Fatal(err)
	}
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

// An empty run is not "1..0", which TAP takes for a success.
func TestTAPOfNothing(t *testing.T) {
	var got bytes.Buffer
	if err := must(t, report.Run{Suite: "a.b"}).TAP(&got); err != nil {
		t.Fatal(err)
	}
	want := `TAP version 14
1..1
not ok 1 - run: run the steps
  ---
  severity: "error"
  message: "nothing was executed"
  duration_ms: 0.000
  ...
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}
