package doctor_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/zalando/go-keyring"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// A ring is a system's keyring, in order until told otherwise.
type ring struct {
	items   map[string]string
	err     error // of each call; nil if all is well
	forgets bool  // stores nothing and says that it did
	garbles bool  // gives back something else
	hangs   chan struct{}
}

func (r *ring) Get(_, name string) (string, error) {
	text, ok := r.items[name]
	switch {
	case r.err != nil:
		return "", r.err
	case !ok:
		return "", keyring.ErrNotFound
	case r.garbles:
		return "something else", nil
	default:
		return text, nil
	}
}

func (r *ring) Set(_, name, text string) error {
	if r.hangs != nil {
		<-r.hangs
	}
	if r.err == nil && !r.forgets {
		r.items[name] = text
	}
	return r.err
}

func (r *ring) Delete(_, name string) error {
	delete(r.items, name)
	return r.err
}

// offline is a set-up whose network tells nothing: the token store is what counts.
func offline() *site {
	s := newSite()
	s.Plain, s.Authorized = unplugged{}, unplugged{}
	s.Provider = client(unplugged{})
	return s
}

func TestKeyring(t *testing.T) {
	tests := []struct {
		name  string
		ring  ring
		grant string
		want  map[string]string
	}{
		{"in order", ring{}, "device", map[string]string{
			"STORE-001": "ok: tokens rest in the keyring", "STORE-002": "ok: the keyring gives access", "STORE-003": "ok: the keyring store keeps what it is given",
		}},
		{"none, for a person", ring{err: &net.OpError{Op: "dial", Err: errors.New("no such file")}}, "device", map[string]string{
			"STORE-001": "failure: there is no keyring: the session bus does not answer\nread -rs APPSYNCCTL_PASSPHRASE && export APPSYNCCTL_PASSPHRASE",
			"STORE-002": "skipped:  <STORE-001>", "STORE-003": "skipped:  <STORE-001>",
		}},
		{"none, for a machine", ring{err: &net.OpError{Op: "dial", Err: errors.New("no such file")}}, "client-credentials", map[string]string{
			"STORE-001": "failure: there is no keyring: the session bus does not answer\nappsyncctl profile set test --token-store file",
		}},
		{"locked", ring{err: errors.New("failed to unlock correct collection '/org/freedesktop/secrets/aliases/default'")}, "device", map[string]string{
			"STORE-001": "ok: tokens rest in the keyring", "STORE-002": "failure: the keyring gives no access: locked", "STORE-003": "skipped:  <STORE-002>",
		}},
		{"a dismissed prompt", ring{forgets: true}, "device", map[string]string{
			"STORE-002": "failure: the keyring gives no access: it stored nothing; was its prompt dismissed?", "STORE-003": "skipped:  <STORE-002>",
		}},
		{"gives back something else", ring{garbles: true}, "device", map[string]string{
			"STORE-002": "ok: the keyring gives access",
			"STORE-003": "failure: the keyring store does not keep what it is given",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := offline()
			s.Grant = tt.grant
			tt.ring.items = make(map[string]string)
			s.Store = &doctor.Store{Name: "keyring", Probe: (&tokencache.Keyring{Backend: &tt.ring}).Probe}
			findings := examined(t, s.Subject)
			for id, want := range tt.want {
				got := said(findings[doctor.ID(id)])
				if !strings.Contains(want, "\n") { // the fix of a locked keyring is the system's
					got = fixes.ReplaceAllString(got, "")
				}
				if got != want {
					t.Errorf("%s says %s\nwant %s", id, got, want)
				}
			}
			for id, f := range findings {
				if f.Category == doctor.Storage && f.Result == doctor.Failure && (f.Fix == "" || f.Err == nil) {
					t.Errorf("%s has no fix or no error", id)
				}
			}
			if len(tt.ring.items) > 0 && !tt.ring.garbles {
				t.Errorf("left in the keyring: %v", tt.ring.items)
			}
		})
	}
}

// A keyring that waits for a prompt holds nobody up for long.
func TestKeyringHangs(t *testing.T) {
	tests := []struct {
		name        string
		interactive bool
		want        map[string]string
	}{
		{"nobody there to answer", false, map[string]string{
			"STORE-001": "ok: tokens rest in the keyring",
			"STORE-002": "failure: the keyring gives no access: no answer within 3s; an unlock prompt may be open",
		}},
		{"somebody may be typing", true, map[string]string{
			"STORE-001": "unknown: the keyring store gave no answer within 4s: a prompt may be waiting",
			"STORE-002": "skipped:  <STORE-001>", "STORE-003": "skipped:  <STORE-001>",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := offline()
				hangs := make(chan struct{})
				defer close(hangs)
				backend := &ring{items: make(map[string]string), hangs: hangs}
				s.Store = &doctor.Store{Name: "keyring", Probe: (&tokencache.Keyring{Backend: backend, Interactive: tt.interactive}).Probe}
				findings := examined(t, s.Subject)
				for id, want := range tt.want {
					if got := fixes.ReplaceAllString(said(findings[doctor.ID(id)]), ""); got != want {
						t.Errorf("%s says %s\nwant %s", id, got, want)
					}
				}
			})
		})
	}
}

func TestTokenFile(t *testing.T) {
	const nothing = "skipped: only a keyring can be locked"
	folder := t.TempDir()
	inTheWay := filepath.Join(folder, "file")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	failing := func(err error) func(context.Context) error { return func(context.Context) error { return err } }
	sealed := func(dir string) func(context.Context) error {
		file := &tokencache.File{Dir: dir, Seal: tokencache.SecretSeal("s3cret")}
		return func(context.Context) error { return file.Ready() }
	}
	tests := []struct {
		name  string
		probe func(context.Context) error
		want  map[string]string
	}{
		{"in order", sealed(folder), map[string]string{
			"STORE-001": "ok: tokens rest in the file", "STORE-002": nothing, "STORE-003": "ok: the file store keeps what it is given",
		}},
		{"no seal", func(context.Context) error { return (&tokencache.File{Dir: folder}).Ready() }, map[string]string{
			"STORE-001": "failure: there is nothing to seal the token file with\nread -rs APPSYNCCTL_PASSPHRASE && export APPSYNCCTL_PASSPHRASE", "STORE-003": "skipped:  <STORE-001>",
		}},
		{"no folder", sealed(filepath.Join(inTheWay, "tokens")), map[string]string{
			"STORE-003": "failure: the token file cannot be written\nappsyncctl profile set test --token-store memory",
		}},
		{"somebody else's folder", failing(&fs.PathError{Op: "open", Path: "/home/ann/the state/probe", Err: syscall.EACCES}), map[string]string{
			"STORE-003": "failure: the token file cannot be written\n" + `sudo chown -R "$(id -un)" '/home/ann/the state'`,
		}},
		{"a full disk", failing(&fs.PathError{Op: "write", Path: "/home/ann/state/probe", Err: syscall.ENOSPC}), map[string]string{
			"STORE-003": "failure: the token file cannot be written\ndf -h /home/ann/state",
		}},
		{"open to others", failing(&tokencache.PermissionError{Path: "/home/ann/state/token", Mode: 0o644}), map[string]string{
			"STORE-003": "failure: the token file is open to others\nchmod 600 /home/ann/state/token",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := offline()
			s.Store = &doctor.Store{Name: "file", Probe: tt.probe}
			wantSaid(t, examined(t, s.Subject), tt.want)
		})
	}
}

func TestOtherStores(t *testing.T) {
	s := offline()
	s.Store = &doctor.Store{Name: "memory", Probe: func(context.Context) error { return nil }}
	wantSaid(t, examined(t, s.Subject), map[string]string{
		"STORE-001": "ok: tokens are kept in memory: each command gets a new one", "STORE-002": "skipped: only a keyring can be locked", "STORE-003": "ok: the memory store keeps what it is given",
	})
	s.Store = nil
	wantSaid(t, examined(t, s.Subject), map[string]string{
		"STORE-001": "skipped: no token is stored for this set-up", "STORE-002": "skipped: no token is stored for this set-up", "STORE-003": "skipped: no token is stored for this set-up",
	})
}
