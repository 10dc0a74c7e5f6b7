package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// BenchmarkImport reports rows a second of an import, in both modes, beside a loop of
// single creates and a bare load generator that sends the same bodies: on an endpoint
// without a limit, and on one that throttles above 300 requests a second.
//
//	go test ./cmd/appsyncctl -run xxx -bench Import -benchtime 1x
func BenchmarkImport(b *testing.B) {
	const limit = 300
	for _, throttled := range []bool{false, true} {
		rows, name := 5000, "free"
		if throttled {
			rows, name = 3000, "limit"+strconv.Itoa(limit)
		}
		bench := func(kind, sdl string, run func(b *testing.B, env []string, rows int)) {
			b.Run(name+"/"+kind, func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					env := startEndpoint(b, sdl, throttled, limit)
					b.StartTimer()
					run(b, env, rows)
				}
				b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
				b.ReportMetric(0, "ns/op")
			})
		}
		bench("bare", schema.Wizard(), bareLoad(16))
		bench("loop", schema.Wizard(), bareLoad(1))
		bench("import-journal", schema.Wizard(), importOnce)
		bench("import-key", schema.Extended(), importOnce)
		bench("import-journal-single", schema.Wizard(), importSingly)
	}
}

// startEndpoint starts an emulator, behind a limit if asked for, and returns the
// environment that leads to it.
func startEndpoint(b *testing.B, sdl string, throttled bool, limit float64) []string {
	b.Helper()
	running, err := emulator.Start(b.Context(), emulator.Config{Schema: sdl})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = running.Close() })
	dir := b.TempDir()
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TEST_KEYRING=" + filepath.Join(dir, "keyring")}
	for _, variable := range running.Environment() {
		value := variable.Value
		if throttled && variable.Name == "APPSYNCCTL_ENDPOINT" {
			value = gated(b, value, &gate{refuse: limited(func(time.Duration) float64 { return limit }, 0)})
		}
		env = append(env, variable.Name+"="+value)
	}
	token := exec.CommandContext(b.Context(), "appsyncctl", "token")
	token.Env = env
	out, err := token.Output()
	if err != nil {
		b.Fatal(err)
	}
	return append(env, "APPSYNCCTL_TOKEN="+strings.TrimSpace(string(out)))
}

// BenchmarkImportThrottled reports the rows a second of an import whose requests hold one
// row, as a share of the best that is possible on an endpoint that throttles: its limit in
// the time that is left without the waits that it orders. Where it has no limit the best is
// the same import without throttling, and for that one a bare load generator with as many
// requests at once.
//
//	go test ./cmd/appsyncctl -run xxx -bench ImportThrottled -benchtime 1x
func BenchmarkImportThrottled(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	burst := func(from, to int, order time.Duration) func(int, time.Duration) (bool, time.Duration) {
		return func(request int, _ time.Duration) (bool, time.Duration) {
			return from < request && request <= to, order
		}
	}
	steady := func(time.Duration) float64 { return 300 }
	moving := func(spent time.Duration) float64 {
		if int(spent.Seconds()/5)%2 == 1 {
			return 450
		}
		return 150
	}
	tests := []struct {
		name    string
		refuse  func(request int, spent time.Duration) (refused bool, order time.Duration)
		rows    int
		limit   float64                                    // requests a second; 0 is none
		refused float64                                    // share of the requests, at any rate
		free    func(b *testing.B, env []string, rows int) // what shows the best where there is no limit
	}{
		{"no-limit", burst(0, 0, 0), 10000, 0, 0, bareLoad(64)},
		{"steady-limit", limited(steady, 0), 6000, 300, 0, nil},
		{"steady-limit-with-waits", limited(steady, time.Second), 6000, 300, 0, nil},
		{"burst-at-start", burst(0, 40, 3*time.Second), 10000, 0, 0, importSingly},
		{"burst-in-middle", burst(5000, 5040, 3*time.Second), 10000, 0, 0, importSingly},
		{"moving-limit", limited(moving, 0), 9000, 300, 0, nil},
		{"random-refusals", func(int, time.Duration) (bool, time.Duration) { return random.Float64() < 0.2, 0 }, 10000, 0, 0.2, importSingly},
	}
	for _, tt := range tests {
		b.Run(tt.name, func(b *testing.B) {
			var best, got float64
			for b.Loop() {
				best = tt.limit
				if best == 0 {
					best = (1 - tt.refused) * through(b, burst(0, 0, 0), tt.rows, tt.free)
				}
				got = through(b, tt.refuse, tt.rows, importSingly)
			}
			b.ReportMetric(got, "rows/s")
			b.ReportMetric(got/best, "of-best")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// through returns the rows a second that run brings through a gate, in the time that is left
// without the ordered waits.
func through(b *testing.B, refuse func(int, time.Duration) (bool, time.Duration), rows int, run func(b *testing.B, env []string, rows int)) float64 {
	b.Helper()
	env := startEndpoint(b, schema.Extended(), false, 0)
	g := &gate{refuse: refuse}
	env = append(env, "APPSYNCCTL_ENDPOINT="+gated(b, lookup(env, "APPSYNCCTL_ENDPOINT"), g))
	start := time.Now()
	run(b, env, rows)
	return float64(rows) / (time.Since(start) - g.waits).Seconds()
}

// A gate refuses requests with 429, and orders waits with Retry-After.
type gate struct {
	refuse func(request int, spent time.Duration) (refused bool, order time.Duration)

	mu       sync.Mutex
	began    time.Time
	requests int
	until    time.Time     // end of the ordered waits
	waits    time.Duration // in all
}

// lets reports whether the next request may pass, and else the wait to order.
func (g *gate) lets() (passes bool, order time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if g.requests++; g.requests == 1 {
		g.began = now
	}
	refused, order := g.refuse(g.requests, now.Sub(g.began))
	if !refused {
		return true, 0
	}
	from, until := now, now.Add(order)
	if g.until.After(now) {
		from = g.until
	}
	if until.After(from) {
		g.waits += until.Sub(from)
		g.until = until
	}
	return false, order
}

// limited refuses what exceeds a rate, with a tenth of a second as burst.
func limited(rate func(spent time.Duration) float64, order time.Duration) func(int, time.Duration) (bool, time.Duration) {
	level, last := 0.0, time.Duration(0)
	return func(_ int, spent time.Duration) (bool, time.Duration) {
		level = min(rate(spent)/10, level+(spent-last).Seconds()*rate(spent))
		last = spent
		if level < 1 {
			return true, order
		}
		level--
		return false, 0
	}
}

// gated is the address of an endpoint behind a gate.
func gated(b *testing.B, endpoint string, g *gate) string {
	b.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		b.Fatal(err)
	}
	pass := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: target.Scheme, Host: target.Host})
	pass.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if passes, order := g.lets(); !passes {
			if order > 0 {
				w.Header().Set("Retry-After", strconv.Itoa(int(order.Seconds())))
			}
			http.Error(w, `{"message":"Rate limit exceeded"}`, http.StatusTooManyRequests)
			return
		}
		pass.ServeHTTP(w, r)
	}))
	b.Cleanup(server.Close)
	return server.URL + target.Path
}

// bareLoad sends the bodies of single creates, so many at a time, and again what was
// throttled.
func bareLoad(atOnce int) func(b *testing.B, env []string, rows int) {
	return func(b *testing.B, env []string, rows int) {
		b.Helper()
		endpoint, token := lookup(env, "APPSYNCCTL_ENDPOINT"), lookup(env, "APPSYNCCTL_TOKEN")
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}}
		var next atomic.Int64
		var work sync.WaitGroup
		for range atOnce {
			work.Go(func() {
				for i := int(next.Add(1)); i <= rows; i = int(next.Add(1)) {
					for sendOnce(b.Context(), client, endpoint, token, i) != nil {
						continue // throttled: at once again, as nothing but the limit is to be seen
					}
				}
			})
		}
		work.Wait()
		client.CloseIdleConnections()
	}
}

type refused int

func (refused) Error() string { return "refused" }

func sendOnce(ctx context.Context, client *http.Client, endpoint, token string, i int) error {
	body, _ := json.Marshal(map[string]any{ // strings only
		"query":     `mutation CreateCustomer($input: CreateCustomerInput!) { createCustomer(input: $input) { id name city state country } }`,
		"variables": map[string]any{"input": map[string]string{"name": customerName(i), "city": "Boston", "state": "MA", "country": "USA"}},
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode != http.StatusOK {
		return refused(resp.StatusCode)
	}
	return nil
}

// importOnce imports as the program does.
func importOnce(b *testing.B, env []string, rows int) {
	b.Helper()
	runImport(b, env, rows)
}

// importSingly imports with one row in a request, which is what the bare load sends.
func importSingly(b *testing.B, env []string, rows int) {
	b.Helper()
	runImport(b, env, rows, "--max-batch=1")
}

func runImport(b *testing.B, env []string, rows int, flags ...string) {
	b.Helper()
	input := filepath.Join(b.TempDir(), "customers.csv")
	var text strings.Builder
	text.WriteString("name,city,state,country\n")
	for i := range rows {
		text.WriteString(customerName(i) + ",Boston,MA,USA\n")
	}
	if err := os.WriteFile(input, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), "appsyncctl", append([]string{"customers", "import", input, "-o", "json"}, flags...)...)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
}

func lookup(env []string, name string) (last string) {
	for _, pair := range env {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			last = value
		}
	}
	return last
}
