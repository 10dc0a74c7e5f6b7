package tokencache

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/appsyncctl/appsyncctl/internal/atomicfile"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// File is a Store of sealed files, one a value, with mode 0600 in a folder of
// mode 0700. Nothing readable lies on the disk.
type File struct {
	Dir  string
	Seal Seal
	// Notice is told of a file that could not be opened and counts as absent.
	Notice func(string)
}

// PermissionError says that others could read a file that holds a token. The
// file is not used: whoever could read it could also have copied it.
type PermissionError struct {
	Path string
	Mode fs.FileMode
}

func (e *PermissionError) Error() string {
	return fmt.Sprintf("%s is open to others (mode %#o)", e.Path, e.Mode.Perm())
}

// NoSealError says that there is nothing to seal a file with, or to open it.
type NoSealError struct{}

func (NoSealError) Error() string {
	return "the token file needs a secret to be sealed with, and there is none"
}

// Kind implements the interface of failure.Of.
func (NoSealError) Kind() failure.Kind { return failure.Usage }

// Ready returns why no value could be stored: NoSealError, or what is wrong with the
// folder. It writes and removes a file of the size of a token, since a disk may be
// full or read-only.
func (f *File) Ready() error {
	if f.Seal.IsZero() {
		return NoSealError{}
	}
	if err := f.Seal.Prepare(); err != nil {
		return err
	}
	probe := f.path("probe-" + rand.Text())
	if err := atomicfile.Write(probe, make([]byte, 16<<10)); err != nil {
		return err
	}
	return os.Remove(probe)
}

// Get implements Store. A file that is cut short, was tampered with or was
// sealed with another secret is ErrNotFound, after a notice.
func (f *File) Get(_ context.Context, key string) ([]byte, error) {
	path := f.path(key)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("it is not a regular file")}
	}
	// Windows guards the folder by its access list and reports 0666 for all.
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, &PermissionError{Path: path, Mode: info.Mode()}
	}
	if f.Seal.IsZero() {
		return nil, NoSealError{}
	}
	sealed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) { // deleted in between
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	value, err := f.Seal.Open(key, sealed)
	if _, unknown := errors.AsType[*sealSecretError](err); unknown {
		return nil, err
	}
	if err != nil {
		f.Notice(fmt.Sprintf("ignoring the stored token: %v", err))
		return nil, ErrNotFound
	}
	return value, nil
}

// Set implements Store.
func (f *File) Set(_ context.Context, key string, value []byte) error {
	if f.Seal.IsZero() {
		return NoSealError{}
	}
	sealed, err := f.Seal.Close(key, value)
	if err != nil {
		return err
	}
	return atomicfile.Write(f.path(key), sealed)
}

// Delete implements Store.
func (f *File) Delete(_ context.Context, key string) error {
	err := os.Remove(f.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (f *File) path(key string) string { return filepath.Join(f.Dir, key) }
