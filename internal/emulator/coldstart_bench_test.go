package emulator_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

// BenchmarkColdStart is the time from nothing to the first answer, and to the end; the
// program itself takes some milliseconds more to load.
func BenchmarkColdStart(b *testing.B) {
	for name, file := range map[string]string{"memory": "", "file": filepath.Join(b.TempDir(), "customers.db")} {
		b.Run(name, func(b *testing.B) {
			transport := &http.Transport{DisableKeepAlives: true}
			for b.Loop() {
				e, err := emulator.Start(b.Context(), emulator.Config{DataFile: file})
				if err != nil {
					b.Fatal(err)
				}
				req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, e.URL()+"/.well-known/openid-configuration", http.NoBody)
				if err != nil {
					b.Fatal(err)
				}
				resp, err := transport.RoundTrip(req)
				if err != nil {
					b.Fatal(err)
				}
				if resp.Body.Close() != nil || resp.StatusCode != http.StatusOK {
					b.Fatal(resp.Status)
				}
				b.StopTimer()
				if err := e.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
