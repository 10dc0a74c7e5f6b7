package appsync_test

import (
	"slices"
	"strings"
	"testing"
)

func TestFilter(t *testing.T) {
	s := serve(t, extended)
	for _, input := range []map[string]any{
		{"id": "1", "name": "Ada", "city": "Boston"},
		{"id": "2", "name": "ada", "city": "Dallas"},
		{"id": "3", "name": "Zoë", "city": nil},
		{"id": "4", "name": ""},
		{"id": "5"},
	} {
		s.create(t, input)
	}
	type m = map[string]any
	tests := []struct {
		name   string
		filter m
		want   []string
	}{
		{"eq", m{"name": m{"eq": "Ada"}}, []string{"1"}},
		{"eq on the id", m{"id": m{"eq": "3"}}, []string{"3"}},
		{"eq empty", m{"name": m{"eq": ""}}, []string{"4"}},
		{"eq null finds NULL, not missing", m{"city": m{"eq": nil}}, []string{"3"}},
		{"ne holds for missing and for NULL", m{"city": m{"ne": "Boston"}}, []string{"2", "3", "4", "5"}},
		{"ne null", m{"city": m{"ne": nil}}, []string{"1", "2", "4", "5"}},
		{"lt by bytes: capitals first", m{"name": m{"lt": "a"}}, []string{"1", "3", "4"}},
		{"le", m{"name": m{"le": "Ada"}}, []string{"1", "4"}},
		{"gt by bytes: ë after z", m{"name": m{"gt": "Zoz"}}, []string{"2", "3"}},
		{"ge", m{"name": m{"ge": "ada"}}, []string{"2"}},
		{"ge needs a text", m{"city": m{"ge": ""}}, []string{"1", "2"}},
		{"contains minds case", m{"name": m{"contains": "da"}}, []string{"1", "2"}},
		{"contains", m{"city": m{"contains": "D"}}, []string{"2"}},
		{"notContains holds for missing", m{"city": m{"notContains": "o"}}, []string{"2", "3", "4", "5"}},
		{"beginsWith", m{"name": m{"beginsWith": "Zo"}}, []string{"3"}},
		{"between includes its ends", m{"id": m{"between": []string{"2", "4"}}}, []string{"2", "3", "4"}},
		{"two fields", m{"name": m{"contains": "da"}, "city": m{"eq": "Dallas"}}, []string{"2"}},
		{"two operators", m{"id": m{"ge": "2", "lt": "4"}}, []string{"2", "3"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := slices.Sorted(slices.Values(s.list(t, m{"filter": tt.filter}).ids()))
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}

	refusals := []struct {
		name   string
		filter m
		want   string
	}{
		{"between one", m{"id": m{"between": []string{"2"}}}, "exactly two operands"},
		{"between three", m{"id": m{"between": []string{"1", "2", "3"}}}, "exactly two operands"},
		{"between nulls", m{"id": m{"between": []any{nil, nil}}}, "operand type: NULL"},
		{"between a text and null", m{"id": m{"between": []any{"2", nil}}}, "requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {S:2}, upper bound operand: AttributeValue: {NULL:true}"},
		{"between the wrong way", m{"id": m{"between": []string{"4", "2"}}}, "requires upper bound to be greater than or equal to lower bound"},
		{"lt null", m{"name": m{"lt": nil}}, "operator or function: <, operand type: NULL"},
		{"beginsWith null", m{"name": m{"beginsWith": nil}}, "begins_with, operand type: NULL"},
		{"empty", m{}, "The expression can not be empty;"},
		{"empty inside", m{"name": m{}}, "The expression can not be empty;"},
	}
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			got := s.call(t, listQuery, m{"filter": tt.filter})
			if !strings.Contains(got, tt.want) || !strings.Contains(got, `"errorType":"DynamoDB:DynamoDbException"`) || !strings.HasPrefix(got, `{"data":{"listCustomers":null}`) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
