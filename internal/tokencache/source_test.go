// Tests of the caching source: on a store in memory that counts and fails on
// demand, and on a grant that counts. Where time passes it is synctest's.

package tokencache_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

var (
	errStore = errors.New("the store failed")
	errGrant = errors.New("the grant failed")
	errSpent = errors.New("the refresh token is spent")
)

// flaky is a store that counts, and fails on demand.
type flaky struct {
	tokencache.Memory

	gets, sets, deletes    atomic.Int32
	getErr, setErr, delErr error
}

func (s *flaky) Get(ctx context.Context, key string) ([]byte, error) {
	s.gets.Add(1)
	if s.getErr != nil {
		return nil, s.getErr
	}
	return s.Memory.Get(ctx, key)
}

func (s *flaky) Set(ctx context.Context, key string, value []byte) error {
	s.sets.Add(1)
	if s.setErr != nil {
		return s.setErr
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.Memory.Set(ctx, key, value)
}

func (s *flaky) Delete(ctx context.Context, key string) error {
	s.deletes.Add(1)
	if s.delErr != nil {
		return s.delErr
	}
	return s.Memory.Delete(ctx, key)
}

// Probe fails as Set does.
func (s *flaky) Probe(context.Context) error { return s.setErr }

// issued returns a token with n in it that lasts an hour.
func issued(n int) *oauth2.Token {
	return &oauth2.Token{
		AccessToken:  fmt.Sprintf("access-%d", n),
		RefreshToken: fmt.Sprintf("refresh-%d", n),
		Expiry:       time.Now().Add(time.Hour),
	}
}

// grants is a provider: it counts, keeps the refresh tokens that it was asked
// with, and issues tokens numbered from 1 unless answer is set.
type grants struct {
	mu     sync.Mutex
	asked  []string
	answer func(ctx context.Context, old tokencache.Entry) (*oauth2.Token, error)
}

func (g *grants) grant(ctx context.Context, old tokencache.Entry) (*oauth2.Token, error) {
	g.mu.Lock()
	g.asked = append(g.asked, old.RefreshToken)
	n := len(g.asked)
	g.mu.Unlock()
	if g.answer != nil {
		return g.answer(ctx, old)
	}
	return issued(n), nil
}

// notes are the notices and saved entries of a source.
type notes struct {
	mu      sync.Mutex
	notices []string
	saved   []tokencache.Entry
}

func newSource(store tokencache.Store, lock string, g *grants) (*tokencache.Source, *notes) {
	told := &notes{}
	return &tokencache.Source{
		Key:   "key",
		Store: store,
		Lock:  lock,
		Grant: g.grant,
		Ready: func(context.Context) error { return nil },
		Spent: func(err error) bool { return errors.Is(err, errSpent) },
		Saved: func(_ context.Context, entry tokencache.Entry) {
			told.mu.Lock()
			defer told.mu.Unlock()
			told.saved = append(told.saved, entry)
		},
		Now: time.Now,
		Notice: func(text string) {
			told.mu.Lock()
			defer told.mu.Unlock()
			told.notices = append(told.notices, text)
		},
	}, told
}

func newLock(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "locks", "key.lock")
}

func store(t *testing.T, store tokencache.Store, token *oauth2.Token, now time.Time) {
	t.Helper()
	data, err := tokencache.NewEntry(token, now).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Set(t.Context(), "key", data); err != nil {
		t.Fatal(err)
	}
}

// stored returns what is in store; the zero Entry if that is nothing.
func stored(t *testing.T, store tokencache.Store) tokencache.Entry {
	t.Helper()
	data, err := store.Get(t.Context(), "key")
	if errors.Is(err, tokencache.ErrNotFound) {
		return tokencache.Entry{}
	}
	if err != nil {
		t.Fatal(err)
	}
	entry, err := tokencache.DecodeEntry(data)
	if err != nil {
		t.Fatal(err)
	}
	return entry
}

func wantToken(t *testing.T, source *tokencache.Source, want string) {
	t.Helper()
	if got, err := source.Token(t.Context()); err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func wantAsked(t *testing.T, g *grants, want ...string) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if got := fmt.Sprintf("%q", g.asked); got != fmt.Sprintf("%q", want) {
		t.Errorf("the provider was asked with %s, want %q", got, want)
	}
}

// expired is a token that ran out an hour ago.
func expired(n int) *oauth2.Token {
	token := issued(n)
	token.Expiry = time.Now().Add(-time.Hour)
	return token
}

func TestSourceFastPath(t *testing.T) {
	var kept flaky
	store(t, &kept, issued(7), time.Now())
	kept.sets.Store(0)
	var g grants
	lock := newLock(t)
	source, told := newSource(&kept, lock, &g)
	for range 3 {
		wantToken(t, source, "access-7")
	}
	wantAsked(t, &g)
	if got := kept.gets.Load(); got != 1 {
		t.Errorf("read the store %d times, want once", got)
	}
	if got := kept.sets.Load(); got != 0 {
		t.Errorf("wrote the store %d times, want never", got)
	}
	if _, err := os.Stat(lock); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock was touched: %v", err)
	}
	if len(told.notices) > 0 {
		t.Errorf("got notices %q", told.notices)
	}
}

func TestSourceRenews(t *testing.T) {
	tests := []struct {
		name  string
		old   func() *oauth2.Token
		asked string
	}{
		{"nothing stored", func() *oauth2.Token { return nil }, ""},
		{"expired", func() *oauth2.Token { return expired(7) }, "refresh-7"},
		{"about to expire", func() *oauth2.Token {
			token := issued(7)
			token.Expiry = time.Now().Add(30 * time.Second)
			return token
		}, "refresh-7"},
		{"unknown expiry", func() *oauth2.Token {
			token := issued(7)
			token.Expiry = time.Time{}
			return token
		}, "refresh-7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var kept flaky
				if old := tt.old(); old != nil {
					store(t, &kept, old, time.Now().Add(-time.Hour))
				}
				var g grants
				source, told := newSource(&kept, newLock(t), &g)
				wantToken(t, source, "access-1")
				wantToken(t, source, "access-1")
				wantAsked(t, &g, tt.asked)
				if got := stored(t, &kept); got.AccessToken != "access-1" || got.RefreshToken != "refresh-1" {
					t.Error("the store holds something else than the new token")
				}
				if len(told.saved) != 1 || told.saved[0].AccessToken != "access-1" {
					t.Errorf("told of %d saved tokens, want the new one", len(told.saved))
				}
			})
		})
	}
}

// Nobody knows when such a token ends. It serves this process until it is refused, and
// no other one.
func TestSourceUnknownExpiry(t *testing.T) {
	var kept flaky
	var asked int
	untimed := func(t *testing.T) *tokencache.Source {
		t.Helper()
		source, _ := newSource(&kept, newLock(t), &grants{})
		source.Grant = func(context.Context, tokencache.Entry) (*oauth2.Token, error) {
			asked++
			token := issued(asked)
			token.Expiry = time.Time{}
			return token, nil
		}
		return source
	}
	source := untimed(t)
	for range 3 {
		wantToken(t, source, "access-1")
	}
	if got, err := source.Renew(t.Context(), "access-1"); err != nil || got != "access-2" {
		t.Errorf("got %q, %v after the refusal; want another token", got, err)
	}
	wantToken(t, source, "access-2")
	wantToken(t, untimed(t), "access-3")
}

func TestSourceEntryRemaining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept flaky
		store(t, &kept, issued(7), time.Now())
		var g grants
		source, _ := newSource(&kept, newLock(t), &g)
		if got, err := source.Entry(t.Context(), 30*time.Minute); err != nil || got.AccessToken != "access-7" {
			t.Errorf("got %q, %v; want the stored token", got.AccessToken, err)
		}
		// Tokens live an hour, so a fresh one must do: it would be renewed at each call.
		if got, err := source.Entry(t.Context(), 2*time.Hour); err != nil || got.AccessToken != "access-7" {
			t.Errorf("got %q, %v; want the fresh token", got.AccessToken, err)
		}
		wantAsked(t, &g)
		time.Sleep(10 * time.Minute)
		if got, err := source.Entry(t.Context(), 2*time.Hour); err != nil || got.AccessToken != "access-1" {
			t.Errorf("got %q, %v; want a new token", got.AccessToken, err)
		}
		wantAsked(t, &g, "refresh-7")
	})
}

func TestSourceOnceForManyGoroutines(t *testing.T) {
	var kept flaky
	var g grants
	source, _ := newSource(&kept, newLock(t), &g)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() { wantToken(t, source, "access-1") })
	}
	group.Wait()
	wantAsked(t, &g, "")
	for range 50 {
		group.Go(func() {
			if got, err := source.Renew(t.Context(), "access-1"); err != nil || got != "access-2" {
				t.Errorf("got %q, %v; want access-2", got, err)
			}
		})
	}
	group.Wait()
	wantAsked(t, &g, "", "refresh-1")
}

// Each source is as a process of its own.
func TestSourceOnceForManySources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept flaky
		store(t, &kept, expired(7), time.Now().Add(-2*time.Hour))
		lock := newLock(t)
		g := grants{answer: func(context.Context, tokencache.Entry) (*oauth2.Token, error) {
			time.Sleep(5 * time.Second) // all others come to the lock meanwhile
			return issued(1), nil
		}}
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				source, _ := newSource(&kept, lock, &g)
				wantToken(t, source, "access-1")
			})
		}
		group.Wait()
		wantAsked(t, &g, "refresh-7")
		g.asked = nil
		for range 20 {
			group.Go(func() {
				source, _ := newSource(&kept, lock, &g)
				if got, err := source.Renew(t.Context(), "access-0"); err != nil || got != "access-1" {
					t.Errorf("got %q, %v; want what another process has renewed already", got, err)
				}
			})
		}
		group.Wait()
		wantAsked(t, &g)
	})
}

func TestSourceRejectedToken(t *testing.T) {
	var kept flaky
	store(t, &kept, issued(7), time.Now())
	var g grants
	source, _ := newSource(&kept, newLock(t), &g)
	wantToken(t, source, "access-7")
	got, err := source.Renew(t.Context(), "access-7")
	if err != nil || got != "access-1" {
		t.Errorf("got %q, %v; want a new token", got, err)
	}
	wantToken(t, source, "access-1")
	wantAsked(t, &g, "refresh-7")
}

// A provider that caches gives the same token again; the caller has to see that.
func TestSourceRejectedTokenComesAgain(t *testing.T) {
	var kept flaky
	store(t, &kept, issued(7), time.Now())
	g := grants{answer: func(context.Context, tokencache.Entry) (*oauth2.Token, error) { return issued(7), nil }}
	source, _ := newSource(&kept, newLock(t), &g)
	if got, err := source.Renew(t.Context(), "access-7"); err != nil || got != "access-7" {
		t.Errorf("got %q, %v; want the same token", got, err)
	}
	wantAsked(t, &g, "refresh-7")
}

func TestSourceSpentRefreshToken(t *testing.T) {
	tests := []struct {
		name  string
		other func() *oauth2.Token // what another process saves meanwhile, if anything
		want  string
		asked []string
	}{
		{"nobody else", nil, "", []string{"refresh-7"}},
		{"another has a valid token", func() *oauth2.Token { return issued(8) }, "access-8", []string{"refresh-7"}},
		{"another has a refresh token only", func() *oauth2.Token { return expired(8) }, "access-2", []string{"refresh-7", "refresh-8"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var kept flaky
			store(t, &kept, expired(7), time.Now().Add(-2*time.Hour))
			g := grants{}
			g.answer = func(_ context.Context, old tokencache.Entry) (*oauth2.Token, error) {
				if old.RefreshToken != "refresh-7" {
					return issued(2), nil
				}
				if tt.other != nil {
					store(t, &kept, tt.other(), time.Now().Add(-2*time.Hour))
				}
				return nil, errSpent
			}
			source, _ := newSource(&kept, newLock(t), &g)
			got, err := source.Token(t.Context())
			if got != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
			if tt.want == "" && !errors.Is(err, errSpent) {
				t.Errorf("got %v, want the grant's error", err)
			}
			wantAsked(t, &g, tt.asked...)
			if kept.deletes.Load() > 0 || stored(t, &kept).RefreshToken == "" {
				t.Error("a refresh token was deleted")
			}
		})
	}
}

func TestSourceGrantFails(t *testing.T) {
	var kept flaky
	store(t, &kept, expired(7), time.Now().Add(-2*time.Hour))
	kept.sets.Store(0)
	fails := true
	g := grants{}
	g.answer = func(context.Context, tokencache.Entry) (*oauth2.Token, error) {
		if fails {
			return nil, errGrant
		}
		return issued(1), nil
	}
	source, _ := newSource(&kept, newLock(t), &g)
	if got, err := source.Token(t.Context()); !errors.Is(err, errGrant) || got != "" {
		t.Errorf("got %q, %v; want the grant's error", got, err)
	}
	if stored(t, &kept).RefreshToken != "refresh-7" || kept.sets.Load() > 0 || kept.deletes.Load() > 0 {
		t.Error("a failure that may pass has touched the stored token")
	}
	fails = false // and the lock is free again
	wantToken(t, source, "access-1")
	wantAsked(t, &g, "refresh-7", "refresh-7")
}

// A login may rest in a store that fails: asking for a new one would hide that.
func TestSourceStoreCannotBeRead(t *testing.T) {
	kept := flaky{getErr: errStore}
	var g grants
	source, _ := newSource(&kept, newLock(t), &g)
	if got, err := source.Token(t.Context()); !errors.Is(err, errStore) || got != "" {
		t.Errorf("got %q, %v; want the store's error", got, err)
	}
	if _, err := source.Stored(t.Context()); !errors.Is(err, errStore) {
		t.Errorf("got %v, want the store's error", err)
	}
	wantAsked(t, &g)
}

func TestSourceStoreCannotBeWritten(t *testing.T) {
	kept := flaky{setErr: errStore}
	var g grants
	source, told := newSource(&kept, newLock(t), &g)
	wantToken(t, source, "access-1")
	wantToken(t, source, "access-1")
	wantAsked(t, &g, "")
	if len(told.notices) != 1 || !strings.Contains(told.notices[0], errStore.Error()) {
		t.Errorf("got notices %q, want one with the store's error", told.notices)
	}
	if len(told.saved) > 0 {
		t.Error("told of a token that was not saved")
	}
}

func TestSourceDamagedEntryIsAMiss(t *testing.T) {
	for _, data := range []string{"", "planted", `{"v":1`, `{"v":9,"at":"planted"}`} {
		var kept flaky
		set(t, &kept, "key", data)
		var g grants
		source, told := newSource(&kept, newLock(t), &g)
		wantToken(t, source, "access-1")
		if len(told.notices) == 0 || strings.Contains(fmt.Sprint(told.notices), "planted") {
			t.Errorf("%q: got notices %q, want some that quote nothing", data, told.notices)
		}
	}
}

// Ctrl-C after the provider has rotated the refresh token must not lose it.
func TestSourceCancelledInTheGrant(t *testing.T) {
	var kept flaky
	store(t, &kept, expired(7), time.Now().Add(-2*time.Hour))
	ctx, cancel := context.WithCancel(t.Context())
	g := grants{answer: func(context.Context, tokencache.Entry) (*oauth2.Token, error) {
		cancel()
		return issued(8), nil
	}}
	source, told := newSource(&kept, newLock(t), &g)
	if _, err := source.Token(ctx); err != nil {
		t.Error(err)
	}
	if got := stored(t, &kept).RefreshToken; got != "refresh-8" {
		t.Errorf("the store holds %q, want the rotated refresh-8", got)
	}
	if len(told.saved) != 1 || len(told.notices) > 0 {
		t.Errorf("got %d saved and notices %q", len(told.saved), told.notices)
	}
}

func TestSourceLockHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept flaky
		var g grants
		lock := newLock(t)
		unlock := hold(t, lock)
		source, _ := newSource(&kept, lock, &g)
		start := time.Now()
		got, err := source.Token(t.Context())
		var held *tokencache.LockTimeoutError
		if !errors.As(err, &held) || held.Path != lock || got != "" {
			t.Errorf("got %q, %v; want a LockTimeoutError", got, err)
		}
		if waited := time.Since(start); waited != tokencache.LockTimeout {
			t.Errorf("waited %s, want %s", waited, tokencache.LockTimeout)
		}
		wantAsked(t, &g)

		time.AfterFunc(10*time.Second, func() {
			store(t, &kept, issued(7), time.Now()) // the other process is done
			unlock()
		})
		wantToken(t, source, "access-7")
		wantAsked(t, &g)
	})
}

func TestSourceCancelledAtTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept flaky
		var g grants
		lock := newLock(t)
		defer hold(t, lock)()
		source, _ := newSource(&kept, lock, &g)
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errGrant) })
		if got, err := source.Token(ctx); !errors.Is(err, errGrant) || got != "" {
			t.Errorf("got %q, %v; want why the context ended", got, err)
		}
		wantAsked(t, &g)
	})
}

// endsAtLock is a context that ends in the moment in which the lock is taken.
type endsAtLock struct {
	context.Context
	lock string
}

func (c endsAtLock) Err() error {
	if _, err := os.Stat(c.lock); err == nil {
		return context.Canceled
	}
	return nil
}

// An interruption between the lock and its use must neither count as success
// without a token nor keep the lock.
func TestSourceCancelledWithTheLock(t *testing.T) {
	var kept flaky
	lock := newLock(t)
	g := grants{answer: func(ctx context.Context, _ tokencache.Entry) (*oauth2.Token, error) { return nil, ctx.Err() }}
	source, _ := newSource(&kept, lock, &g)
	if got, err := source.Token(endsAtLock{t.Context(), lock}); !errors.Is(err, context.Canceled) || got != "" {
		t.Errorf("got %q, %v; want context.Canceled", got, err)
	}
	hold(t, lock)()
}

// hold takes a lock as another process does.
func hold(t *testing.T, path string) (unlock func()) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	lock := flock.New(path)
	if locked, err := lock.TryLock(); err != nil || !locked {
		t.Fatalf("got %t, %v; want the lock", locked, err)
	}
	return func() { _ = lock.Close() }
}

func TestSourceWithoutLockFolder(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var kept flaky
	var g grants
	source, told := newSource(&kept, filepath.Join(blocked, "key.lock"), &g)
	wantToken(t, source, "access-1")
	if len(told.notices) != 1 || !strings.Contains(told.notices[0], "without a lock") {
		t.Errorf("got notices %q, want one that says so", told.notices)
	}
	if got := stored(t, &kept).AccessToken; got != "access-1" {
		t.Errorf("stored %q, want access-1", got)
	}
}

func TestSourceReplace(t *testing.T) {
	var kept flaky
	store(t, &kept, issued(7), time.Now())
	var g grants
	source, told := newSource(&kept, newLock(t), &g)
	wantToken(t, source, "access-7")
	if got, err := source.Replace(t.Context(), issued(8)); err != nil || got.AccessToken != "access-8" {
		t.Errorf("got %q, %v; want the login's token", got.AccessToken, err)
	}
	wantToken(t, source, "access-8")
	if got, err := source.Stored(t.Context()); err != nil || got.RefreshToken != "refresh-8" || len(told.saved) != 1 {
		t.Errorf("stored %q, %v, told of %d; want refresh-8", got.RefreshToken, err, len(told.saved))
	}
	wantAsked(t, &g)

	kept.setErr = errStore
	if _, err := source.Replace(t.Context(), issued(9)); !errors.Is(err, errStore) {
		t.Errorf("got %v, want the store's error: the login is lost", err)
	}
}

// A login that is finished must be kept also when Ctrl-C comes now.
func TestSourceReplaceCancelled(t *testing.T) {
	var kept flaky
	source, _ := newSource(&kept, newLock(t), &grants{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := source.Replace(ctx, issued(8)); err != nil {
		t.Error(err)
	}
	if got := stored(t, &kept).RefreshToken; got != "refresh-8" {
		t.Errorf("stored %q, want refresh-8", got)
	}
}

// A refresh token is not spent where its successor could not be stored.
func TestSourceNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept flaky
		store(t, &kept, issued(7), time.Now())
		var g grants
		source, _ := newSource(&kept, newLock(t), &g)
		full := errors.New("the disk is full")
		source.Ready = func(context.Context) error { return full }
		time.Sleep(2 * time.Hour)
		if _, err := source.Token(t.Context()); !errors.Is(err, full) {
			t.Errorf("got %v, want %v", err, full)
		}
		wantAsked(t, &g)
		if got := stored(t, &kept); got.RefreshToken != "refresh-7" {
			t.Errorf("the store holds %q", got.RefreshToken)
		}
	})
}
