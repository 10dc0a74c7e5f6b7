package smoke_test

import (
	"slices"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/smoke"
)

func TestMark(t *testing.T) {
	mark := smoke.NewMark(begun.Add(123 * time.Millisecond))
	got, ok := smoke.ParseMark(mark.On("customer1"))
	if !ok || got != mark || !got.Begun.Equal(begun) {
		t.Errorf("ParseMark returned %v, %t; want %v", got, ok, mark)
	}
	if other := smoke.NewMark(begun); other.ID == mark.ID {
		t.Error("two runs of one second have the same mark")
	}
	for _, name := range []string{
		"", "customer1", "(appsyncctl-smoke 20260314T150926Z AAAAAAAA)", "x (appsyncctl-smoke)",
		"x (appsyncctl-smoke 20260314T150926Z AAAAAAAA", "x (appsyncctl-smoke yesterday AAAAAAAA)",
		"x (appsyncctl-smoke 20260314T150926Z AAAA)", "x (appsyncctl-smoke 20260314T150926Z AAAAAAAA) y",
	} {
		if mark, ok := smoke.ParseMark(name); ok {
			t.Errorf("ParseMark(%q) returned %v", name, mark)
		}
	}
}

// Only what a smoke test has made is a leftover: of one run, or of those that began
// before a time. Customers that look like it are somebody's.
func TestLeftovers(t *testing.T) {
	fake := newAPI()
	young := smoke.Mark{Begun: begun.Add(time.Hour), ID: "BBBBBBBB"}
	fake.records = []record{
		{"id": "1", "name": first, "country": "USA"}, {"id": "2", "name": "customer2", "country": "USA"}, {"id": "3"},
		{"id": "4", "name": young.On("customer1"), "country": "USA"},
		{"id": "5", "name": "Important GmbH (appsyncctl-smoke 20200101T000000Z ABCDEFGH)", "country": "USA"},
		{"id": "6", "name": "customer1 (appsyncctl-smoke 20200101T000000Z 12345678)", "country": "USA"},
		{"id": "7", "name": "customer1 (appsyncctl-smoke 20200101T000000Z ABCDEFGH)", "country": "Japan"},
	}
	test := newTest("http://api.test/graphql", direct{api: fake})
	tests := []struct {
		run     string
		before  time.Time
		want    []string
		younger int
	}{
		{"", begun, nil, 2},
		{"", begun.Add(time.Second), []string{"1"}, 1},
		{"", begun.Add(2 * time.Hour), []string{"1", "4"}, 0},
		{"BBBBBBBB", begun, []string{"4"}, 0},
		{"CCCCCCCC", begun.Add(2 * time.Hour), nil, 0},
	}
	for _, tt := range tests {
		found, younger, err := smoke.Leftovers(t.Context(), test.API, tt.run, tt.before)
		var got []string
		for _, customer := range found {
			got = append(got, customer.Id)
		}
		if err != nil || !slices.Equal(got, tt.want) || younger != tt.younger {
			t.Errorf("run %q, before %v: found %q and %d younger, %v; want %q and %d", tt.run, tt.before, got, younger, err, tt.want, tt.younger)
		}
	}
}
