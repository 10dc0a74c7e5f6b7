package tokencache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// A Source gives valid access tokens: from Store while they last, else from
// Grant, once for all processes that ask at the same time. Its methods are safe
// for use by several goroutines.
type Source struct {
	Key   string // the name of the token in Store, see Key.Token
	Store Store
	Lock  string // path of the lock file of this token

	// Grant gets a new token. old is what the store holds, for its refresh token;
	// it is zero when there is nothing.
	Grant func(ctx context.Context, old Entry) (*oauth2.Token, error)
	// Spent reports whether an error of Grant says that the refresh token is no
	// longer good. Another process may have used it and saved its successor.
	Spent func(error) bool
	// Ready returns why nothing could be stored now. It is asked before a refresh
	// token is spent: its successor would be lost.
	Ready func(ctx context.Context) error
	// Saved is told of each new token in the store.
	Saved func(ctx context.Context, entry Entry)

	Now    func() time.Time
	Notice func(string)

	mu      sync.Mutex
	current Entry // what this process used last, so that it reads the store once
}

// Token returns an access token that is valid now.
func (s *Source) Token(ctx context.Context) (string, error) {
	entry, err := s.Entry(ctx, 0)
	return entry.AccessToken, err
}

// Renew returns an access token other than rejected, one that a server refused
// although it looked valid.
func (s *Source) Renew(ctx context.Context, rejected string) (string, error) {
	entry, err := s.RenewEntry(ctx, rejected)
	return entry.AccessToken, err
}

// RenewEntry is Renew, and returns the whole entry.
func (s *Source) RenewEntry(ctx context.Context, rejected string) (Entry, error) {
	return s.get(ctx, func(e Entry) bool {
		return e.AccessToken != rejected && s.valid(e, 0)
	})
}

// Entry returns a token that stays valid for remaining. A new token counts as
// good enough even if its whole life is shorter.
func (s *Source) Entry(ctx context.Context, remaining time.Duration) (Entry, error) {
	return s.get(ctx, func(e Entry) bool { return s.valid(e, remaining) })
}

// valid reports whether a token can be used for remaining more. One whose expiry is
// unknown is used by the process that got it, until a server refuses it: otherwise each
// request would take a token of its own.
func (s *Source) valid(e Entry, remaining time.Duration) bool {
	if e.Expiry.IsZero() {
		return e.AccessToken != "" && e.AccessToken == s.current.AccessToken
	}
	return e.Valid(s.Now(), remaining)
}

// Stored returns what the store holds, valid or not; the zero Entry if that is
// nothing.
func (s *Source) Stored(ctx context.Context) (Entry, error) { return s.read(ctx) }

func (s *Source) get(ctx context.Context, good func(Entry) bool) (Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if good(s.current) {
		return s.current, nil
	}
	entry, err := s.read(ctx)
	if err != nil {
		return Entry{}, err
	}
	if !good(entry) {
		err = s.alone(ctx, func() error {
			entry, err = s.renew(ctx, good)
			return err
		})
		if err != nil {
			return Entry{}, err
		}
	}
	s.current = entry
	return entry, nil
}

// alone runs do while no other process renews, replaces or removes this token.
func (s *Source) alone(ctx context.Context, do func() error) error {
	return Exclusively(ctx, s.Lock, s.Notice, do)
}

// renew does what only one process at a time may do: read again, ask the grant,
// save.
func (s *Source) renew(ctx context.Context, good func(Entry) bool) (Entry, error) {
	entry, err := s.read(ctx)
	if err != nil || good(entry) {
		return entry, err
	}
	if entry.RefreshToken != "" {
		if err := s.Ready(ctx); err != nil {
			return Entry{}, fmt.Errorf("not renewing a login that could not be stored: %w", err)
		}
	}
	token, err := s.Grant(ctx, entry)
	if err != nil && s.Spent(err) {
		// Somebody who does not see our lock was faster: use what they saved.
		newer, readErr := s.read(ctx)
		if readErr != nil || newer.RefreshToken == entry.RefreshToken {
			return Entry{}, err
		}
		if good(newer) {
			return newer, nil
		}
		token, err = s.Grant(ctx, newer)
	}
	if err != nil {
		return Entry{}, err
	}
	return s.save(ctx, token), nil
}

// Replace stores the token of a login in place of whatever is there. Unlike a
// renewal, a login that cannot be stored has failed.
func (s *Source) Replace(ctx context.Context, token *oauth2.Token) (Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = NewEntry(token, s.Now())
	ctx = context.WithoutCancel(ctx) // a finished login is not lost to Ctrl-C
	err := s.alone(ctx, func() error { return s.write(ctx, s.current) })
	if _, held := errors.AsType[*LockTimeoutError](err); held { // nor to a lock
		s.Notice(fmt.Sprintf("continuing without a lock: %v", err))
		err = s.write(ctx, s.current)
	}
	return s.current, err
}

// Remove deletes the token. Before that it hands the entry to farewell, which may
// revoke what can be revoked; the zero Entry if nothing usable is stored.
func (s *Source) Remove(ctx context.Context, farewell func(Entry)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = Entry{}
	return s.alone(ctx, func() error {
		entry, err := s.read(ctx)
		_, sealed := errors.AsType[NoSealError](err)
		_, exposed := errors.AsType[*PermissionError](err)
		if err != nil && !sealed && !exposed { // one can be deleted all the same, the other should be
			return err
		}
		farewell(entry)
		return s.Store.Delete(ctx, s.Key)
	})
}

// save stores a renewed token. A store that fails now is no reason to throw a
// good token away, so that is a notice.
func (s *Source) save(ctx context.Context, token *oauth2.Token) Entry {
	entry := NewEntry(token, s.Now())
	if err := s.write(ctx, entry); err != nil {
		s.Notice(fmt.Sprintf("the new token could not be stored: %v", err))
	}
	return entry
}

// write does not stop for Ctrl-C: a rotated refresh token exists nowhere else.
func (s *Source) write(ctx context.Context, entry Entry) error {
	ctx = context.WithoutCancel(ctx)
	data, err := entry.Encode()
	if err != nil {
		return err
	}
	if err := s.Store.Set(ctx, s.Key, data); err != nil {
		return err
	}
	s.Saved(ctx, entry)
	return nil
}

// read returns the zero Entry when there is nothing usable. A store that fails
// is an error, not a miss: a login may be in it.
func (s *Source) read(ctx context.Context) (Entry, error) {
	data, err := s.Store.Get(ctx, s.Key)
	if errors.Is(err, ErrNotFound) {
		return Entry{}, nil
	}
	if err != nil {
		return Entry{}, err
	}
	entry, err := DecodeEntry(data)
	if err != nil {
		s.Notice(fmt.Sprintf("ignoring the stored token: %v", err))
		return Entry{}, nil
	}
	return entry, nil
}
