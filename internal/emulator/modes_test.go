package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

const list = `{"query":"{ listCustomers { items { id } } }"}`

// TestModesOfTheAPI knocks with each credential at an API with some of the modes.
func TestModesOfTheAPI(t *testing.T) {
	tests := []struct {
		modes []string
		want  map[string]int
	}{
		{nil, map[string]int{"oidc": 200, "api-key": 401, "lambda": 401}},
		{[]string{"oidc", "api-key"}, map[string]int{"oidc": 200, "api-key": 200, "lambda": 401}},
		{[]string{"api-key"}, map[string]int{"oidc": 401, "api-key": 200, "lambda": 401}},
		{[]string{"lambda"}, map[string]int{"oidc": 401, "api-key": 401, "lambda": 200}},
		{[]string{"cognito"}, map[string]int{"oidc": 200, "api-key": 401, "lambda": 401}},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.modes, " "), func(t *testing.T) {
			r := start(t, emulator.Config{Modes: tt.modes})
			first := ""
			if len(tt.modes) > 0 && tt.modes[0] != "oidc" {
				first = tt.modes[0]
			}
			if r.env["APPSYNCCTL_AUTH"] != first {
				t.Errorf("the client's mode is %q, want %q", r.env["APPSYNCCTL_AUTH"], first)
			}
			for mode, want := range tt.want {
				headers := map[string][]string{
					"oidc":    {"Authorization", r.token(t)},
					"api-key": {"x-api-key", "da2-" + strings.TrimPrefix(r.env["APPSYNCCTL_API_KEY"], "da2-")},
					"lambda":  {"Authorization", "x" + strings.TrimPrefix(r.env["APPSYNCCTL_EMULATOR_LAMBDA_TOKEN"], "x")},
				}[mode]
				if mode == "lambda" && r.env["APPSYNCCTL_TOKEN"] != "" {
					headers[1] = r.env["APPSYNCCTL_TOKEN"]
				}
				if resp, body := r.must(t, http.MethodPost, "/graphql", "application/json", list, headers...); resp.StatusCode != want {
					t.Errorf("%s: %d %s, want %d", mode, resp.StatusCode, body, want)
				}
			}
		})
	}
	if _, err := emulator.Start(t.Context(), emulator.Config{Modes: []string{"magic"}}); err == nil {
		t.Error("started with an unknown mode")
	}
}

func TestVariablesHideSecrets(t *testing.T) {
	r := start(t, emulator.Config{Modes: []string{"lambda", "api-key", "iam"}})
	secrets := 0
	for _, v := range r.Environment() {
		switch v.Name {
		case "APPSYNCCTL_API_KEY", "APPSYNCCTL_TOKEN", "APPSYNCCTL_EMULATOR_LAMBDA_TOKEN", "AWS_SECRET_ACCESS_KEY", "APPSYNCCTL_CLIENT_SECRET":
			secrets++
			if v.Value == "" || strings.Contains(v.String(), v.Value) {
				t.Errorf("%s prints", v)
			}
		}
	}
	if secrets != 5 {
		t.Errorf("%d secrets", secrets)
	}
}
