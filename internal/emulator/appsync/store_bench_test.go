package appsync_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

const (
	createBody = `{"query":"mutation { createCustomer(input: {name: \"customer1\", city: \"Boston\"}) { id name city state country } }"}`
	listBody   = `{"query":"{ listCustomers { items { id name city state country } nextToken } }"}`
)

// BenchmarkCreateCustomerInAFile is BenchmarkCreateCustomer with a disk under it: alone
// a create waits for its own write, among others it shares one.
func BenchmarkCreateCustomerInAFile(b *testing.B) {
	b.Run("alone", func(b *testing.B) {
		benchmark(b, openFile(b, filepath.Join(b.TempDir(), "customers.db")), createBody)
	})
	b.Run("among 32", func(b *testing.B) {
		store := openFile(b, filepath.Join(b.TempDir(), "customers.db"))
		api, err := appsync.New(appsync.Config{Schema: schema.Wizard(), Store: store, APIKeys: []appsync.Secret{"da2-x"}})
		if err != nil {
			b.Fatal(err)
		}
		b.SetParallelism(max(1, 32/runtime.GOMAXPROCS(0)))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				req := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(createBody))
				req.Header.Set("x-api-key", "da2-x")
				answer := httptest.NewRecorder()
				api.ServeHTTP(answer, req)
				if answer.Code != http.StatusOK {
					b.Error(answer.Body)
				}
			}
		})
	})
}

// BenchmarkListCustomersInAFile is BenchmarkListCustomers with a file.
func BenchmarkListCustomersInAFile(b *testing.B) {
	store := openFile(b, filepath.Join(b.TempDir(), "customers.db"))
	for i := range 1000 {
		if err := store.Create(b.Context(), appsync.Item{ID: fmt.Sprint(i), Attributes: map[string]*string{"city": new("Boston")}}); err != nil {
			b.Fatal(err)
		}
	}
	benchmark(b, store, listBody)
}

// BenchmarkMillion reports what a million customers with all fields take in memory, and
// how long walking over them takes.
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	store := appsync.NewMemory()
	for i := range n {
		item := appsync.Item{ID: fmt.Sprintf("%032d", i), Attributes: map[string]*string{
			"name": new(fmt.Sprint("customer", i)), "city": new("Boston"), "state": new("MA"), "country": new("USA"),
		}}
		if err := store.Create(b.Context(), item); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	for b.Loop() {
		seen := 0
		for _, err := range store.Scan(b.Context(), "") {
			if err != nil {
				b.Fatal(err)
			}
			seen++
		}
		if seen != n {
			b.Fatalf("%d of %d", seen, n)
		}
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
	runtime.KeepAlive(store)
}
