package paging_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/appsyncctl/appsyncctl/internal/paging"
)

type page = paging.Page[string]

var errBroken = errors.New("broken")

// list is a list of pages by token, "" for the first. What is not in it is an error.
type list map[string]page

func (l list) fetch(_ context.Context, token string) (*page, error) {
	found, ok := l[token]
	if !ok {
		return nil, errBroken
	}
	return &found, nil
}

func items(text ...string) []string { return append([]string{}, text...) }

func TestPages(t *testing.T) {
	three := list{"": {Items: items("a", "b"), Next: "1"}, "1": {Items: items(), Next: "2"}, "2": {Items: items("c", "d")}}
	broken := list{"": {Items: items("a"), Next: "1"}}
	circle := list{"": {Items: items("a"), Next: "1"}, "1": {Items: items("b"), Next: "2"}, "2": {Items: items("c"), Next: "1"}}
	tests := []struct {
		name    string
		list    list
		walk    paging.Walk
		want    []page
		err     error
		endless bool
	}{
		{"all", three, paging.Walk{},
			[]page{{Items: items("a", "b"), Next: "1"}, {Items: items(), Token: "1", Next: "2"}, {Items: items("c", "d"), Token: "2"}}, nil, false},
		{"from a token on", three, paging.Walk{Token: "2"}, []page{{Items: items("c", "d"), Token: "2"}}, nil, false},
		{"limit at the end of a page", three, paging.Walk{Limit: 2}, []page{{Items: items("a", "b"), Next: "1"}}, nil, false},
		{"limit within a page", three, paging.Walk{Limit: 3},
			[]page{{Items: items("a", "b"), Next: "1"}, {Items: items(), Token: "1", Next: "2"}, {Items: items("c"), Token: "2", Next: "2", Cut: 1}}, nil, false},
		{"limit within the first page", three, paging.Walk{Limit: 1}, []page{{Items: items("a"), Cut: 1}}, nil, false},
		{"an error", broken, paging.Walk{}, []page{{Items: items("a"), Next: "1"}}, errBroken, false},
		{"a circle", circle, paging.Walk{},
			[]page{{Items: items("a"), Next: "1"}, {Items: items("b"), Token: "1", Next: "2"}, {Items: items("c"), Token: "2", Next: "1"}}, nil, true},
		{"a circle back to the beginning", circle, paging.Walk{Token: "2"},
			[]page{{Items: items("c"), Token: "2", Next: "1"}, {Items: items("b"), Token: "1", Next: "2"}}, nil, true},
		{"a circle beyond the limit", circle, paging.Walk{Limit: 3},
			[]page{{Items: items("a"), Next: "1"}, {Items: items("b"), Token: "1", Next: "2"}, {Items: items("c"), Token: "2", Next: "1"}}, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []page
			var last error
			for page, err := range paging.Pages(t.Context(), tt.walk, tt.list.fetch) {
				if last != nil {
					t.Fatal("something came after the error")
				}
				if last = err; err == nil {
					got = append(got, *page)
				}
				if len(got) > len(tt.want) {
					t.Fatalf("got %+v and more, want %+v", got, tt.want)
				}
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if _, endless := errors.AsType[*paging.EndlessError](last); endless != tt.endless || !endless && !errors.Is(last, tt.err) {
				t.Errorf("got the error %v, want %v, endless %t", last, tt.err, tt.endless)
			}
		})
	}
}

// TestPageWithAnError yields the page first.
func TestPageWithAnError(t *testing.T) {
	var seen []string
	for got, err := range paging.Pages(t.Context(), paging.Walk{}, func(context.Context, string) (*page, error) {
		return &page{Items: items("a"), Next: "1"}, errBroken
	}) {
		if err == nil {
			seen = append(seen, got.Items...)
		} else {
			seen = append(seen, err.Error())
		}
	}
	if fmt.Sprint(seen) != "[a broken]" {
		t.Errorf("got %q", seen)
	}
}

// TestEmptyPages counts how many empty pages in a row are borne, and that one item
// begins the count anew.
func TestEmptyPages(t *testing.T) {
	tests := []struct {
		name     string
		filtered bool
		item     int // the page with an item; 0 is none
		want     int // pages
	}{
		{"none", false, 0, 1000},
		{"one", false, 600, 1600},
		{"none behind a filter", true, 0, 20_000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fetched := 0
			fetch := func(context.Context, string) (*page, error) {
				fetched++
				found := &page{Next: strconv.Itoa(fetched)}
				if fetched == tt.item {
					found.Items = items("a")
				}
				return found, nil
			}
			var last error
			for _, err := range paging.Pages(t.Context(), paging.Walk{Filtered: tt.filtered}, fetch) {
				last = err
			}
			if _, endless := errors.AsType[*paging.EndlessError](last); !endless || fetched != tt.want {
				t.Errorf("got %v after %d pages, want %d", last, fetched, tt.want)
			}
		})
	}
}

// TestAhead fetches the next page while the caller is busy with one, and no more; and
// ends a request that nobody waits for.
func TestAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetched, ended := 0, false
		fetch := func(ctx context.Context, _ string) (*page, error) {
			if fetched++; fetched == 3 {
				<-ctx.Done()
				ended = true
				return nil, context.Cause(ctx)
			}
			return &page{Next: strconv.Itoa(fetched)}, nil
		}
		read := 0
		for _, err := range paging.Pages(t.Context(), paging.Walk{}, fetch) {
			if err != nil {
				t.Fatal(err)
			}
			read++
			synctest.Wait()
			if fetched != read+1 {
				t.Errorf("at page %d, %d were fetched", read, fetched)
			}
			if read == 2 {
				break
			}
		}
		if !ended {
			t.Error("the request is still under way")
		}
	})
}

// TestStops says why a walk whose context has ended does.
func TestStops(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	fetched := 0
	var last error
	for got, err := range paging.Pages(ctx, paging.Walk{}, func(context.Context, string) (*page, error) {
		fetched++
		return &page{Items: items("a"), Next: strconv.Itoa(fetched)}, nil
	}) {
		if last = err; got != nil && got.Token == "1" {
			cancel(errBroken)
		}
	}
	if !errors.Is(last, errBroken) || fetched > 4 {
		t.Errorf("got %v after %d pages", last, fetched)
	}
}

func TestTokens(t *testing.T) {
	var tokens paging.Tokens
	for _, token := range []string{"a", "b", "ab"} {
		if err := tokens.Add(token); err != nil {
			t.Errorf("%s: got %v", token, err)
		}
	}
	if _, endless := errors.AsType[*paging.EndlessError](tokens.Add("b")); !endless {
		t.Error("the second time was not noticed")
	}
}
