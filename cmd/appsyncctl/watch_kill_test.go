package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

const watchKey = "da2-watchwatchwatchwatchwatchw"

// TestWatchKilled kills a watch (SIGKILL) after random numbers of changes, against an API
// that drops connections, while customers come, change and go. Whoever applies every line
// that was written ends with what the API has.
//
// The longer proof is WATCH_PROOF_KILLS=50 go test ./cmd/appsyncctl -run TestWatchKilled -v
func TestWatchKilled(t *testing.T) {
	t.Parallel()
	kills := number("WATCH_PROOF_KILLS", 4)
	running, err := emulator.Start(t.Context(), emulator.Config{
		Schema: schema.Extended(),
		API:    func(c *appsync.Config) { c.APIKeys = []redact.Secret{watchKey} },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Close() })
	dir := t.TempDir()
	lines := filepath.Join(dir, "lines.jsonl")

	writing, stop := context.WithCancel(t.Context())
	written := 0
	var writer sync.WaitGroup
	writer.Go(func() { written = changeCustomers(writing, t, running) })
	defer writer.Wait()
	defer stop()
	for i := range kills {
		// Few enough drops for each watch to come through, however slow the machine is.
		tell(t, running, http.MethodDelete, "/_emulator/faults", "")
		tell(t, running, http.MethodPost, "/_emulator/faults", `{"name": "socket-drop", "rate": 0.01, "count": 3}`)
		more := 1 + rand.IntN(200)
		before, ready := told(t, lines, `"operation"`), told(t, lines, `"kind":"ready"`)
		enough := func() bool { // every other one lives at least until it has caught up
			return told(t, lines, `"operation"`) >= before+more && (i%2 == 0 || told(t, lines, `"kind":"ready"`) > ready)
		}
		if code := watchUntil(t, running, dir, lines, os.Kill, enough); code != -1 {
			t.Errorf("a watch ended by itself, with exit code %d", code)
		}
	}
	stop()
	writer.Wait()
	var answer struct {
		Data struct {
			ListCustomers struct{ Items []customerLine }
		}
	}
	if err := json.Unmarshal(ask(t.Context(), t, running, `{ listCustomers(limit: 100000) { items { id city } } }`), &answer); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, item := range answer.Data.ListCustomers.Items {
		want[item.ID] = item.City
	}
	if len(want) == 0 {
		t.Fatalf("no customer is left of %d changes", written)
	}
	// The last watch sees no change, only what the killed ones have missed.
	end, ended := os.Interrupt, 130
	if runtime.GOOS == "windows" { // which cannot interrupt a process
		end, ended = os.Kill, -1
	}
	ready := told(t, lines, `"kind":"ready"`)
	caughtUp := func() bool { return told(t, lines, `"kind":"ready"`) > ready }
	if code := watchUntil(t, running, dir, lines, end, caughtUp); code != ended {
		t.Errorf("exit code %d, want %d", code, ended)
	}
	got, kinds := apply(t, lines)
	if !maps.Equal(got, want) {
		t.Errorf("the consumer has %d customers, the API %d, or others", len(got), len(want))
	}
	t.Logf("%d changes, %d kills: %d customers, %v", written, kills, len(want), kinds)
}

type customerLine struct{ ID, City string }

// apply does what a consumer of the lines would.
func apply(t *testing.T, file string) (customers map[string]string, kinds map[string]int) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data = data[:bytes.LastIndexByte(data, '\n')+1] // the last line may still be written
	customers, kinds = map[string]string{}, map[string]int{}
	for line := range bytes.Lines(data) {
		var event struct {
			Kind, Operation, ID string
			Customer            customerLine
		}
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		kinds[event.Kind]++
		switch {
		case event.ID == "":
		case event.Operation == "deleted":
			delete(customers, event.ID)
		default:
			customers[event.ID] = event.Customer.City
		}
	}
	return customers, kinds
}

// told returns how often a file of lines has a text.
func told(t *testing.T, file, text string) int {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return bytes.Count(data, []byte(text))
}

// watchUntil runs a watch as a process, appends its lines to a file and ends it by a
// signal once a condition holds. It returns the exit code, or -1 when it was killed.
func watchUntil(t *testing.T, running *emulator.Emulator, dir, lines string, end os.Signal, holds func() bool) int {
	t.Helper()
	out, err := os.OpenFile(lines, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.CommandContext(t.Context(), "appsyncctl", "customers", "watch", "--auth", "api-key", "--state", "state")
	cmd.Dir, cmd.Stdout = dir, out
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "APPSYNCCTL_API_KEY=" + watchKey}
	for _, variable := range running.Environment() {
		cmd.Env = append(cmd.Env, variable.Name+"="+variable.Value)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }() // its state says how
	limit := time.After(5 * time.Minute)
	for !holds() {
		select {
		case <-ended:
			return cmd.ProcessState.ExitCode()
		case <-limit:
			_ = cmd.Process.Kill() // the test fails in any case
			t.Fatal("a watch did not tell what it should")
		case <-time.After(5 * time.Millisecond):
		}
	}
	_ = cmd.Process.Signal(end) // the exit code says whether it came
	<-ended
	if code := cmd.ProcessState.ExitCode(); code != 1 || end != os.Kill || runtime.GOOS != "windows" {
		return code
	}
	return -1 // Windows has no other code for it
}

// changeCustomers makes changes until ctx ends and returns how many.
func changeCustomers(ctx context.Context, t *testing.T, running *emulator.Emulator) int {
	t.Helper()
	var ids []string
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return n
		case <-time.After(rand.N(20 * time.Millisecond)):
		}
		city := strconv.Itoa(n)
		switch chance := rand.IntN(10); {
		case len(ids) == 0 || chance < 4:
			ids = append(ids, city)
			ask(t.Context(), t, running, fmt.Sprintf(`mutation { createCustomer(input: {id: %q, city: %q}) { id name city state country } }`, city, city))
		case chance < 8:
			id := ids[rand.IntN(len(ids))]
			ask(t.Context(), t, running, fmt.Sprintf(`mutation { updateCustomer(input: {id: %q, city: %q}) { id name city state country } }`, id, city))
		default:
			i := rand.IntN(len(ids))
			ask(t.Context(), t, running, fmt.Sprintf(`mutation { deleteCustomer(input: {id: %q}) { id name city state country } }`, ids[i]))
			ids = slices.Delete(ids, i, i+1)
		}
	}
}

// tell makes the emulator do something that is no request to the API.
func tell(t *testing.T, running *emulator.Emulator, method, path, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, running.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s", method, path, resp.Status)
	}
}

// ask sends a document to the API and returns the answer.
func ask(ctx context.Context, t *testing.T, running *emulator.Emulator, document string) []byte {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": document})
	if err != nil {
		t.Error(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, running.Environment()[0].Value, bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return nil
	}
	req.Header.Set("X-Api-Key", watchKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || bytes.Contains(answer, []byte(`"errors"`)) {
		t.Errorf("%s: %s %s %v", document, resp.Status, answer, err)
	}
	return answer
}
