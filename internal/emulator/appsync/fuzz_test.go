package appsync_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// Whatever the body, the answer is JSON with data or errors, and no 5xx.
func FuzzRequest(f *testing.F) {
	for _, body := range []string{
		"", "{}", "meow", "{badfield}", `{"query":"{__typename}"}`,
		`{"query":"` + strings.ReplaceAll(createMutation, "\n", " ") + `","variables":{"input":{"name":null,"city":1}}}`,
		`{"query":"` + listQuery + `","variables":{"limit":"1","nextToken":"e30=","filter":{"id":{"between":["a"]}}}}`,
		`{"query":"{ listCustomers(filter: {name: {eq: [1, {a: $b}]}}) { ...F } } fragment F on Customer { ...F }"}`,
		`{"query":"query A { a: __typename } query B { __schema { types { name } } }","operationName":"B"}`,
	} {
		f.Add(body)
	}
	api, err := appsync.New(appsync.Config{Schema: schema.Extended(), APIKeys: []redact.Secret{"da2-x"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		req := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
		req.Header.Set("x-api-key", "da2-x")
		answer := httptest.NewRecorder()
		api.ServeHTTP(answer, req)
		var got map[string]any
		if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
			t.Fatalf("no JSON: %s", answer.Body)
		}
		if answer.Code >= 500 || got["data"] == nil && got["errors"] == nil {
			t.Errorf("%d: %s", answer.Code, answer.Body)
		}
	})
}
