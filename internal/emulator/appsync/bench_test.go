package appsync_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// The API without a socket, its callers shown by a key: what is measured is the
// path from the handler to the store and back.
func benchmark(b *testing.B, store appsync.Store, body string) {
	b.Helper()
	api, err := appsync.New(appsync.Config{Schema: schema.Wizard(), Store: store, APIKeys: []appsync.Secret{"da2-x"}})
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
func filled(tb testing.TB, n int) *appsync.Memory {
	tb.Helper()
	store := appsync.NewMemory()
	city := "Boston"
	for i := range n {
		if err := store.Create(tb.Context(), appsync.Item{ID: fmt.Sprint(i), Attributes: map[string]*string{"city": &city}}); err != nil {
			tb.Fatal(err)
		}
	}
	return store
}

func BenchmarkCreateCustomer(b *testing.B) {
	benchmark(b, appsync.NewMemory(), `{"query":"mutation { createCustomer(input: {name: \"customer1\", city: \"Boston\"}) { id name city state country } }"}`)
}

func BenchmarkListCustomers(b *testing.B) {
	const body = `{"query":"{ listCustomers { items { id name city state country } nextToken } }"}`
	for _, n := range []int{20, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmark(b, filled(b, n), body) })
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := appsync.New(appsync.Config{Schema: schema.Wizard()}); err != nil {
			b.Fatal(err)
		}
	}
}
