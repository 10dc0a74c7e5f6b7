package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// createUntilKilled creates customers from several sides, kills the emulator once so
// many were answered, while others are under way, and returns the ids that were.
func (p *process) createUntilKilled(t *testing.T, answers int) []string {
	t.Helper()
	var mu sync.Mutex
	var answered []string
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for {
				var data struct{ CreateCustomer struct{ ID string } }
				if p.query(t.Context(), `mutation { createCustomer(input: {name: "x"}) { id } }`, &data) != nil {
					return // it is dead
				}
				mu.Lock()
				answered = append(answered, data.CreateCustomer.ID)
				if len(answered) == answers {
					_ = p.cmd.Process.Kill() // p.kill says whether it was running
				}
				mu.Unlock()
			}
		})
	}
	writers.Wait()
	p.kill()
	if len(answered) < answers || !wasKilled(p.cmd) {
		t.Fatalf("the emulator ended by itself after %d of %d answers: %v", len(answered), answers, p.cmd.ProcessState)
	}
	return answered
}

// wasKilled reports whether a process that has ended was still running when it was
// killed.
func wasKilled(cmd *exec.Cmd) bool { return cmd.ProcessState.ExitCode() == -1 }

// TestEmulatorDataSurvivesKill kills emulators while they create customers. The next
// one has every customer whose creation was answered.
func TestEmulatorDataSurvivesKill(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a killed process keeps its files for a moment")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "customers.db")
	want := map[string]bool{}
	rounds := 6
	for range rounds {
		p := startProcess(t, dir, "--data", file)
		got := map[string]bool{}
		for token := ""; ; {
			var data struct {
				ListCustomers struct {
					Items     []struct{ ID string }
					NextToken string
				}
			}
			document := fmt.Sprintf(`{ listCustomers(limit: 1000, nextToken: %q) { items { id } nextToken } }`, token)
			if err := p.query(t.Context(), document, &data); err != nil {
				t.Fatal(err)
			}
			for _, item := range data.ListCustomers.Items {
				got[item.ID] = true
			}
			if token = data.ListCustomers.NextToken; token == "" {
				break
			}
		}
		for id := range want {
			if !got[id] {
				t.Fatalf("customer %s is lost; %d of %d are there", id, len(got), len(want))
			}
		}
		for _, id := range p.createUntilKilled(t, 1+rand.IntN(200)) {
			want[id] = true
		}
	}
	t.Logf("%d answered customers survived %d kills", len(want), rounds)
}

// TestEmulatorFileSurvivesKillOfItsMaking kills emulators while they make the file, and
// then starts one. A kill that came too late or too early to count is done again.
func TestEmulatorFileSurvivesKillOfItsMaking(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a killed process keeps its files for a moment")
	}
	const drafted, named = "drafted", "named"
	tests := []struct {
		name  string
		ripe  func(found string) bool // whether to kill, given what is there of the file
		count func(found string) bool // whether the kill hit, given what is left of it
	}{
		{"at any time", func(string) bool { return rand.IntN(500) == 0 }, func(string) bool { return true }},
		{"before it has its name", func(found string) bool { return found != "" }, func(found string) bool { return found == drafted }},
		{"once it has its name", func(found string) bool { return found == named }, func(found string) bool { return found == named }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hits := 0
			for range 100 {
				dir := t.TempDir()
				file := filepath.Join(dir, "customers.db")
				found := func() string {
					if _, err := os.Stat(file); err == nil {
						return named
					}
					if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
						return drafted
					}
					return ""
				}
				var said bytes.Buffer
				cmd := exec.CommandContext(t.Context(), "appsyncctl", "emulator", "start", "--data", file)
				cmd.Stderr = &said
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				ended := make(chan struct{})
				go func() { _ = cmd.Wait(); close(ended) }() // wasKilled says how
				for over := false; !over && !tt.ripe(found()); {
					select {
					case <-ended:
						over = true
					default:
					}
				}
				_ = cmd.Process.Kill() // it may have ended
				<-ended
				if !wasKilled(cmd) {
					t.Fatalf("the emulator ended by itself: %s", &said)
				}
				if tt.count(found()) && !strings.Contains(said.String(), "emulator ready") {
					hits++
				}
				startProcess(t, t.TempDir(), "--data", file).kill()
				if hits == 5 {
					return
				}
			}
			t.Errorf("only %d kills came while the file was made", hits)
		})
	}
}
