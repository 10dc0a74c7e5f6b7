package appsync_test

import (
	"strings"
	"testing"
)

// A create that is sent once more, since its answer was lost, succeeds as it did the
// first time and makes nothing; one that differs by anything does not.
func TestCreateAgain(t *testing.T) {
	tests := []struct {
		name   string
		second map[string]any
		same   bool
	}{
		{"the same", map[string]any{"id": "1", "name": "a", "city": nil, "state": ""}, true},
		{"another text", map[string]any{"id": "1", "name": "A", "city": nil, "state": ""}, false},
		{"no city, where it is null", map[string]any{"id": "1", "name": "a", "state": ""}, false},
		{"an empty city, where it is null", map[string]any{"id": "1", "name": "a", "city": "", "state": ""}, false},
		{"a null, where it is empty", map[string]any{"id": "1", "name": "a", "city": nil, "state": nil}, false},
		{"a null, where nothing is", map[string]any{"id": "1", "name": "a", "city": nil, "state": "", "country": nil}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, extended)
			input := map[string]any{"input": map[string]any{"id": "1", "name": "a", "city": nil, "state": ""}}
			first := s.call(t, createMutation, input)
			got := s.call(t, createMutation, map[string]any{"input": tt.second})
			if tt.same && got != first {
				t.Errorf("got %s, want %s", got, first)
			}
			if !tt.same && !strings.Contains(got, `"errorType":"DynamoDB:ConditionalCheckFailedException"`) {
				t.Errorf("got %s", got)
			}
			if again := s.call(t, createMutation, input); again != first {
				t.Errorf("afterwards %s is there, want %s", again, first)
			}
			if ids := s.list(t, nil).ids(); len(ids) != 1 {
				t.Errorf("there are %v", ids)
			}
		})
	}
}

// After a change the first create is none of the record that is there.
func TestCreateAgainAfterAnUpdate(t *testing.T) {
	s := serve(t, extended)
	input := map[string]any{"input": map[string]any{"id": "1", "name": "a"}}
	s.call(t, createMutation, input)
	s.call(t, updateMutation, map[string]any{"input": map[string]any{"id": "1", "city": "b"}})
	if got := s.call(t, createMutation, input); !strings.Contains(got, "ConditionalCheckFailed") {
		t.Errorf("got %s", got)
	}
	s.call(t, updateMutation, map[string]any{"input": map[string]any{"id": "1", "city": nil}})
	if got, want := s.call(t, createMutation, input), `{"data":{"createCustomer":{"id":"1","name":"a","city":null,"state":null,"country":null}}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCreateAgainIsTold(t *testing.T) {
	s := serve(t, extended)
	c := s.connect(t)
	c.subscribe("1", "subscription { onCreateCustomer { id } }", nil)
	for range 2 {
		s.create(t, map[string]any{"id": "a"})
		c.want(`{"id":"1","type":"data","payload":{"data":{"onCreateCustomer":{"id":"a"}}}}`)
	}
}
