package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

// scriptActivate is the person who confirms or refuses a device login. It waits
// for the code in a file that holds what login prints: activate FILE approve|deny
func scriptActivate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: activate FILE approve|deny")
	}
	shown := waitFor(ts, args[0], regexp.MustCompile(`activate\?user_code=([A-Z-]+)`))
	form := url.Values{"user_code": {shown[1]}, "action": {args[1]}}
	call(ts, http.MethodPost, "/activate", form.Encode())
}

// scriptBrowse is the person whose browser opens the address that login shows in
// a file, and who approves or refuses there: browse FILE approve|deny [FILE]. On
// another machine the browser cannot come back; where it was sent then goes into
// the last file.
func scriptBrowse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: browse FILE approve|deny [FILE]")
	}
	shown := waitFor(ts, args[0], regexp.MustCompile(`http://\S+/authorize(\?\S+)`))
	form := url.Values{"action": {args[1]}}
	if len(args) == 2 {
		call(ts, http.MethodPost, "/authorize"+shown[1], form.Encode()) // follows the way back
		return
	}
	far := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := far.PostForm(strings.TrimSuffix(ts.Getenv("APPSYNCCTL_ISSUER"), "/")+"/authorize"+shown[1], form)
	ts.Check(err)
	ts.Check(resp.Body.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(resp.Header.Get("Location")+"\n"), 0o600))
}

// scriptExits runs a command and checks its exit code, which ! cannot tell from
// any other: exits CODE COMMAND [ARGUMENT...]
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s exited with %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// scriptCapture sets a variable to what the group of an expression matches in a
// file: capture VARIABLE FILE EXPR
func scriptCapture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: capture VARIABLE FILE EXPR")
	}
	found := regexp.MustCompile(args[2]).FindStringSubmatch(ts.ReadFile(args[1]))
	if len(found) < 2 {
		ts.Fatalf("%s does not hold a group of %s", args[1], args[2])
	}
	ts.Setenv(args[0], found[1])
}

// scriptFaults makes the emulator misbehave: faults NAME[,SETTING=VALUE...]...
func scriptFaults(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: faults FAULT... or faults @FILE")
	}
	for _, arg := range args {
		if file, named := strings.CutPrefix(arg, "@"); named { // one fault in JSON
			call(ts, http.MethodPost, "/_emulator/faults", ts.ReadFile(file))
			continue
		}
		fault, err := emulator.ParseFault(arg)
		ts.Check(err)
		body, err := json.Marshal(fault)
		ts.Check(err)
		call(ts, http.MethodPost, "/_emulator/faults", string(body))
	}
}

// scriptClear makes the emulator behave again.
func scriptClear(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: clear")
	}
	call(ts, http.MethodDelete, "/_emulator/faults", "")
}

// scriptStruck waits until the emulator has committed a fault as often as it was told
// to: struck NAME
func scriptStruck(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: struck NAME")
	}
	await(ts, args[0]+" struck", func() bool {
		var waiting []emulator.Fault
		ts.Check(json.Unmarshal(call(ts, http.MethodGet, "/_emulator/faults", ""), &waiting))
		return !slices.ContainsFunc(waiting, func(f emulator.Fault) bool { return f.Name == args[0] })
	})
}

// scriptRequests checks how many requests the emulator got since it started, or
// since the last reset:
//
//	requests 'POST /graphql' 2
func scriptRequests(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: requests 'METHOD PATH' COUNT")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	counts := requested(ts)
	if got := counts[args[0]]; got != want {
		ts.Fatalf("%s was requested %d times, want %d; all requests: %v", args[0], got, want, counts)
	}
}

// scriptArrived waits until the emulator has answered so many requests at least:
//
//	arrived 'GET /graphql/realtime' 2
func scriptArrived(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: arrived 'METHOD PATH' COUNT")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	await(ts, fmt.Sprintf("%s was requested %d times", args[0], want), func() bool { return requested(ts)[args[0]] >= want })
}

// requested counts the requests that the emulator has answered, by method and path.
func requested(ts *testscript.TestScript) map[string]int {
	counts := make(map[string]int)
	ts.Check(json.Unmarshal(call(ts, http.MethodGet, "/_emulator/counts", ""), &counts))
	return counts
}

// call asks the emulator of the script something.
func call(ts *testscript.TestScript, method, path, body string) []byte {
	address := strings.TrimSuffix(ts.Getenv("APPSYNCCTL_ISSUER"), "/") + path
	req, err := http.NewRequestWithContext(context.Background(), method, address, strings.NewReader(body))
	ts.Check(err)
	if method == http.MethodPost && !strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if resp.StatusCode/100 != 2 {
		ts.Fatalf("%s %s: %s: %s", method, path, resp.Status, answer)
	}
	return answer
}

// scriptEnvFile sets the variables that a file of shell exports names.
func scriptEnvFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: envfile FILE")
	}
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		if !ok {
			ts.Fatalf("%s: not an export: %q", args[0], line)
		}
		ts.Setenv(name, strings.Trim(value, "'"))
	}
}

// scriptWaitFor waits until a file holds something that an expression matches; FILE may
// be a pattern: waitfor FILE EXPR
func scriptWaitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: waitfor FILE EXPR")
	}
	waitFor(ts, args[0], regexp.MustCompile(args[1]))
}

func waitFor(ts *testscript.TestScript, file string, expr *regexp.Regexp) (found []string) {
	pattern := ts.MkAbs(file)
	await(ts, fmt.Sprintf("%s holds %s", file, expr), func() bool {
		paths, err := filepath.Glob(pattern)
		ts.Check(err)
		for _, path := range paths {
			data, _ := os.ReadFile(path)
			if found = expr.FindStringSubmatch(string(data)); found != nil {
				return true
			}
		}
		return false
	})
	return found
}

// await waits until something is so. It gives up only what hangs: five minutes are far
// more than anything takes on the busiest machine.
func await(ts *testscript.TestScript, what string, so func() bool) {
	for end := time.Now().Add(5 * time.Minute); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("it never came to that %s", what)
		}
	}
}

// scriptOnce checks what the last run of the program has cost: how often its secret
// command wrote a line to the file runs, and how many tokens it asked the emulator for.
// It starts to count anew. Without numbers both are 1: once [RUNS TOKENS]
func scriptOnce(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		args = []string{"1", "1"}
	}
	if neg || len(args) != 2 {
		ts.Fatalf("usage: once [RUNS TOKENS]")
	}
	runs, err := os.ReadFile(ts.MkAbs("runs"))
	if !errors.Is(err, fs.ErrNotExist) {
		ts.Check(err)
	}
	if got := strconv.Itoa(strings.Count(string(runs), "\n")); got != args[0] {
		ts.Fatalf("the secret command ran %s times, want %s", got, args[0])
	}
	ts.Check(os.RemoveAll(ts.MkAbs("runs")))
	scriptRequests(ts, false, []string{"POST /oauth/token", args[1]})
	call(ts, http.MethodPost, "/_emulator/reset", "")
}

// scriptRotate gives the demo's machine client another secret, which goes into a file:
// rotate FILE. It asks for a token of the Management API first.
func scriptRotate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: rotate FILE")
	}
	var token struct {
		Access string `json:"access_token"`
	}
	ts.Check(json.Unmarshal(call(ts, http.MethodPost, "/oauth/token", url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {ts.Getenv("APPSYNCCTL_EMULATOR_MANAGEMENT_CLIENT_ID")},
		"client_secret": {ts.Getenv("APPSYNCCTL_EMULATOR_MANAGEMENT_CLIENT_SECRET")},
		"audience":      {ts.Getenv("APPSYNCCTL_ISSUER") + "api/v2/"},
	}.Encode()), &token))
	secret := rand.Text()
	address := ts.Getenv("APPSYNCCTL_ISSUER") + "api/v2/clients/" + emulator.MachineClientID
	body := strings.NewReader(`{"client_secret":"` + secret + `"}`)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPatch, address, body)
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token.Access)
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	ts.Check(resp.Body.Close())
	if resp.StatusCode != http.StatusOK {
		ts.Fatalf("PATCH %s: %s", address, resp.Status)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(secret+"\n"), 0o600))
}
