package query

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// variables are the variables of an operation as they were typed.
type variables struct {
	raw   []string // name=text
	typed []string // name=JSON, name=@FILE or name=@-
}

// read returns the variables by name. stdinTaken says that standard input held
// the document.
func (v variables) read(in io.Reader, stdinTaken bool) (map[string]any, error) {
	variables := make(map[string]any)
	set := func(given string, value func(text string) (any, error)) error {
		name, text, found := strings.Cut(given, "=")
		if !found || name == "" {
			return failure.Errorf(failure.Usage, "%s: %s", "variable "+given, "say it as name=value")
		}
		if _, twice := variables[name]; twice {
			return failure.Errorf(failure.Usage, "%s: %s", "variable "+name, "it is given twice")
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
				return nil, failure.Errorf(failure.Usage, "%s: %s", "standard input", "it can be read once only")
			}
			stdinTaken = stdinTaken || file == "-"
			content, err := command.ReadInput(file, in)
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

// readDocument returns a GraphQL document: the text itself if it has a brace,
// which no file's name is expected to have, else what the file holds.
func readDocument(in io.Reader, given string) (string, error) {
	if strings.Contains(given, "{") {
		return given, nil
	}
	return command.ReadInput(given, in)
}
