package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// createUntilKilled creates customers from several sides, kills the emulator some time
// after, and returns the ids that were answered.
func (p *process) createUntilKilled(ctx context.Context, after time.Duration) []string {
	var mu sync.Mutex
	var answered []string
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for {
				var data struct{ CreateCustomer struct{ ID string } }
				if p.query(ctx, `mutation { createCustomer(input: {name: "x"}) { id } }`, &data) != nil {
					return // it is dead
				}
				mu.Lock()
				answered = append(answered, data.CreateCustomer.ID)
				mu.Unlock()
			}
		})
	}
	timer := time.AfterFunc(after, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	writers.Wait()
	p.kill()
	return answered
}

// TestEmulatorDataSurvivesKill kills emulators at random moments while they create
// customers, the first one maybe while it makes its file. The next one has every
// customer whose creation was answered.
func TestEmulatorDataSurvivesKill(t *testing.T) {
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
		for _, id := range p.createUntilKilled(t.Context(), time.Duration(20+rand.IntN(200))*time.Millisecond) {
			want[id] = true
		}
	}
	if len(want) == 0 {
		t.Error("no create was answered before a kill")
	}
	t.Logf("%d answered customers survived %d kills", len(want), rounds)
}

// TestEmulatorFileSurvivesKillOfItsMaking kills emulators from their first moments on,
// so that some die while they make the file, and then starts one.
func TestEmulatorFileSurvivesKillOfItsMaking(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a killed process keeps its files for a moment")
	}
	dir := t.TempDir()
	for i := range 15 {
		file := filepath.Join(dir, fmt.Sprint(i), "customers.db")
		if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "appsyncctl", "emulator", "start", "--data", file)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(rand.IntN(40))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait() // it was killed
		startProcess(t, dir, "--data", file).kill()
	}
}
