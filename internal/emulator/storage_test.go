package emulator_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

// brokenTable cannot be counted or emptied.
type brokenTable struct{ store.Table }

func (brokenTable) Count(context.Context) (int, error) {
	return 0, errors.New("a secret of the disk's")
}
func (brokenTable) Clear(context.Context) error { return errors.New("a secret of the disk's") }

func TestDataFileOutlivesTheEmulator(t *testing.T) {
	config := emulator.Config{DataFile: filepath.Join(t.TempDir(), "customers.db")}
	first := start(t, config)
	first.query(t, create)
	if _, err := emulator.Start(t.Context(), config); err == nil || !strings.Contains(err.Error(), "another emulator") {
		t.Errorf("two emulators with one file: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := start(t, config)
	if _, body := second.query(t, `{ listCustomers { items { name } } }`); !strings.Contains(body, "customer1") {
		t.Errorf("after a restart: %s", body)
	}
}

// TestFailedStartLetsGo sees that a start that fails holds neither file nor port.
func TestFailedStartLetsGo(t *testing.T) {
	config := emulator.Config{DataFile: filepath.Join(t.TempDir(), "customers.db"), ClientIDPattern: "("}
	if _, err := emulator.Start(t.Context(), config); err == nil {
		t.Fatal("started with a broken pattern")
	}
	config.ClientIDPattern = ""
	start(t, config)
	if _, err := emulator.Start(t.Context(), emulator.Config{DataFile: "a", DynamoDBTable: "b"}); err == nil {
		t.Error("started with two places for the customers")
	}
}

// TestResetSparesATable answers as a table of one item would.
func TestResetSparesATable(t *testing.T) {
	var deleted atomic.Int32
	table := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		answer := map[string]string{
			"DescribeTable": `{"Table":{"TableStatus":"ACTIVE","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}}`,
			"Scan":          `{"Count":1,"Items":[{"id":{"S":"1"}}]}`,
			"DeleteItem":    `{}`,
		}
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if operation == "DeleteItem" {
			deleted.Add(1)
		}
		_, _ = w.Write([]byte(answer[operation]))
	}))
	t.Cleanup(table.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_DYNAMODB": table.URL, "AWS_REGION": "eu-west-1",
		"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "test",
	} {
		t.Setenv(name, value)
	}
	r := start(t, emulator.Config{DynamoDBTable: "customers"})
	if got := r.status(t); got.Storage != "dynamodb" || got.Name != "customers" || got.Customers != 1 {
		t.Errorf("got %+v", got)
	}
	for _, query := range []string{"", "?table=others"} {
		resp, body := r.must(t, http.MethodPost, "/_emulator/reset"+query, "", "")
		if resp.StatusCode != http.StatusConflict || !strings.Contains(body, "customers") || deleted.Load() != 0 {
			t.Errorf("%q: %d %s", query, resp.StatusCode, body)
		}
	}
	if resp, body := r.must(t, http.MethodPost, "/_emulator/reset?table=customers", "", ""); resp.StatusCode != http.StatusNoContent || deleted.Load() != 1 {
		t.Errorf("named: %d %s, %d deleted", resp.StatusCode, body, deleted.Load())
	}
}
