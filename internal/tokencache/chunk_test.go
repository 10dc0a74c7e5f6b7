// Tests of long values in small items: what a reader sees when a writer is killed
// between any two steps, and while one is at work.

package tokencache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

const (
	itemLimit = 2048
	chunkKey  = "4f2c"
)

var errKilled = errors.New("killed")

// items is a keyring as strict as the strictest: short text only, and no item is
// overwritten.
type items struct {
	mu     sync.Mutex
	values map[string]string
	budget int          // calls until the process is killed; negative: never
	before func(op int) // called before each call, when set
	ops    int
	faults []string
}

func newItems() *items { return &items{values: make(map[string]string), budget: -1} }

func (s *items) step() error {
	if s.before != nil {
		s.before(s.ops)
	}
	s.ops++
	if s.budget == 0 {
		return errKilled
	}
	s.budget--
	return nil
}

func (s *items) Get(_ context.Context, key string) ([]byte, error) {
	if err := s.step(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.values[key]
	if !ok {
		return nil, tokencache.ErrNotFound
	}
	return []byte(value), nil
}

func (s *items) Set(_ context.Context, key string, value []byte) error {
	if err := s.step(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.values[key]; ok {
		s.faults = append(s.faults, "overwrote "+key)
	}
	if len(value) > itemLimit || len(value) == 0 || !utf8.Valid(value) || bytes.ContainsRune(value, 0) {
		s.faults = append(s.faults, fmt.Sprintf("bad item of %d bytes", len(value)))
	}
	s.values[key] = string(value)
	return nil
}

func (s *items) Delete(_ context.Context, key string) error {
	if err := s.step(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, key)
	return nil
}

func (s *items) check(t *testing.T) {
	t.Helper()
	for _, fault := range s.faults {
		t.Error(fault)
	}
}

// clone is what another process finds.
func (s *items) clone() *items {
	return &items{values: maps.Clone(s.values), budget: -1}
}

func token(mark string, size int) []byte {
	return []byte(strings.Repeat(mark, size/len(mark)+1)[:size])
}

func TestChunkedRoundTrip(t *testing.T) {
	tests := []struct {
		name  string
		value []byte
		items int
	}{
		{"empty", nil, 1},
		{"short", []byte(`{"at":"x"}`), 1},
		{"just fits", token("a", 1940), 1},
		{"at the limit", token("a", itemLimit), 2},
		{"one more", token("a", itemLimit+1), 3},
		{"6 KB", token("ab", 6*1024), 4},
		{"several bytes a character", token("aé", 6*1024+1), 5},
		{"not text", bytes.Repeat([]byte{0xff, 0x00, 0x80}, 1000), 3},
		{"zero bytes", []byte("a\x00b"), 1},
		{"newlines", []byte("\n\n{}\n"), 1},
		{"the largest of text", token("a", 64*itemLimit), 65},
		{"96 KiB of anything", bytes.Repeat([]byte{0xff}, 96*1024), 65},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store := newItems()
			chunked := tokencache.Chunked{Items: store}
			if err := chunked.Set(t.Context(), chunkKey, tt.value); err != nil {
				t.Fatal(err)
			}
			got, err := chunked.Get(t.Context(), chunkKey)
			if err != nil || !bytes.Equal(got, tt.value) {
				t.Fatalf("got %d bytes, %v; want %d bytes", len(got), err, len(tt.value))
			}
			if got := len(store.values); got != tt.items {
				t.Errorf("got %d items, want %d", got, tt.items)
			}
			if err := chunked.Delete(t.Context(), chunkKey); err != nil {
				t.Fatal(err)
			}
			if len(store.values) != 0 {
				t.Errorf("%d items left after Delete", len(store.values))
			}
			store.check(t)
		})
	}
}

func TestChunkedTooLarge(t *testing.T) {
	store := newItems()
	err := tokencache.Chunked{Items: store}.Set(t.Context(), chunkKey, token("a", 64*itemLimit+1))
	if err == nil || len(store.values) != 0 {
		t.Errorf("got %v and %d items, want an error and none", err, len(store.values))
	}
}

// replacements are the ways from one size of value to another. The first has no
// value before it.
var replacements = []struct {
	name     string
	old, new []byte
}{
	{"first short", nil, token("n", 300)},
	{"first long", nil, token("n", 6000)},
	{"short by short", token("o", 300), token("n", 301)},
	{"short by long", token("o", 300), token("n", 6000)},
	{"long by short", token("o", 6000), token("n", 300)},
	{"long by long", token("o", 6000), token("n", 9000)},
	{"long by the same", token("o", 6000), token("o", 6000)},
}

// prepared returns a store that holds old.
func prepared(t *testing.T, old []byte) *items {
	t.Helper()
	store := newItems()
	if old != nil {
		if err := (tokencache.Chunked{Items: store}).Set(t.Context(), chunkKey, old); err != nil {
			t.Fatal(err)
		}
	}
	store.ops = 0
	return store
}

// wantOneOf fails unless the store answers with one of values, where nil stands
// for a miss.
func wantOneOf(t *testing.T, store tokencache.Store, values ...[]byte) {
	t.Helper()
	got, err := tokencache.Chunked{Items: store}.Get(t.Context(), chunkKey)
	if err != nil && !errors.Is(err, tokencache.ErrNotFound) {
		t.Fatalf("got error %v", err)
	}
	for _, value := range values {
		if (value == nil) == (err != nil) && bytes.Equal(got, value) {
			return
		}
	}
	t.Fatalf("got %d bytes %.8q, %v: neither the old value nor the new", len(got), got, err)
}

func TestChunkedSetKilledAtEveryStep(t *testing.T) {
	for _, tt := range replacements {
		t.Run(tt.name, func(t *testing.T) {
			for step := 0; ; step++ {
				store := prepared(t, tt.old)
				store.budget = step
				err := tokencache.Chunked{Items: store}.Set(t.Context(), chunkKey, tt.new)
				finished := store.budget > 0
				store.budget = -1
				store.check(t)

				if err == nil {
					wantOneOf(t, store.clone(), tt.new)
				} else {
					wantOneOf(t, store.clone(), tt.old, tt.new)
				}
				thereAfter(t, store.clone(), step)
				deletedAfter(t, store.clone(), step)
				if finished {
					return
				}
			}
		})
	}
}

// thereAfter checks that the next writer gets through and clears up.
func thereAfter(t *testing.T, store *items, step int) {
	t.Helper()
	third := token("t", 5000)
	if err := (tokencache.Chunked{Items: store}).Set(t.Context(), chunkKey, third); err != nil {
		t.Fatalf("step %d: next Set: %v", step, err)
	}
	wantOneOf(t, store, third)
	if got, want := len(store.values), 1+3; got != want {
		t.Errorf("step %d: %d items after the next Set, want %d", step, got, want)
	}
	store.check(t)
}

func deletedAfter(t *testing.T, store *items, step int) {
	t.Helper()
	if err := (tokencache.Chunked{Items: store}).Delete(t.Context(), chunkKey); err != nil {
		t.Fatalf("step %d: Delete: %v", step, err)
	}
	if len(store.values) != 0 {
		t.Errorf("step %d: %d items left after Delete", step, len(store.values))
	}
}

func TestChunkedRecoveryKilledAtEveryStep(t *testing.T) {
	for _, tt := range replacements {
		t.Run(tt.name, func(t *testing.T) {
			third := token("t", 7000)
			for first := 1; ; first++ {
				store := prepared(t, tt.old)
				store.budget = first
				_ = tokencache.Chunked{Items: store}.Set(t.Context(), chunkKey, tt.new)
				if store.budget > 0 {
					return
				}
				for second := 1; ; second++ {
					store := store.clone()
					store.budget = second
					_ = tokencache.Chunked{Items: store}.Set(t.Context(), chunkKey, third)
					finished := store.budget > 0
					store.budget = -1
					wantOneOf(t, store.clone(), tt.old, tt.new, third)
					thereAfter(t, store.clone(), second)
					deletedAfter(t, store.clone(), second)
					store.check(t)
					if finished {
						break
					}
				}
			}
		})
	}
}

func TestChunkedDeleteKilledAtEveryStep(t *testing.T) {
	for _, size := range []int{300, 6000} {
		for step := 0; ; step++ {
			value := token("o", size)
			store := prepared(t, value)
			store.budget = step
			err := tokencache.Chunked{Items: store}.Delete(t.Context(), chunkKey)
			finished := store.budget > 0
			store.budget = -1
			if err == nil {
				wantOneOf(t, store.clone(), nil)
			} else {
				wantOneOf(t, store.clone(), value, nil)
			}
			deletedAfter(t, store.clone(), step)
			thereAfter(t, store.clone(), step)
			if finished {
				break
			}
		}
	}
}

// A reader that comes between any two steps of a writer finds a value.
func TestChunkedReadDuringSet(t *testing.T) {
	for _, tt := range replacements {
		t.Run(tt.name, func(t *testing.T) {
			store := prepared(t, tt.old)
			store.before = func(int) { wantOneOf(t, store.clone(), tt.old, tt.new) }
			if err := (tokencache.Chunked{Items: store}).Set(t.Context(), chunkKey, tt.new); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A writer that comes between any two reads of a reader does not make it miss.
func TestChunkedSetDuringRead(t *testing.T) {
	for _, tt := range replacements {
		t.Run(tt.name, func(t *testing.T) {
			for step := 0; ; step++ {
				store := prepared(t, tt.old)
				store.before = func(op int) {
					if op != step {
						return
					}
					writer := &items{values: store.values, budget: -1}
					if err := (tokencache.Chunked{Items: writer}).Set(t.Context(), chunkKey, tt.new); err != nil {
						t.Error(err)
					}
				}
				wantOneOf(t, store, tt.old, tt.new)
				if store.ops <= step {
					return
				}
			}
		})
	}
}

func TestChunkedDamageIsAMiss(t *testing.T) {
	value := token("v", 6000)
	names := prepared(t, value).values
	if len(names) != 4 {
		t.Fatalf("got %d items, want 4", len(names))
	}
	tests := []struct {
		name   string
		damage func(string) string
	}{
		{"removed", func(string) string { return "" }},
		{"truncated", func(s string) string { return s[:len(s)/2] }},
		{"one character changed", func(s string) string { return s[:10] + "~" + s[11:] }},
		{"longer", func(s string) string { return s + "v" }},
	}
	for _, tt := range tests {
		for i := range len(names) {
			t.Run(fmt.Sprintf("%s %d", tt.name, i), func(t *testing.T) {
				store := prepared(t, value)
				name := chunkKey
				for candidate := range store.values {
					if strings.HasSuffix(candidate, fmt.Sprintf("#%d", i)) {
						name = candidate
					}
				}
				if text := tt.damage(store.values[name]); text != "" {
					store.values[name] = text
				} else {
					delete(store.values, name)
				}
				wantOneOf(t, store, nil)
				if err := (tokencache.Chunked{Items: store}).Set(t.Context(), chunkKey, value); err != nil {
					t.Fatal(err)
				}
				wantOneOf(t, store, value)
			})
		}
	}
}

// A manifest that another program removed, while a killed writer's value is not
// complete: the chunks of both are known and go.
func TestChunkedManifestRemovedAfterKill(t *testing.T) {
	store := prepared(t, token("o", 6000))
	store.budget = 5 // two reads, <key>#next, two of three chunks
	if err := (tokencache.Chunked{Items: store}).Set(t.Context(), chunkKey, token("n", 6000)); !errors.Is(err, errKilled) {
		t.Fatalf("got %v, want it killed", err)
	}
	store.budget = -1
	if got := len(store.values); got != 4+1+2 {
		t.Fatalf("got %d items, want the kill while chunks are written", got)
	}
	delete(store.values, chunkKey)
	wantOneOf(t, store, nil)
	thereAfter(t, store, 5)
}

func TestChunkedErrorIsNotAMiss(t *testing.T) {
	for step := range 4 {
		store := prepared(t, token("v", 6000))
		store.budget = step
		_, err := tokencache.Chunked{Items: store}.Get(t.Context(), chunkKey)
		if !errors.Is(err, errKilled) {
			t.Errorf("call %d failed: got %v, want that error", step, err)
		}
	}
}

// Whatever lies in the keyring, Get answers with a value or a miss, and Set and
// Delete get over it.
func FuzzChunkedManifest(f *testing.F) {
	store := newItems()
	if err := (tokencache.Chunked{Items: store}).Set(f.Context(), chunkKey, token("v", 3000)); err != nil {
		f.Fatal(err)
	}
	f.Add(store.values[chunkKey], "")
	f.Add("", store.values[chunkKey])
	f.Add("{\"v\":1,\"n\":0,\"len\":0,\"sha256\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}\n", "")
	f.Add("{\"v\":1,\"gen\":\"AAAAAAAAAAAAAAAA\",\"n\":-1}\n", "{\"v\":1,\"gen\":\"../../..\",\"n\":1000000000}\n")
	f.Add("{\"v\":1,\"n\":0,\"prev\":{\"gen\":\"\",\"n\":99}}\nabc", "null\n")
	f.Fuzz(func(t *testing.T, current, next string) {
		store := newItems()
		for name, text := range map[string]string{chunkKey: current, chunkKey + "#next": next} {
			if text != "" {
				store.values[name] = text
			}
		}
		chunked := tokencache.Chunked{Items: store}
		got, err := chunked.Get(t.Context(), chunkKey)
		if err != nil && !errors.Is(err, tokencache.ErrNotFound) {
			t.Fatalf("got error %v", err)
		}
		if err == nil && len(got) > len(current)+len(next) {
			t.Fatalf("got %d bytes out of nothing", len(got))
		}
		if store.ops > 2*64+3 {
			t.Fatalf("Get made %d calls", store.ops)
		}
		value := token("w", 3000)
		if err := chunked.Set(t.Context(), chunkKey, value); err != nil {
			t.Fatal(err)
		}
		wantOneOf(t, store, value)
		if err := chunked.Delete(t.Context(), chunkKey); err != nil {
			t.Fatal(err)
		}
		if len(store.values) != 0 {
			t.Fatalf("%d items left", len(store.values))
		}
		store.check(t)
	})
}
