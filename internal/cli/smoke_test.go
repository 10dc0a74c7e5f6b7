package cli_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// TestSmokeDocument holds the document to doctor's form, whatever happens. What keeps
// the test from beginning is blamed on no check.
func TestSmokeDocument(t *testing.T) {
	panicking := func(app *app.App) {
		app.Keyring = func(bool, func(string)) tokencache.Probed { panic("secret words") }
	}
	tests := []struct {
		name    string
		args    []string
		change  func(*app.App)
		verdict string
		cause   string
		first   string // what came of SMOKE-000
		because string // what all others were skipped because of, if they were
		code    int
	}{
		{"nothing is set", nil, func(*app.App) {}, "failure", "SET-001", "ok", "", 2},
		{"a crash", nil, panicking, "unknown", "", "unknown", "SMOKE-000", 1},
		{"no token file", []string{"--expired-token-file", filepath.Join(t.TempDir(), "none")}, func(*app.App) {}, "unknown", "", "unknown", "SMOKE-000", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			app := unpluggedApp(&out, &errs, map[string]string{"HOME": t.TempDir()})
			tt.change(app)
			if code := cli.Run(t.Context(), app, append([]string{"smoke", "-o", "json"}, tt.args...)); code != tt.code {
				t.Errorf("exit code %d, want %d; %s", code, tt.code, errs.String())
			}
			got := readDocument(t, out.Bytes(), smoke.Plan())
			if got.Verdict != tt.verdict || text(got.Cause) != tt.cause {
				t.Errorf("%s because of %q, want %s because of %q", got.Verdict, text(got.Cause), tt.verdict, tt.cause)
			}
			if got.Checks[0].Result != tt.first {
				t.Errorf("SMOKE-000 is %s, want %s", got.Checks[0].Result, tt.first)
			}
			for _, check := range got.Checks[1:] {
				if tt.because != "" && (check.Result != "skipped" || text(check.Because) != tt.because) {
					t.Errorf("%s is %s because of %q", check.ID, check.Result, text(check.Because))
				}
			}
			if strings.Contains(out.String()+errs.String(), "secret words") {
				t.Errorf("a panic is told: %s", errs.String())
			}
		})
	}
}
