package appsync_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

func TestParseFilter(t *testing.T) {
	tests := []struct {
		sentences []string
		want      string
	}{
		{nil, `null`},
		{[]string{"city = Boston"}, `{"city":{"eq":"Boston"}}`},
		{[]string{"city=Boston"}, `{"city":{"eq":"Boston"}}`},
		{[]string{"  city \t==  Boston "}, `{"city":{"eq":"Boston"}}`},
		{[]string{"city is Boston"}, `{"city":{"eq":"Boston"}}`},
		{[]string{"city eq Boston"}, `{"city":{"eq":"Boston"}}`},
		{[]string{"city != Boston"}, `{"city":{"ne":"Boston"}}`},
		{[]string{"city <> Boston"}, `{"city":{"ne":"Boston"}}`},
		{[]string{"city is not Boston"}, `{"city":{"ne":"Boston"}}`},
		{[]string{"state < MA"}, `{"state":{"lt":"MA"}}`},
		{[]string{"state<=MA"}, `{"state":{"le":"MA"}}`},
		{[]string{"state > MA"}, `{"state":{"gt":"MA"}}`},
		{[]string{"state>=MA"}, `{"state":{"ge":"MA"}}`},
		{[]string{"state lt A"}, `{"state":{"lt":"A"}}`},
		{[]string{"state le A"}, `{"state":{"le":"A"}}`},
		{[]string{"state gt A"}, `{"state":{"gt":"A"}}`},
		{[]string{"state ge A"}, `{"state":{"ge":"A"}}`},
		{[]string{"country ne USA"}, `{"country":{"ne":"USA"}}`},
		{[]string{"name contains x"}, `{"name":{"contains":"x"}}`},
		{[]string{"name not contains x"}, `{"name":{"notContains":"x"}}`},
		{[]string{"name does not contain x"}, `{"name":{"notContains":"x"}}`},
		{[]string{"name notContains x"}, `{"name":{"notContains":"x"}}`},
		{[]string{"name begins customer"}, `{"name":{"beginsWith":"customer"}}`},
		{[]string{"name BEGINS WITH customer"}, `{"name":{"beginsWith":"customer"}}`},
		{[]string{"name beginsWith customer"}, `{"name":{"beginsWith":"customer"}}`},
		{[]string{"id between a and b"}, `{"id":{"between":["a","b"]}}`},
		{[]string{"id between 'a and b' AND And"}, `{"id":{"between":["a and b","And"]}}`},
		{[]string{"city = 'New York'"}, `{"city":{"eq":"New York"}}`},
		{[]string{`city = "New York"`}, `{"city":{"eq":"New York"}}`},
		{[]string{"name = 'O''Brien'"}, `{"name":{"eq":"O'Brien"}}`},
		{[]string{"name = O'Brien"}, `{"name":{"eq":"O'Brien"}}`},
		{[]string{"name = ''"}, `{"name":{"eq":""}}`},
		{[]string{"name = a=b"}, `{"name":{"eq":"a=b"}}`},
		{[]string{"name contains =x"}, `{"name":{"contains":"=x"}}`},
		{[]string{"name = '='"}, `{"name":{"eq":"="}}`},
		{[]string{"name = 東京"}, `{"name":{"eq":"東京"}}`},
		{[]string{"city = Boston", "name begins c", "name < d"}, `{"name":{"lt":"d","beginsWith":"c"},"city":{"eq":"Boston"}}`},
		{[]string{"id between a and c", "id != b"}, `{"id":{"ne":"b","between":["a","c"]}}`},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.sentences, "; "), func(t *testing.T) {
			filter, err := appsync.ParseFilter(tt.sentences...)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(filter)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestParseFilterRefuses(t *testing.T) {
	tests := []struct {
		sentences []string
		want      string
	}{
		{[]string{""}, "it is empty"},
		{[]string{"zip = 1"}, `there is no field "zip"; the fields are id, name, city, state, country`},
		{[]string{"'city' = Boston"}, `there is no field "city"`},
		{[]string{"city"}, "there is no operator after city; the operators are ="},
		{[]string{"city like B"}, "there is no operator after city"},
		{[]string{"city =! B"}, "there is no operator after city"},
		{[]string{"city '=' B"}, "there is no operator after city"},
		{[]string{"city ="}, "there is no value behind the operator; an empty one is ''"},
		{[]string{"city = New York"}, "a value with blanks needs quotes: 'New York'"},
		{[]string{"city = 'New York"}, "a closing quote is missing"},
		{[]string{"city = 'New'York"}, "a blank is missing behind a closing quote"},
		{[]string{"city between a"}, "between needs two values"},
		{[]string{"city between a or b"}, "between needs two values"},
		{[]string{"city between a and b c"}, "between needs two values"},
		{[]string{"city between a 'and' b"}, "between needs two values"},
		{[]string{"city = Boston", "city is Dallas"}, "eq on city stands in another sentence already"},
		{[]string{"id between a and b", "id between b and c"}, "between on id stands in another sentence already"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.sentences, "; "), func(t *testing.T) {
			_, err := appsync.ParseFilter(tt.sentences...)
			if failure.Of(err) != failure.Usage || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want a usage error with %q", err, tt.want)
			}
		})
	}
}

func TestParseFilterJSON(t *testing.T) {
	tests := []struct{ text, want, problem string }{
		{`{"city":{"eq":"Boston"}}`, `{"city":{"eq":"Boston"}}`, ""},
		{`{"name":{"between":["a","b"],"ne":"aa"}}`, `{"name":{"ne":"aa","between":["a","b"]}}`, ""},
		{`{}`, `null`, ""},
		{`null`, `null`, ""},
		{`{"zip":{"eq":"1"}}`, "", `unknown field "zip"`},
		{`{"city":{"like":"B"}}`, "", `unknown field "like"`},
		{`{"city":"Boston"}`, "", "cannot unmarshal string"},
		{`{"city":{"between":["a"]}}`, "", "city.between needs two values"},
		{`{} {}`, "", "something follows"},
		{`{`, "", "unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			filter, err := appsync.ParseFilterJSON(tt.text)
			if tt.problem != "" {
				if failure.Of(err) != failure.Usage || !strings.Contains(err.Error(), tt.problem) {
					t.Fatalf("got %v, want a usage error with %q", err, tt.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(filter)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// Whatever is typed, a filter is well-formed or refused with a usage error.
func FuzzParseFilter(f *testing.F) {
	for _, seed := range []string{"city = Boston", "name between 'a''b' and \"c\"", "id>=", "state not contains =", "'", "city = \xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sentence string) {
		filter, err := appsync.ParseFilter(sentence)
		if err != nil {
			if failure.Of(err) != failure.Usage {
				t.Fatalf("got %T, want a usage error", err)
			}
			return
		}
		text, err := json.Marshal(filter)
		if err != nil {
			t.Fatal(err)
		}
		again, err := appsync.ParseFilterJSON(string(text))
		if err != nil || again == nil {
			t.Fatalf("%s does not read back: %v", text, err)
		}
	})
}
