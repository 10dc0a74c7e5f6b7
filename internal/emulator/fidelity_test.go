package emulator_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFidelityNamesTests holds FIDELITY.md to what is tested: every row has a source
// and names a test that exists.
func TestFidelityNamesTests(t *testing.T) {
	var files []string
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, "_test.go") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	exists := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range declaration.FindAllStringSubmatch(string(source), -1) {
			exists[match[1]] = true
		}
	}
	table, err := os.ReadFile("FIDELITY.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(table)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| Behaviour") {
			continue
		}
		rows++
		if len(cells) != 3 || strings.TrimSpace(cells[1]) == "" || !exists[strings.TrimSpace(cells[2])] {
			t.Errorf("row without a source or an existing test: %s", line)
		}
	}
	if rows < 30 {
		t.Errorf("only %d rows were read", rows)
	}
}
