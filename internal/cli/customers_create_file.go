package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// maxRecordSize bounds a file that holds one record; DynamoDB stores 400 KB.
const maxRecordSize = 1 << 20

// inputError says why a file is no record.
type inputError struct{ file, reason string }

func (e *inputError) Error() string { return e.file + ": " + e.reason }

// customerFrom reads a customer from a file, or from standard input if it is "-".
func (app *App) customerFrom(file string) (appsync.CreateCustomerInput, error) {
	name, in := "standard input", app.In
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return appsync.CreateCustomerInput{}, err
		}
		defer opened.Close() //nolint:errcheck // read only
		name, in = file, opened
	}
	text, err := io.ReadAll(io.LimitReader(in, maxRecordSize+1))
	if err != nil {
		return appsync.CreateCustomerInput{}, fmt.Errorf("read %s: %w", name, err)
	}
	if len(text) > maxRecordSize {
		return appsync.CreateCustomerInput{}, &inputError{name, "it is larger than 1 MiB; customers import reads many records"}
	}
	input, reason := readCustomer(text)
	if reason != "" {
		return appsync.CreateCustomerInput{}, &inputError{name, reason}
	}
	return input, nil
}

// readCustomer reads one JSON object, or says why it cannot. It is stricter than
// encoding/json, which takes "CITY" for city and the last of two values.
func readCustomer(text []byte) (input appsync.CreateCustomerInput, reason string) {
	text = bytes.TrimSpace(text)
	if bytes.HasPrefix(text, []byte("[")) {
		return input, "it holds an array, and create makes one customer; customers import makes many"
	}
	fields := make(map[string]json.RawMessage)
	if err := json.Unmarshal(text, &fields); err != nil {
		return input, "it does not hold one JSON object: " + err.Error()
	}
	targets := map[string]**string{
		"id": &input.Id, "name": &input.Name, "city": &input.City, "state": &input.State, "country": &input.Country,
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		target := targets[name]
		if target == nil {
			return input, fmt.Sprintf("unknown field %q; the fields are %s", name, strings.Join(customerColumns(), ", "))
		}
		if err := json.Unmarshal(fields[name], target); err != nil {
			return input, fmt.Sprintf("the field %q must be a text or null", name)
		}
	}
	if input == (appsync.CreateCustomerInput{}) {
		return input, "the object has no field with a value"
	}
	return input, ""
}

// merged takes each field from first, else from second.
func merged(first, second appsync.CreateCustomerInput) appsync.CreateCustomerInput {
	return appsync.CreateCustomerInput{
		Id:      cmp.Or(first.Id, second.Id),
		Name:    cmp.Or(first.Name, second.Name),
		City:    cmp.Or(first.City, second.City),
		State:   cmp.Or(first.State, second.State),
		Country: cmp.Or(first.Country, second.Country),
	}
}
