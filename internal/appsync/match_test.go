package appsync_test

import (
	"encoding/json"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

func TestMatchOf(t *testing.T) {
	tests := []struct {
		sentences []string
		want      string // the match, as JSON; empty if it is refused
	}{
		{nil, `{}`},
		{[]string{"city = Boston"}, `{"city":"Boston"}`},
		{[]string{"city = Boston", "id = 1"}, `{"id":"1","city":"Boston"}`},
		{[]string{"city != Boston"}, ""},
		{[]string{"city = Boston", "city contains x"}, ""},
	}
	for _, tt := range tests {
		filter, err := appsync.ParseFilter(tt.sentences...)
		if err != nil {
			t.Fatal(err)
		}
		match, err := appsync.MatchOf(filter)
		if (err == nil) != (tt.want != "") {
			t.Errorf("%q: got error %v", tt.sentences, err)
			continue
		}
		var want appsync.Match
		if err == nil {
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			got, _ := json.Marshal(match)
			wanted, _ := json.Marshal(want)
			if string(got) != string(wanted) {
				t.Errorf("%q: got %s, want %s", tt.sentences, got, wanted)
			}
		}
	}
}
