package cli_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli"
)

var update = flag.Bool("update", false, "rewrite the golden files of the help texts")

func commands(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, sub := range cmd.Commands() {
		all = append(all, commands(sub)...)
	}
	return all
}

// TestCommandTree holds every command to the form of a command.
func TestCommandTree(t *testing.T) {
	secret := regexp.MustCompile(`secret|token|password|passphrase|key`)
	harmless := map[string]bool{
		"client-secret-file":  true, // a path
		"client-key-file":     true, // a path
		"client-secret-stdin": true, // a switch
		"api-key-stdin":       true, // a switch
		"token-store":         true, // a name
		"next-token":          true, // a place in a list
		"token":               true, // doctor's: a path, and no JWT
		"expired-token-file":  true, // a path
	}
	root := cli.NewRoot(new(app.App))
	for _, cmd := range commands(root) {
		if strings.HasPrefix(cmd.CommandPath(), "appsyncctl completion") || cmd.Name() == "help" {
			continue // cobra's own
		}
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
				t.Errorf("Short is %q: want a phrase without a period", cmd.Short)
			}
			topic := cmd.Name() == "environment" || cmd.Name() == "exit-codes" || cmd.Name() == "checks"
			if cmd.RunE == nil && !topic {
				t.Error("RunE is nil: it does nothing, or does it without an error")
			}
			if cmd.Args == nil && !topic {
				t.Error("Args is nil: anything would be accepted")
			}
			if cmd.Example == "" && !cmd.HasSubCommands() && !topic {
				t.Error("there is no Example")
			}
			cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
				if secret.MatchString(f.Name) && !harmless[f.Name] {
					t.Errorf("--%s could carry a secret, which others would see", f.Name)
				}
				if f.Usage == "" {
					t.Errorf("--%s has no usage", f.Name)
				}
			})
		})
	}
}

// TestHelp compares every page of help with its golden file.
func TestHelp(t *testing.T) {
	for _, cmd := range commands(cli.NewRoot(new(app.App))) {
		path := strings.ReplaceAll(cmd.CommandPath(), " ", "_")
		if strings.Contains(path, "completion") || strings.HasSuffix(path, "_help") {
			continue
		}
		t.Run(path, func(t *testing.T) {
			var out bytes.Buffer
			app := &app.App{Out: &out, Err: &out}
			args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
			if code := cli.Run(t.Context(), app, args); code != 0 {
				t.Fatalf("exit code %d: %s", code, out.String())
			}
			golden := filepath.Join("testdata", "help", path+".txt")
			if *update {
				if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if out.String() != string(want) {
				t.Errorf("help differs from %s; write it with -update\ngot:\n%s", golden, out.String())
			}
		})
	}
}
