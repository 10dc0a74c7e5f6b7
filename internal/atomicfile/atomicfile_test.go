package atomicfile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/atomicfile"
)

// names returns what is in a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	return found
}

func TestWriteMakesFileAndFolders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(dir, "name")
	if err := atomicfile.Write(path, []byte("content")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "content" {
		t.Errorf("got %q, %v", got, err)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("got files %q, want only name", got)
	}
	if runtime.GOOS == "windows" {
		return // it has access lists
	}
	for path, want := range map[string]os.FileMode{path: 0o600, dir: 0o700, filepath.Dir(dir): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v; want mode %#o", path, info, err, want)
		}
	}
}

func TestWriteReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "name")
	if err := os.WriteFile(path, []byte("a longer old content"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"new", "", "again"} {
		if err := atomicfile.Write(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Errorf("got %q, %v; want %q", got, err, content)
		}
	}
	if info, err := os.Stat(path); runtime.GOOS != "windows" && (err != nil || info.Mode().Perm() != 0o600) {
		t.Errorf("got %v, %v; want mode 0600 also over an open file", info, err)
	}
}

func TestWriteFailsWithoutTrace(t *testing.T) {
	dir := t.TempDir()
	occupied := filepath.Join(dir, "occupied")
	if err := os.MkdirAll(filepath.Join(occupied, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, path string }{
		{"a folder of that name", occupied},
		{"a file in place of the folder", filepath.Join(file, "name")},
		{"a name that is too long", filepath.Join(dir, strings.Repeat("x", 300))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := atomicfile.Write(tt.path, []byte("planted")); err == nil {
				t.Error("got no error")
			} else if strings.Contains(err.Error(), "planted") {
				t.Errorf("the error shows the content: %v", err)
			}
			if got := names(t, dir); len(got) != 2 {
				t.Errorf("left %q behind", got)
			}
		})
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "old" {
		t.Errorf("got %q, %v; want the old content", got, err)
	}
}

// Data that does not reach the disk replaces nothing; it is there, whole, when it is asked
// to, and has its name only afterwards.
func TestWriteReachesTheDiskFirst(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "name")
	broken := errors.New("the disk is broken")
	for _, old := range []string{"", "old"} { // no file, and one
		if old != "" {
			if err := atomicfile.Write(path, []byte(old)); err != nil {
				t.Fatal(err)
			}
		}
		synced := ""
		err := atomicfile.WriteSynced(path, []byte("new"), func(part *os.File) error {
			text, err := os.ReadFile(part.Name())
			if err != nil {
				t.Error(err)
			}
			synced = string(text)
			return broken
		})
		if !errors.Is(err, broken) || synced != "new" {
			t.Errorf("got %v, and %q was to reach the disk", err, synced)
		}
		got, err := os.ReadFile(path)
		if string(got) != old || (err == nil) != (old != "") {
			t.Errorf("got %q, %v; want the old content %q", got, err, old)
		}
		if left := names(t, dir); len(left) > 1 || old == "" && len(left) > 0 {
			t.Errorf("left %q behind", left)
		}
	}
}

// A reader sees one content whole, whoever writes meanwhile.
func TestWriteIsAtomic(t *testing.T) {
	path := filepath.Join(t.TempDir(), "name")
	size := 100_000
	write := func(letter byte) {
		if err := atomicfile.Write(path, bytes.Repeat([]byte{letter}, size)); err != nil {
			t.Error(err)
		}
	}
	write('a')
	var writers, reader sync.WaitGroup
	for _, letter := range []byte("bcd") {
		writers.Go(func() {
			for range 10 {
				write(letter)
			}
		})
	}
	done := make(chan struct{})
	reader.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			got, err := os.ReadFile(path)
			if err != nil || len(got) != size || bytes.Count(got, got[:1]) != size {
				t.Errorf("read %d bytes that nobody wrote at once, %v", len(got), err)
				return
			}
		}
	})
	writers.Wait()
	close(done)
	reader.Wait()
	if got := names(t, filepath.Dir(path)); len(got) != 1 {
		t.Errorf("left %q behind", got)
	}
}

// To replace a device, or a link to one, would take it from everybody.
func TestWriteReplacesRegularFilesOnly(t *testing.T) {
	dir := t.TempDir()
	folder, link := filepath.Join(dir, "folder"), filepath.Join(dir, "link")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(os.DevNull, link); err != nil {
		t.Skip("no symbolic links here")
	}
	for _, name := range []string{folder, link} {
		if err := atomicfile.Write(name, []byte("content")); err == nil {
			t.Errorf("%s was replaced", filepath.Base(name))
		}
		if info, err := os.Lstat(name); err != nil || info.Mode().IsRegular() {
			t.Errorf("%s is no longer what it was", filepath.Base(name))
		}
	}
}

// What is shared has the modes of any other new file and folder.
func TestWriteSharedKeepsToUmask(t *testing.T) {
	dir := t.TempDir()
	folder, file := filepath.Join(dir, "folder"), filepath.Join(dir, "file")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "a", "name")
	if err := atomicfile.WriteShared(path, []byte("content")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "content" {
		t.Errorf("got %q, %v", got, err)
	}
	for made, like := range map[string]string{path: file, filepath.Dir(path): folder} {
		got, err := os.Stat(made)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := os.Stat(like); err != nil || got.Mode() != want.Mode() {
			t.Errorf("%s: got mode %v, want %v, %v", made, got.Mode(), want.Mode(), err)
		}
	}
}
