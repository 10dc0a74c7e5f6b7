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
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

const (
	createBody = `{"query":"mutation { createCustomer(input: {name: \"customer1\", city: \"Boston\"}) { id name city state country } }"}`
	listBody   = `{"query":"{ listCustomers { items { id name city state country } nextToken } }"}`
)

// The API without a socket, its callers shown by a key: what is measured is the
// path from the handler to the store and back.
func benchmark(b *testing.B, table store.Table, body string) {
	b.Helper()
	api, err := appsync.New(appsync.Config{Schema: schema.Wizard(), Table: table, APIKeys: []redact.Secret{"da2-x"}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		req := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
		req.Header.Set("x-api-key", "da2-x")
		answer := httptest.NewRecorder()
		api.ServeHTTP(answer, req)
		if answer.Code != http.StatusOK {
			b.Fatal(answer.Body)
		}
	}
}

// filled holds n customers.
func filled(tb testing.TB, n int) *store.Memory {
	tb.Helper()
	table := store.NewMemory()
	city := "Boston"
	for i := range n {
		if err := table.Create(tb.Context(), store.Item{ID: fmt.Sprint(i), Attributes: map[string]*string{"city": &city}}); err != nil {
			tb.Fatal(err)
		}
	}
	return table
}

func BenchmarkCreateCustomer(b *testing.B) {
	benchmark(b, store.NewMemory(), createBody)
}

func BenchmarkListCustomers(b *testing.B) {
	for _, n := range []int{20, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmark(b, filled(b, n), listBody) })
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := appsync.New(appsync.Config{Schema: schema.Wizard()}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCreateCustomerInAFile is BenchmarkCreateCustomer with a disk under it: alone
// a create waits for its own write, among others it shares one.
func BenchmarkCreateCustomerInAFile(b *testing.B) {
	b.Run("alone", func(b *testing.B) {
		benchmark(b, openFile(b, filepath.Join(b.TempDir(), "customers.db")), createBody)
	})
	b.Run("among 32", func(b *testing.B) {
		table := openFile(b, filepath.Join(b.TempDir(), "customers.db"))
		api, err := appsync.New(appsync.Config{Schema: schema.Wizard(), Table: table, APIKeys: []redact.Secret{"da2-x"}})
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
	table := openFile(b, filepath.Join(b.TempDir(), "customers.db"))
	for i := range 1000 {
		if err := table.Create(b.Context(), store.Item{ID: fmt.Sprint(i), Attributes: map[string]*string{"city": new("Boston")}}); err != nil {
			b.Fatal(err)
		}
	}
	benchmark(b, table, listBody)
}
