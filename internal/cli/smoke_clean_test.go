package cli_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/cli"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
)

// TestSmokeCleanShowsIDs lists an ID that would command a terminal and a runner.
func TestSmokeCleanShowsIDs(t *testing.T) {
	now := time.Now()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"listCustomers": map[string]any{"items": []any{map[string]any{
			"id": "::warning::x\x1b[31m\n::error::inject", "name": smoke.NewMark(now.Add(-time.Hour)).On("customer1"), "country": "USA",
		}}}}})
	}))
	t.Cleanup(server.Close)
	jwt := token(t, good(claims{"iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}))
	var out, errs bytes.Buffer
	app := unpluggedApp(&out, &errs, map[string]string{"APPSYNCCTL_ENDPOINT": server.URL + "/graphql", "APPSYNCCTL_TOKEN": jwt})
	app.Transport = &http.Transport{DisableKeepAlives: true}
	if code := cli.Run(t.Context(), app, []string{"smoke", "clean", "--dry-run"}); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	if got := out.String(); strings.Contains(got, "\x1b") || strings.Contains("\n"+got, "\n::") || !strings.Contains(got, "inject") {
		t.Errorf("got %q", got)
	}
}
