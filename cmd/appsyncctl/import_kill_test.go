package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// TestImportKilled kills an import (SIGKILL) at random moments, against an API that
// loses requests before and after it executes them, cuts answers off, throttles, fails
// and refuses tokens. At the end every row is there once.
//
// It is small by default. The whole proof, half an hour long, is
//
//	IMPORT_PROOF_ROWS=100000 IMPORT_PROOF_KILLS=50 go test ./cmd/appsyncctl -run TestImportKilled -v -timeout 2h
func TestImportKilled(t *testing.T) {
	tests := []struct{ mode, schema string }{
		{"key", schema.Extended()},
		{"journal", schema.Wizard()},
	}
	for _, tt := range tests {
		t.Run(tt.mode, func(t *testing.T) {
			t.Parallel()
			proveImport(t, tt.mode, tt.schema)
		})
	}
}

func proveImport(t *testing.T, mode, sdl string) {
	t.Helper()
	rows, kills := number("IMPORT_PROOF_ROWS", 2000), number("IMPORT_PROOF_KILLS", 5)
	store := appsync.NewMemory()
	running := startBadDay(t, store, sdl)
	dir := t.TempDir()
	input := filepath.Join(dir, "customers.csv")
	writeCustomers(t, input, rows)
	ours := foreignRows(t, store)

	run := importRun{t: t, dir: dir, running: running}
	killed, stopped := 0, 0
	for killed < kills {
		moment := 100*time.Millisecond + time.Duration(rand.Int64N(int64(rows/kills)*int64(time.Millisecond)))
		code, _ := run.importing(input, moment)
		switch code {
		case -1:
			killed++
		case 0:
			t.Fatalf("the import came to its end after %d of %d kills; it needs more rows", killed, kills)
		default:
			stopped++ // by a token that was refused twice, say
		}
	}
	var summary bulk.Summary
	for {
		code, out := run.importing(input, time.Hour)
		if code == 4 || code == 5 {
			stopped++
			continue
		}
		if code != 0 && code != 7 {
			t.Fatalf("exit code %d: %s", code, out)
		}
		if err := json.Unmarshal(out, &summary); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		break
	}

	lost, doubled := count(t, store, ours, rows)
	t.Logf("%s mode: %d rows, %d kills, %d other stops: %d lost, %d doubled, %d unknown; %+v",
		mode, rows, killed, stopped, lost, doubled, summary.Unknown, summary)
	if lost > summary.Unknown || doubled > 0 {
		t.Errorf("%d rows are lost and %d doubled, and %d were told to be unknown", lost, doubled, summary.Unknown)
	}
	if mode == "key" && summary.Unknown > 0 {
		t.Errorf("%d rows are unknown, which a key must rule out", summary.Unknown)
	}
	if string(summary.Mode) != mode {
		t.Errorf("the mode is %s", summary.Mode)
	}
}

// startBadDay is an API on a bad day.
func startBadDay(t *testing.T, store appsync.Store, sdl string) *emulator.Emulator {
	t.Helper()
	config := emulator.Config{Schema: sdl, API: func(c *appsync.Config) { c.Store = store }}
	for name, rate := range map[string]float64{
		"closed-before-execution": 0.05, "closed-after-execution": 0.05, "truncated-body": 0.02,
		"throttled": 0.05, "unavailable": 0.02, "internal-error": 0.02, "bad-gateway": 0.01, "unauthorized": 0.01,
		"null-data": 0.01, "execution-timeout": 0.01,
	} {
		config.Faults = append(config.Faults, emulator.Fault{Name: name, Rate: rate, Path: "/graphql"})
	}
	running, err := emulator.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Close() })
	return running
}

// importRun starts imports as processes.
type importRun struct {
	t       *testing.T
	dir     string
	running *emulator.Emulator
}

// importing runs an import and kills it after a while. It returns the exit code, or -1
// when it was killed, and what it wrote.
func (r importRun) importing(input string, after time.Duration) (int, []byte) {
	ctx, cancel := context.WithTimeout(r.t.Context(), after)
	defer cancel()
	cmd := exec.CommandContext(ctx, "appsyncctl", "customers", "import", input, "--settle=1s", "-o", "json") // killed by SIGKILL
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.dir, "TEST_KEYRING=" + filepath.Join(r.dir, "keyring")}
	for _, variable := range r.running.Environment() {
		cmd.Env = append(cmd.Env, variable.Name+"="+variable.Value)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), append(out.Bytes(), errs.Bytes()...)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return 0, out.Bytes()
}

// writeCustomers writes an input in which every twentieth row repeats the one before.
func writeCustomers(t *testing.T, path string, rows int) {
	t.Helper()
	var text strings.Builder
	text.WriteString("name,city,state,country\r\n")
	for i := range rows {
		fmt.Fprintf(&text, "%s,Boston,MA,USA\r\n", customerName(i))
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func customerName(i int) string {
	if i%20 == 19 {
		i--
	}
	return "customer" + strconv.Itoa(i)
}

// foreignRows puts rows into the table that nobody may take for the import's. It
// returns how many there are of each name.
func foreignRows(t *testing.T, store appsync.Store) map[string]int {
	t.Helper()
	before := make(map[string]int)
	for i := range 50 {
		name, boston, state, country := customerName(i), "Boston", "MA", "USA"
		before[name]++
		item := appsync.Item{ID: "foreign" + strconv.Itoa(i), Attributes: map[string]*string{
			"name": &name, "city": &boston, "state": &state, "country": &country,
		}}
		if err := store.Create(t.Context(), item); err != nil {
			t.Fatal(err)
		}
	}
	return before
}

// count returns how many rows are missing from the table, and how many are too many.
func count(t *testing.T, store appsync.Store, before map[string]int, rows int) (lost, doubled int) {
	t.Helper()
	balance := make(map[string]int)
	for i := range rows {
		balance[customerName(i)]--
	}
	for name, n := range before {
		balance[name] -= n
	}
	for item, err := range store.Scan(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		balance[*item.Attributes["name"]]++
	}
	for _, n := range balance {
		lost += max(0, -n)
		doubled += max(0, n)
	}
	return lost, doubled
}

func number(variable string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return n
	}
	return otherwise
}
