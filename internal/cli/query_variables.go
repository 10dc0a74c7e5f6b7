package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxQueryInput bounds a document or a variable; AppSync takes 1 MB in a request.
const maxQueryInput = 4 << 20

// queryVariables are the variables of an operation as they were typed.
type queryVariables struct {
	raw   []string // name=text
	typed []string // name=JSON, name=@FILE or name=@-
}

// read returns the variables by name. stdinTaken says that standard input held
// the document.
func (v queryVariables) read(in io.Reader, stdinTaken bool) (map[string]any, error) {
	variables := make(map[string]any)
	set := func(given string, value func(text string) (any, error)) error {
		name, text, found := strings.Cut(given, "=")
		if !found || name == "" {
			return &inputError{"variable " + given, "say it as name=value"}
		}
		if _, twice := variables[name]; twice {
			return &inputError{"variable " + name, "it is given twice"}
		}
		read, err := value(text)
		variables[name] = read
		return err
	}
	for _, given := range v.raw {
		if err := set(given, func(text string) (any, error) { return text, nil }); err != nil {
			return nil, err
		}
	}
	for _, given := range v.typed {
		err := set(given, func(text string) (any, error) {
			file, isFile := strings.CutPrefix(text, "@")
			if !isFile {
				return typed(text), nil
			}
			if file == "-" && stdinTaken {
				return nil, &inputError{"standard input", "it can be read once only"}
			}
			stdinTaken = stdinTaken || file == "-"
			content, err := readInput(file, in)
			return typed(content), err
		})
		if err != nil {
			return nil, err
		}
	}
	return variables, nil
}

// typed reads a value as JSON if it is JSON, else as text. A number stays exact.
func typed(text string) any {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return text
	}
	if _, err := decoder.Token(); err != io.EOF {
		return text
	}
	return value
}

// documentText returns a GraphQL document: the text itself if it has a brace,
// which no file's name is expected to have, else what the file holds.
func (app *App) documentText(given string) (string, error) {
	if strings.Contains(given, "{") {
		return given, nil
	}
	return readInput(given, app.In)
}

// readInput reads a file, or standard input if its name is "-".
func readInput(file string, in io.Reader) (string, error) {
	name := "standard input"
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer opened.Close() //nolint:errcheck // read only
		name, in = file, opened
	}
	text, err := io.ReadAll(io.LimitReader(in, maxQueryInput+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	if len(text) > maxQueryInput {
		return "", &inputError{name, "it is larger than 4 MiB"}
	}
	return string(text), nil
}
