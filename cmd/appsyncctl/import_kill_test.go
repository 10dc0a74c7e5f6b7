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
	"sync"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
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
	t.Parallel()
	tests := []struct{ mode, schema string }{
		{"key", schema.Extended()},
		{"journal", schema.Wizard()},
	}
	var both sync.WaitGroup
	defer both.Wait()
	for _, tt := range tests { // at once and at the start: nothing takes longer
		both.Go(func() {
			t.Run(tt.mode, func(t *testing.T) { proveImport(t, tt.mode, tt.schema) })
		})
	}
}

func proveImport(t *testing.T, mode, sdl string) {
	t.Helper()
	rows, kills := number("IMPORT_PROOF_ROWS", 2000), number("IMPORT_PROOF_KILLS", 5)
	table := &limitedTable{Table: store.NewMemory()}
	running := startBadDay(t, table, sdl)
	dir := t.TempDir()
	input := filepath.Join(dir, "customers.csv")
	writeCustomers(t, input, rows)
	ours := foreignRows(t, table)

	run := importRun{t: t, dir: dir, running: running}
	killed, stopped := 0, 0
	for killed < kills {
		// So many more rows are there when the import is killed, and then a moment later.
		target := size(t, table) + 1 + rand.IntN(rows/(4*kills))
		open := table.shut(target + rows/(4*kills)) // it comes no further, however late the kill is
		code, out := run.importing(input, func() bool { return size(t, table) >= target }, time.Duration(rand.Int64N(int64(20*time.Millisecond))))
		open()
		switch code {
		case -1:
			killed++
		case 4, 5, 7: // by a token that was refused twice, say
			stopped++
		default:
			t.Fatalf("after %d of %d kills the import ended by itself with exit code %d: %s", killed, kills, code, out)
		}
	}
	var summary bulk.Summary
	for code := -1; code != 0; {
		var out []byte
		if code, out = run.importing(input, nil, 0); code == 4 || code == 5 {
			stopped++
			continue
		}
		if code != 0 && code != 7 {
			t.Fatalf("exit code %d: %s", code, out)
		}
		if err := json.Unmarshal(out, &summary); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if code == 7 { // what one run could not find out the next one does
			if stopped++; stopped > 10*kills {
				t.Fatalf("after %d stops there are still rows of which nobody knows: %+v", stopped, summary)
			}
		}
	}

	lost, doubled := count(t, table, ours, rows)
	t.Logf("%s mode: %d rows, %d kills, %d other stops: %d lost, %d doubled, %d unknown; %+v",
		mode, rows, killed, stopped, lost, doubled, summary.Unknown, summary)
	if lost > 0 || doubled > 0 || summary.Unknown > 0 {
		t.Errorf("%d rows are lost and %d doubled, and %d were told to be unknown", lost, doubled, summary.Unknown)
	}
	if summary.Created+summary.Already != rows {
		t.Errorf("of %d rows: got %+v", rows, summary)
	}
	if string(summary.Mode) != mode {
		t.Errorf("the mode is %s", summary.Mode)
	}
}

// A limitedTable lets rows into a table up to a number, and holds up those that come then.
type limitedTable struct {
	store.Table

	mu     sync.Mutex
	most   int
	opened chan struct{} // closed when all may pass; nil before it was ever shut
}

// shut holds up rows when there are most of them, until what it returns is called. Those
// are not let in any more.
func (g *limitedTable) shut(most int) (open func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	opened := make(chan struct{})
	g.most, g.opened = most, opened
	return sync.OnceFunc(func() { close(opened) })
}

// Create implements store.Table.
func (g *limitedTable) Create(ctx context.Context, item store.Item) error {
	g.mu.Lock()
	most, opened := g.most, g.opened
	g.mu.Unlock()
	select {
	case <-opened:
		return g.Table.Create(ctx, item)
	default:
	}
	switch n, err := g.Count(ctx); {
	case err != nil:
		return err
	case opened == nil || n < most:
		return g.Table.Create(ctx, item)
	}
	select {
	case <-opened:
		return errors.New("held up for too long")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// size returns how many items a table has.
func size(t *testing.T, table store.Table) int {
	t.Helper()
	n, err := table.Count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// startBadDay is an API on a bad day.
func startBadDay(t *testing.T, table store.Table, sdl string) *emulator.Emulator {
	t.Helper()
	config := emulator.Config{Schema: sdl, API: func(c *appsync.Config) { c.Table = table }}
	for name, rate := range map[string]float64{
		"closed-before-execution": 0.05, "closed-after-execution": 0.05, "truncated-body": 0.02,
		"throttled": 0.05, "unavailable": 0.02, "internal-error": 0.02, "bad-gateway": 0.01, "unauthorized": 0.01,
		"null-data": 0.01, "execution-timeout": 0.01,
	} {
		config.Faults = append(config.Faults, emulator.Fault{Name: name, Rate: rate, Path: "/graphql"})
	}
	return started(t, config)
}

// importRun starts imports as processes.
type importRun struct {
	t       *testing.T
	dir     string
	running *emulator.Emulator
}

// importing runs an import, and kills it (SIGKILL) a while after it has come so far, if
// that is asked for. It returns the exit code, or -1 when it was killed, and what it
// wrote.
func (r importRun) importing(input string, soFar func() bool, later time.Duration) (int, []byte) {
	cmd := exec.CommandContext(r.t.Context(), "appsyncctl", "customers", "import", input, "--settle=1s", "-o", "json")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.dir, "TEST_KEYRING=" + filepath.Join(r.dir, "keyring")}
	for _, variable := range r.running.Environment() {
		cmd.Env = append(cmd.Env, variable.Name+"="+variable.Value)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	looks := time.NewTicker(time.Millisecond)
	defer looks.Stop()
	for {
		select {
		case <-looks.C:
			if soFar == nil || !soFar() {
				continue
			}
			soFar = nil
			time.AfterFunc(later, func() { _ = cmd.Process.Kill() }) // it may have ended by itself
		case err := <-ended:
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				return exit.ExitCode(), append(out.Bytes(), errs.Bytes()...)
			}
			if err != nil {
				r.t.Fatal(err)
			}
			return 0, out.Bytes()
		}
	}
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
func foreignRows(t *testing.T, table store.Table) map[string]int {
	t.Helper()
	before := make(map[string]int)
	for i := range 50 {
		name, boston, state, country := customerName(i), "Boston", "MA", "USA"
		before[name]++
		item := store.Item{ID: "foreign" + strconv.Itoa(i), Attributes: map[string]*string{
			"name": &name, "city": &boston, "state": &state, "country": &country,
		}}
		if err := table.Create(t.Context(), item); err != nil {
			t.Fatal(err)
		}
	}
	return before
}

// count returns how many rows are missing from the table, and how many are too many.
func count(t *testing.T, table store.Table, before map[string]int, rows int) (lost, doubled int) {
	t.Helper()
	balance := make(map[string]int)
	for i := range rows {
		balance[customerName(i)]--
	}
	for name, n := range before {
		balance[name] -= n
	}
	for item, err := range table.Scan(t.Context(), "") {
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
