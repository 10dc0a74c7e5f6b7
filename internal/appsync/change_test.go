package appsync_test

import (
	"encoding/json"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// What is not changed is left out; what is removed is null.
func TestCustomerChange(t *testing.T) {
	tests := []struct {
		name   string
		change appsync.CustomerChange
		want   string
	}{
		{"a field set", appsync.CustomerChange{ID: "a", Fields: map[string]*string{"city": new("Boston")}}, `{"city":"Boston","id":"a"}`},
		{"a field set to empty", appsync.CustomerChange{ID: "a", Fields: map[string]*string{"city": new("")}}, `{"city":"","id":"a"}`},
		{"a field removed", appsync.CustomerChange{ID: "a", Fields: map[string]*string{"city": nil}}, `{"city":null,"id":"a"}`},
		{"nothing", appsync.CustomerChange{ID: "a"}, `{"id":"a"}`},
		{"the id stays the id", appsync.CustomerChange{ID: "a", Fields: map[string]*string{"id": new("b")}}, `{"id":"a"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(tt.change)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
