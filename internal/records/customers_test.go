package records_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/records"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// client is an API in memory.
type client func(query string, data any) error

func (c client) MakeRequest(_ context.Context, req *graphql.Request, resp *graphql.Response) error {
	return c(req.Query, resp.Data)
}

// answers returns a client whose requests fail in turn; those after the last get data.
func answers(t *testing.T, data string, failures ...error) (api client, asked *int) {
	t.Helper()
	asked = new(int)
	return func(_ string, into any) error {
		if *asked++; *asked <= len(failures) {
			return failures[*asked-1]
		}
		return json.Unmarshal([]byte(data), into)
	}, asked
}

func graphQL(kind string) error {
	return &appsync.ResponseError{Status: 200, Errors: []*appsync.Error{{Type: kind, Message: "x"}}}
}

// TestList asks again for a page where that may help, and says why there is none.
func TestList(t *testing.T) {
	const one = `{"listCustomers":{"items":[{"id":"1","name":"a","city":""},null],"nextToken":"n"}}`
	lost := &transport.NoAnswerError{Err: errors.New("broken off")}
	slow := &records.ThrottledError{After: time.Minute}
	tests := []struct {
		name     string
		token    string
		failures []error
		asked    int
		took     time.Duration
		want     error // nil is the page
		notices  int
	}{
		{"at once", "", nil, 1, 0, nil, 0},
		{"after lost answers", "t", []error{lost, &appsync.ResponseError{Status: 502}}, 3, 600 * time.Millisecond, nil, 0},
		{"after trouble behind the API", "t", []error{graphQL("DynamoDB:InternalServerError")}, 2, 200 * time.Millisecond, nil, 0},
		{"after throttling", "", []error{slow, slow}, 3, 2 * time.Minute, nil, 1},
		{"never", "", slices.Repeat([]error{lost}, 8), 8, 22600 * time.Millisecond, lost, 0},
		{"throttled for good", "", slices.Repeat([]error{slow}, 16), 16, 15 * time.Minute, slow, 1},
		{"the caller may not list", "", []error{graphQL("Unauthorized")}, 1, 0, bulk.ErrNoList, 0},
		{"there is no list", "", []error{graphQLMessage("FieldUndefined")}, 1, 0, bulk.ErrNoList, 0},
		{"the token has expired", "t", []error{graphQL("MappingTemplate")}, 1, 0, bulk.ErrToken, 0},
		{"an error without a token", "", []error{graphQL("MappingTemplate")}, 1, 0, &appsync.Error{}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, asked := answers(t, one, tt.failures...)
				notices := 0
				api := &records.Customers{Client: client, PageSize: 10, Notice: func(string) { notices++ }}
				began := time.Now()
				page, err := api.List(t.Context(), tt.token)
				if took := time.Since(began); took != tt.took || *asked != tt.asked || notices != tt.notices {
					t.Errorf("asked %d times in %s with %d notices, want %d, %s and %d", *asked, took, notices, tt.asked, tt.took, tt.notices)
				}
				switch {
				case tt.want == nil:
					if err != nil || page.Next != "n" || len(page.Records) != 1 || !maps.Equal(page.Records[0], bulk.Record{"id": "1", "name": "a", "city": ""}) {
						t.Errorf("got %v and %v", page, err)
					}
				case errors.As(tt.want, new(*appsync.Error)):
					if errors.Is(err, bulk.ErrNoList) || errors.Is(err, bulk.ErrToken) || !errors.As(err, new(*appsync.Error)) {
						t.Errorf("got %v", err)
					}
				case !errors.Is(err, tt.want):
					t.Errorf("got %v, want %v", err, tt.want)
				}
			})
		})
	}
}

func graphQLMessage(text string) error {
	return &appsync.ResponseError{Status: 200, Errors: []*appsync.Error{{Message: text}}}
}

// TestSchema derives the mode and the fields from what the API shows of itself.
func TestSchema(t *testing.T) {
	const nameOnly = `{"__type":{"inputFields":[
		{"name":"name","type":{"kind":"NON_NULL","ofType":{"name":"String"}}},
		{"name":"city","type":{"kind":"SCALAR","name":"String"}},
		{"name":"odd","type":{"kind":"SCALAR","name":"String"}}]}}`
	withID := strings.Replace(nameOnly, `[`, `[{"name":"id","type":{"kind":"SCALAR","name":"ID"}},`, 1)
	all := records.CustomerFields()[1:]
	tests := []struct {
		name     string
		mode     bulk.Mode
		data     string
		failures []error
		want     bulk.Mode
		fields   []string
		asked    int
	}{
		{"the API makes the id", bulk.AutoMode, nameOnly, nil, bulk.JournalMode, []string{"name", "city"}, 1},
		{"the API takes the id", bulk.AutoMode, withID, nil, bulk.KeyMode, []string{"name", "city"}, 1},
		{"it shows nothing", bulk.AutoMode, `{"__type":null}`, nil, bulk.AutoMode, all, 1},
		{"it refuses to show it", bulk.AutoMode, nameOnly, []error{graphQLMessage("Validation error")}, bulk.AutoMode, all, 1},
		{"the mode is given", bulk.KeyMode, nameOnly, nil, bulk.KeyMode, all, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client, asked := answers(t, tt.data, tt.failures...)
			schema, mode, err := (&records.Customers{Client: client}).Schema(t.Context(), tt.mode)
			if err != nil || mode != tt.want || !slices.Equal(schema.Fields, tt.fields) || *asked != tt.asked {
				t.Errorf("got %v, %q and %v after %d requests; want %v and %q", schema, mode, err, *asked, tt.fields, tt.want)
			}
		})
	}
}
