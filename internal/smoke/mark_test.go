package smoke_test

import (
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

// Only marked customers of runs that began before a time are leftovers.
func TestLeftovers(t *testing.T) {
	fake := newAPI()
	fake.records = []record{
		{"id": "1", "name": first}, {"id": "2", "name": "customer2"}, {"id": "3"},
		{"id": "4", "name": smoke.Mark{Begun: begun.Add(time.Hour), ID: "BBBBBBBB"}.On("customer1")},
	}
	test := newTest("http://api.test/graphql", direct{api: fake})
	for before, want := range map[time.Time]int{begun: 0, begun.Add(time.Second): 1, begun.Add(2 * time.Hour): 2} {
		found, err := smoke.Leftovers(t.Context(), test.API, before)
		if err != nil || len(found) != want {
			t.Errorf("before %v: found %d, %v; want %d", before, len(found), err, want)
		}
	}
}
