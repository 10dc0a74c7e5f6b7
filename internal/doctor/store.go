// The token store: whether it takes a value and gives it back. It is tried out once,
// before there is a token to lose.

package doctor

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/shell"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// storeLimit is more than the three seconds that a keyring has for one call.
const storeLimit = 4 * time.Second

func storageChecks() []Check {
	return []Check{
		{
			ID: StoreReached, Category: Storage, Title: "the token store can be reached", limit: storeLimit + 500*time.Millisecond,
			Meaning: `Tokens rest in the system's keyring: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows. Servers, containers and sessions over SSH often have none: no session bus, or nobody on it who keeps secrets. The sealed file takes its place where there is something to seal it with, the client secret or APPSYNCCTL_PASSPHRASE. With --token-store memory nothing is kept, and each command gets a new token.`,
		},
		{
			ID: StoreUnlocked, Category: Storage, Title: "the token store is not locked", needs: []ID{StoreReached},
			Meaning: `A keyring is opened with the login to a desktop, or by answering its prompt. In a session over SSH, or after an automatic login, nobody has answered: then each command waits for a prompt that may be on another screen, or fails. Unlock it, or choose another store. Nothing is stored elsewhere without a word.`,
		},
		{
			ID: StoreKeeps, Category: Storage, Title: "a value can be stored, read back and removed", needs: []ID{StoreReached},
			Meaning: `A value without meaning was written under a name of its own, read and removed. A keyring may report success and store nothing; a file needs a folder that can be written to, room on the disk, and rights that keep others out. Where this fails, a login would be lost as soon as it is made.`,
		},
	}
}

// examineStore tries the store out, and judges what came of it.
func examineStore(ctx context.Context, r *runner) findings {
	s := r.Subject
	tried, found := learn(ctx, r, nil, StoreReached, func(ctx context.Context) (trial, Verdict) { return storeReached(ctx, s) })
	found = r.check(ctx, found, StoreUnlocked, func(context.Context) Verdict { return storeUnlocked(s, tried.err) })
	return r.check(ctx, found, StoreKeeps, func(context.Context) Verdict { return storeKeeps(s, tried.err) })
}

// A trial is what trying the store out came to.
type trial struct{ err error }

func storeReached(ctx context.Context, s *Subject) (trial, Verdict) {
	switch {
	case s.Answer != nil:
		return trial{}, skipped(savedAnswer)
	case s.Store == nil:
		return trial{}, skipped("no token is stored for this set-up")
	}
	limited, cancel := s.Deadline.Set(ctx, storeLimit, StoreReached.asks())
	defer cancel()
	err := s.Store.Probe(limited)
	if limited.Err() != nil && err != nil && !isLocked(err) {
		return trial{err}, unknown("the "+s.Store.Name+" store gave no answer within "+storeLimit.String()+": a prompt may be waiting", err)
	}
	setting := s.setting("token_store")
	found := Evidence{Name: "token store", Found: s.Store.name(), From: setting.Origin}
	missing, unavailable := errors.AsType[*tokencache.UnavailableError](err)
	_, unsealed := errors.AsType[tokencache.NoSealError](err)
	switch {
	case unavailable:
		found.Found += ": " + missing.Reason
		return trial{err}, Verdict{Result: Failure, Message: "there is no keyring: " + missing.Reason, Fix: otherStore(s), Evidence: []Evidence{found}, Err: err}
	case unsealed:
		return trial{err}, Verdict{Result: Failure, Message: "there is nothing to seal the token file with", Fix: passphraseFix, Evidence: []Evidence{found}, Err: err}
	case s.Store.name() == string(tokencache.MemoryMode):
		return trial{err}, ok("tokens are kept in memory: each command gets a new one", found)
	default:
		return trial{err}, ok("tokens rest in the "+s.Store.name(), found)
	}
}

// passphraseFix shows nobody the passphrase: it is read, not typed into a command.
const passphraseFix = "read -rs APPSYNCCTL_PASSPHRASE && export APPSYNCCTL_PASSPHRASE"

// otherStore is the way to a store that needs no keyring. A client secret can seal
// a file at once, everyone else needs a passphrase.
func otherStore(s *Subject) string {
	if s.Grant == grantMachine {
		return s.change("token_store", string(tokencache.FileMode))
	}
	return passphraseFix
}

func storeUnlocked(s *Subject, tried error) Verdict {
	if s.Store.name() != string(tokencache.KeyringMode) {
		return skipped("only a keyring can be locked")
	}
	locked, isLocked := errors.AsType[*tokencache.LockedError](tried)
	if !isLocked {
		return ok("the keyring gives access")
	}
	return Verdict{
		Result: Failure, Message: "the keyring gives no access: " + locked.Reason, Fix: unlockFix(s), Err: tried,
		Evidence: []Evidence{{Name: "keyring", Expected: "open", Found: locked.Reason, From: "probe"}},
	}
}

func isLocked(err error) bool {
	_, ok := errors.AsType[*tokencache.LockedError](err)
	return ok
}

// unlockFix is the way to open the keyring; Windows' own opens with the login only.
func unlockFix(s *Subject) string {
	switch runtime.GOOS {
	case "darwin":
		return "security unlock-keychain"
	case "windows":
		return otherStore(s)
	default:
		return "gnome-keyring-daemon --unlock"
	}
}

func storeKeeps(s *Subject, err error) Verdict {
	found := Evidence{Name: "probe", Expected: "stored, read back and removed", From: s.Store.name()}
	open, tooOpen := errors.AsType[*tokencache.PermissionError](err)
	path, isFile := errors.AsType[*fs.PathError](err)
	switch {
	case err == nil:
		found.Expected, found.Found = "", "stored, read back and removed"
		return ok("the "+s.Store.name()+" store keeps what it is given", found)
	case isLocked(err):
		return Verdict{Result: Skipped, Because: StoreUnlocked}
	case tooOpen:
		found.Found = err.Error()
		return failedBy("the token file is open to others", "chmod 600 "+shell.Word(open.Path), err, found)
	case isFile:
		found.Found = path.Err.Error()
		return failedBy("the token file cannot be written", fileFix(s, path), err, found)
	default:
		found.Found = bounded(err.Error())
		return failedBy("the "+s.Store.name()+" store does not keep what it is given", s.change("token_store", string(tokencache.MemoryMode)), err, found)
	}
}

// fileFix is the way to a file that can be written. What is wrong is mostly the
// folder: made by root, full, or on a disk that is for reading only.
func fileFix(s *Subject, err *fs.PathError) string {
	folder := shell.Word(filepath.Dir(err.Path))
	switch {
	case errors.Is(err, fs.ErrPermission):
		return `sudo chown -R "$(id -un)" ` + folder
	case errors.Is(err, syscall.ENOSPC):
		return "df -h " + folder
	default:
		return s.change("token_store", string(tokencache.MemoryMode))
	}
}
