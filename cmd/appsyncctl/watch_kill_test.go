package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

const watchKey = "da2-watchwatchwatchwatchwatchw"

// TestWatchKilled kills a watch (SIGKILL) at random moments, against an API that
// drops connections, while customers come, change and go. Whoever applies every line
// that was written ends with what the API has.
//
// The longer proof is WATCH_PROOF_KILLS=50 go test ./cmd/appsyncctl -run TestWatchKilled -v
func TestWatchKilled(t *testing.T) {
	t.Parallel()
	kills := number("WATCH_PROOF_KILLS", 4)
	running, err := emulator.Start(t.Context(), emulator.Config{
		Schema: schema.Extended(),
		API:    func(c *appsync.Config) { c.APIKeys = []appsync.Secret{watchKey} },
		Faults: []emulator.Fault{{Name: appsync.FaultSocketDrop, Rate: 0.01}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Close() })
	dir := t.TempDir()
	lines := filepath.Join(dir, "lines.jsonl")

	writing, stop := context.WithCancel(t.Context())
	changes := make(chan int)
	go func() { changes <- changeCustomers(writing, t, running) }()
	for range kills {
		if code := watchFor(t, running, dir, lines, time.Second+rand.N(2*time.Second)); code != -1 {
			t.Errorf("a watch ended by itself, with exit code %d", code)
		}
	}
	stop()
	written := <-changes
	// The last watch sees no change, only what the killed ones have missed.
	if code := watchFor(t, running, dir, lines, time.Minute, "--for", "4s"); code != 0 {
		t.Errorf("exit code %d", code)
	}

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

// watchFor runs a watch as a process, appends its lines to a file and kills it after
// a while. It returns the exit code, or -1 when it was killed.
func watchFor(t *testing.T, running *emulator.Emulator, dir, lines string, after time.Duration, flags ...string) int {
	t.Helper()
	out, err := os.OpenFile(lines, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	ctx, cancel := context.WithTimeout(t.Context(), after)
	defer cancel()
	cmd := exec.CommandContext(ctx, "appsyncctl", slices.Concat([]string{"customers", "watch", "--auth", "api-key", "--state", "state"}, flags)...)
	cmd.Dir, cmd.Stdout = dir, out
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "APPSYNCCTL_API_KEY=" + watchKey}
	for _, variable := range running.Environment() {
		cmd.Env = append(cmd.Env, variable.Name+"="+variable.Value)
	}
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0
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
