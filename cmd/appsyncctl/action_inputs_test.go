package main_test

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestActionSecrets looks for each secret in everything that others can see.
func TestActionSecrets(t *testing.T) {
	t.Parallel()
	inputs := map[string]string{"endpoint": "https://api.example/graphql"}
	var secrets []string
	for _, name := range []string{"client-secret", "token", "passphrase", "api-key"} {
		inputs[name] = rand.Text()
		secrets = append(secrets, inputs[name])
	}
	key := "PRIVATE-" + rand.Text()
	inputs["client-key"] = "-----BEGIN-----\n" + key + "\n-----END-----"
	secrets = append(secrets, key)
	for _, exit := range []string{"0", "3"} {
		r, record := recording(t, newRelease(t), inputs, map[string]string{"RECORD_EXIT": exit})
		if code := r.run(); fmt.Sprint(code) != exit || r.output("exit-code") != exit {
			t.Fatalf("got exit code %d and %s, want %s\n%s", code, r.output("exit-code"), exit, r.shown())
		}
		r.keeps(secrets...)
		processes := read(t, filepath.Join(record, "processes"))
		if !strings.Contains(processes, "run.sh") {
			t.Errorf("got the processes %q", processes)
		}
		for _, secret := range secrets {
			if strings.Contains(processes, secret) {
				t.Errorf("the secret %s… is in a command line", secret[:6])
			}
		}
		if got, want := read(t, filepath.Join(record, "key")), "-rw-------\n-----BEGIN-----\nthe key\n-----END-----\n"; got != want {
			t.Errorf("got the key %q", got)
		}
		want := []string{"API_KEY", "CLIENT_KEY_FILE", "CLIENT_SECRET", "ENDPOINT", "PASSPHRASE", "TOKEN", "TOKEN_STORE"}
		for _, name := range want {
			if !strings.Contains(read(t, filepath.Join(record, "variables")), "APPSYNCCTL_"+name+"\n") {
				t.Errorf("there is no %s", name)
			}
		}
	}
}

// TestActionSettings sees which of an input, a variable of the job and a default holds.
func TestActionSettings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		inputs, env map[string]string
		want        string
	}{
		{"neither", nil, nil, "token store memory, endpoint "},
		{"inputs", map[string]string{"endpoint": "input", "token-store": "file"}, nil, "token store file, endpoint input"},
		{"variables", nil, map[string]string{"APPSYNCCTL_ENDPOINT": "job", "APPSYNCCTL_TOKEN_STORE": "auto"}, "token store auto, endpoint job"},
		{"both", map[string]string{"endpoint": "input"}, map[string]string{"APPSYNCCTL_ENDPOINT": "job"}, "token store memory, endpoint input"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, record := recording(t, newRelease(t), tt.inputs, tt.env)
			if code := r.run(); code != 0 {
				t.Fatalf("got exit code %d\n%s", code, r.shown())
			}
			if got := strings.TrimSuffix(read(t, filepath.Join(record, "settings")), "\n"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestActionArguments gives the action what a shell would run. All of it arrives as text.
func TestActionArguments(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		inputs map[string]string
		want   []string // after the command and --no-input; FILE is the report
		code   int
	}{
		{"none", nil, []string{"--junit=TEMP/junit.xml"}, 0},
		{"of smoke", map[string]string{"args": "--read-only\n--max-latency p95=2s\n"}, []string{"--junit=TEMP/junit.xml", "--read-only", "--max-latency", "p95=2s"}, 0},
		{"of doctor", map[string]string{"command": "doctor", "args": " --wait  2m "}, []string{"--wait", "2m"}, 0},
		{
			"substitutions", map[string]string{"args": "$(touch executed) `touch executed` ${IFS} $HOME"},
			[]string{"--junit=TEMP/junit.xml", "$(touch", "executed)", "`touch", "executed`", "${IFS}", "$HOME"}, 0,
		},
		{
			"quotes and lists", map[string]string{"args": "'; touch executed; \" && touch executed\n| touch executed # > executed \\"},
			[]string{"--junit=TEMP/junit.xml", "';", "touch", "executed;", "\"", "&&", "touch", "executed", "|", "touch", "executed", "#", ">", "executed", "\\"}, 0,
		},
		{"patterns", map[string]string{"args": "* ~ {a,b} /*"}, []string{"--junit=TEMP/junit.xml", "*", "~", "{a,b}", "/*"}, 0},
		{
			"in a file's name", map[string]string{"junit": "$(touch executed)/a b'\"`touch executed`.xml"},
			[]string{"--junit=WORK/$(touch executed)/a b'\"`touch executed`.xml"}, 0,
		},
		{"another output", map[string]string{"junit": "x.xml\nverdict=passed"}, nil, 2},
		{"in a setting", map[string]string{"endpoint": "$(touch executed)`touch executed`\"; touch executed"}, []string{"--junit=TEMP/junit.xml"}, 0},
		{"in the command", map[string]string{"command": "smoke; touch executed"}, nil, 2},
		{"another command", map[string]string{"command": "logout"}, nil, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, record := recording(t, newRelease(t), tt.inputs, nil)
			code := r.run()
			if code != tt.code {
				t.Fatalf("got exit code %d, want %d\n%s", code, tt.code, r.shown())
			}
			r.nothingExecuted()
			if tt.want == nil {
				if slices.Contains(names(t, record), "arguments") {
					t.Error("the command ran")
				}
				return
			}
			command := r.evaluate("inputs.command")
			want := fmt.Sprintf("<%s>\n<--no-input>\n<%s>\n", command, strings.Join(tt.want, ">\n<"))
			want = strings.ReplaceAll(want, "TEMP/", filepath.Dir(r.output("junit"))+"/")
			want = strings.ReplaceAll(want, "WORK/", strings.TrimSpace(read(t, filepath.Join(record, "folder")))+"/")
			if got := read(t, filepath.Join(record, "arguments")); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
