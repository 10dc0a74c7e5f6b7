package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli"
)

// customerPages answers listCustomers with rows customers, as fast as it can: what
// is measured is the client.
type customerPages struct{ rows int }

func (p customerPages) RoundTrip(req *http.Request) (*http.Response, error) {
	var sent struct {
		Variables struct {
			Limit     int
			NextToken string
		}
	}
	if err := json.NewDecoder(req.Body).Decode(&sent); err != nil {
		return nil, err
	}
	first, _ := strconv.Atoi(sent.Variables.NextToken) // 0 at the beginning
	last := min(first+sent.Variables.Limit, p.rows)
	var body bytes.Buffer
	body.WriteString(`{"data":{"listCustomers":{"items":[`)
	for i := first; i < last; i++ {
		if i > first {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"id":"00000000-0000-4000-8000-%012d","name":"customer%d","city":"Boston","state":"MA","country":null}`, i, i)
	}
	body.WriteString(`],"nextToken":`)
	if last < p.rows {
		fmt.Fprintf(&body, `"%d"`, last)
	} else {
		body.WriteString("null")
	}
	body.WriteString(`}}}`)
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(&body),
		Request:    req,
	}, nil
}

// highWater keeps the largest heap that it sees when something is written.
type highWater struct {
	inUse  bool // without the garbage: how much of that there is depends on how busy the machine is
	writes int
	bytes  uint64
}

func (w *highWater) Write(p []byte) (int, error) {
	if w.writes++; w.writes%4 == 0 {
		if w.inUse {
			runtime.GC()
		}
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		w.bytes = max(w.bytes, now.HeapAlloc)
	}
	return len(p), nil
}

func listing(out io.Writer, rows int) *app.App {
	environment := map[string]string{
		"APPSYNCCTL_ENDPOINT": "https://api.example.com/graphql",
		"APPSYNCCTL_TOKEN":    "token",
		"APPSYNCCTL_CONFIG":   "/nonexistent/config.yaml",
	}
	return &app.App{
		In: &bytes.Buffer{}, Out: out, Err: io.Discard,
		LookupEnv: func(name string) (string, bool) {
			value, ok := environment[name]
			return value, ok
		},
		Environ:   func() []string { return nil },
		Now:       time.Now,
		Transport: customerPages{rows},
	}
}

// BenchmarkList lists 10⁴, 10⁵ and 10⁶ customers in each format, and reports rows a
// second and the largest heap, which must not grow with the rows.
func BenchmarkList(b *testing.B) {
	for _, format := range []string{"table", "json", "jsonl", "csv", "yaml", "id"} {
		for _, rows := range []int{10_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprintf("%s/%d", format, rows), func(b *testing.B) {
				var peak uint64
				for b.Loop() {
					var out highWater
					if code := cli.Run(b.Context(), listing(&out, rows), []string{"customers", "list", "--all", "-o", format}); code != 0 {
						b.Fatalf("exit code %d", code)
					}
					peak = max(peak, out.bytes)
				}
				b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
				b.ReportMetric(float64(peak)/(1<<20), "MiB-heap")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// A list holds a page or two, whatever its length. All of it would take five MiB or more.
func TestListMemory(t *testing.T) {
	const most = 4 << 20 // bytes
	for _, format := range []string{"table", "json", "jsonl", "csv", "yaml", "id"} {
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		out := highWater{inUse: true}
		if code := cli.Run(t.Context(), listing(&out, 30_000), []string{"customers", "list", "--all", "-o", format}); code != 0 {
			t.Fatalf("exit code %d", code)
		}
		if grown := int64(out.bytes) - int64(before.HeapAlloc); grown > most {
			t.Errorf("%s: the heap grew by %d KiB, want %d at most", format, grown>>10, most>>10)
		}
	}
}
