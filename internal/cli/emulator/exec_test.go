package emulator_test

import (
	"slices"
	"testing"

	command "github.com/appsyncctl/appsyncctl/internal/cli/emulator"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

// What would lead a command to another API or identity stays out; where its
// tokens rest is the caller's choice.
func TestChildEnvironment(t *testing.T) {
	kept := []string{
		"PATH=/bin", "EMPTY=", "EQUALS=a=b", "AWS_REGION=eu-west-1",
		"APPSYNCCTL_CONFIG=/config.yaml", "APPSYNCCTL_TOKEN_STORE=memory", "APPSYNCCTL_PASSPHRASE=planted",
		"APPSYNCCTL_TOKENS=no setting", "appsyncctl_token=no setting", "=C:=C:\\",
	}
	environ := slices.Clone(kept)
	for _, setting := range config.Settings() {
		switch setting.Name {
		case config.File, config.TokenStore, config.Passphrase:
		default:
			environ = append(environ, setting.Variable+"=elsewhere")
		}
	}
	variables := []emulator.Variable{
		{Name: "APPSYNCCTL_ENDPOINT", Value: "http://127.0.0.1:1/graphql"},
		{Name: "APPSYNCCTL_AUDIENCE", Value: ""},
		{Name: "SSL_CERT_FILE", Value: "/ca.pem"},
	}
	before := slices.Clone(environ)
	got := command.ChildEnvironment(environ, variables)
	want := append(slices.Clone(kept), "APPSYNCCTL_ENDPOINT=http://127.0.0.1:1/graphql", "APPSYNCCTL_AUDIENCE=", "SSL_CERT_FILE=/ca.pem")
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if !slices.Equal(environ, before) {
		t.Error("the caller's environment was changed")
	}
}
