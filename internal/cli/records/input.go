package records

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
)

// importPlace is where an import keeps what it needs to go on, below the program's own
// state folder.
//
// An import of standard input reads a copy of it, which lies in the import's own folder.
// The program knows which file it may remove in the end by where it has put it and what
// it has put there. The file that somebody has named is never removed, unless it is that
// copy.
type importPlace struct {
	root    string           // of all imports into one API
	dir     string           // of this one
	draft   string           // standard input, before the import begins; empty when a file was named
	stdin   string           // the copy, if this import or an earlier run of it has read standard input
	content bulk.Fingerprint // of the input, and so of the copy
	fresh   bool             // this run has made the copy
}

// draftStdin copies standard input into a new file.
func draftStdin(in io.Reader, root string) (draft string, err error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return "", err
	}
	file, err := os.OpenFile(filepath.Join(root, ".stdin."+rand.Text()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(file, in)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", fmt.Errorf("keep standard input: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return file.Name(), nil
}

// dropDraft removes the draft, unless it was kept.
func (p *importPlace) dropDraft() {
	if p.draft != "" {
		_ = os.Remove(p.draft) // it is only in the way
	}
}

// keepDraft makes the draft the copy with which the import can go on, unless an earlier
// run has left it already.
func (p *importPlace) keepDraft() error {
	if _, err := os.Lstat(p.stdin); err == nil {
		if !p.hasCopy() {
			return &bulk.ChangedError{Path: p.stdin}
		}
		return nil
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	if err := os.Rename(p.draft, p.stdin); err != nil {
		return fmt.Errorf("keep standard input: %w", err)
	}
	p.draft, p.fresh = "", true
	return nil
}

// dropCopy removes the copy, if there is one.
func (p *importPlace) dropCopy() {
	if p.hasCopy() {
		_ = os.Remove(p.stdin) // it is only in the way
	}
}

// hasCopy reports whether what lies in the copy's place is the copy: no link, and not
// edited.
func (p *importPlace) hasCopy() bool {
	info, err := os.Lstat(p.stdin)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	found, err := bulk.FingerprintOf(p.stdin)
	return err == nil && found == p.content
}
