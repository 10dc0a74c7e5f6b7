// Package atomicfile replaces a file's content at once: a reader sees the old
// content or the new, whole, also when the writer is killed in between.
package atomicfile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Write puts data into the file name with mode 0600, in a folder that it makes
// with mode 0700 when there is none. The data is on the disk when Write returns.
//
// It replaces regular files only: a device such as /dev/null, or a pipe, would be
// gone for everyone. The error is then a *fs.PathError.
func Write(name string, data []byte) error {
	return write(name, data, 0o600, 0o700, (*os.File).Sync)
}

// WriteShared is Write for what others are to read, such as a report that is collected
// by another user than the one in the container that wrote it: the modes are what the
// umask leaves of 0666 and 0777.
func WriteShared(name string, data []byte) error {
	return write(name, data, 0o666, 0o777, (*os.File).Sync)
}

// write brings the data to the disk by sync, which a test may make fail.
func write(name string, data []byte, mode, folderMode fs.FileMode, sync func(*os.File) error) (err error) {
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return &fs.PathError{Op: "replace", Path: name, Err: errors.New("it is not a regular file")}
	}
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return err
	}
	// The file has its mode from the start, so nobody reads it before the rename who
	// could not after it. The name is nobody else's, and O_EXCL sees to it.
	part, err := os.OpenFile(filepath.Join(dir, "."+filepath.Base(name)+"."+rand.Text()), os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = part.Close() // the error that brought us here says more
			_ = os.Remove(part.Name())
		}
	}()
	if _, err := part.Write(data); err != nil {
		return err
	}
	if err := sync(part); err != nil {
		return err
	}
	if err := part.Close(); err != nil {
		return err
	}
	if err := os.Rename(part.Name(), name); err != nil {
		return err
	}
	syncFolder(dir)
	return nil
}

// syncFolder makes the rename last through a power cut, where the system can.
// Windows cannot, and the new content is in place in any case.
func syncFolder(dir string) {
	if folder, err := os.Open(dir); err == nil {
		_ = folder.Sync()
		_ = folder.Close()
	}
}
