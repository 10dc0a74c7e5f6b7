package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"reflect"

	"github.com/appsyncctl/appsyncctl/internal/atomicfile"
)

// A FileError says that a report is not where it should be. A pipeline that passes
// without its report has lost what it ran for, so a program that meets this error ends
// with another exit code than 0.
type FileError struct {
	Path string
	Err  error
}

func (e *FileError) Error() string { return fmt.Sprintf("report %s: %v", e.Path, e.Err) }

// Unwrap returns what the file system said, or what is wrong with the content.
func (e *FileError) Unwrap() error { return e.Err }

// WriteJUnit puts JUnit XML into the file path: whole or not at all, in a folder that
// it makes when there is none, as pytest does. Then it reads the file again, parses it
// and compares: what a CI system will find there is what is reported. The error is a
// *FileError.
func (r Report) WriteJUnit(path string) error {
	data, err := r.junit()
	if err != nil {
		return &FileError{path, err}
	}
	if err := atomicfile.WriteShared(path, data); err != nil {
		return &FileError{path, err}
	}
	found, err := os.ReadFile(path)
	if err != nil {
		return &FileError{path, err}
	}
	if err := r.VerifyJUnit(found); err != nil {
		return &FileError{path, err}
	}
	return nil
}

// VerifyJUnit parses data, the content of a file, and says in what it differs from the
// JUnit XML of the report.
func (r Report) VerifyJUnit(data []byte) error {
	var found testSuites
	if err := xml.Unmarshal(data, &found); err != nil {
		return fmt.Errorf("cannot be parsed: %w", err)
	}
	want := r.suites()
	if got, want := len(found.Suite.Cases), len(want.Suite.Cases); got != want {
		return fmt.Errorf("holds %d cases instead of %d", got, want)
	}
	if !reflect.DeepEqual(found, want) {
		return errors.New("holds something else than was written")
	}
	return nil
}
