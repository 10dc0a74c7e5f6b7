package customers

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/records"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

type createOptions struct {
	input   appsync.CreateCustomerInput // from flags
	file    string                      // JSON, beneath the flags; "-" is standard input
	records command.RecordOptions
}

func newCreateCommand(s *session.Session) *cobra.Command {
	var options createOptions
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create a customer",
		Long: `Create a customer and print the record with the id that the API gave it.

The fields come from flags, from one JSON object in --from-file, or from both: a
flag goes before the file. A field that is absent, or null in the file, is left
out of the request. Creating is not idempotent on the schema that AppSync's
wizard makes: each call makes a new record with a new id, so after a lost answer
look before you repeat. An API whose CreateCustomerInput has an id takes --id.
There AppSync answers the same call once more as it did the first time, and makes
nothing; another record under the id is refused.`,
		Example: `  appsyncctl customers create --name customer1 --city Boston --state MA --country USA
  echo '{"name":"customer2","city":"Dallas"}' | appsyncctl customers create --from-file - -o json`,
		Args: command.NoArguments,
	}
	set := cmd.Flags()
	set.SortFlags = false
	command.Optional(set, &options.input.Name, "name", "name of the customer")
	command.Optional(set, &options.input.City, "city", "city")
	command.Optional(set, &options.input.State, "state", "state")
	command.Optional(set, &options.input.Country, "country", "country")
	command.Optional(set, &options.input.Id, "id", "id to store the customer under, if the API's schema allows it")
	set.StringVar(&options.file, "from-file", "", "`file` with one JSON object, or - for standard input")
	command.RecordFlags(set, &options.records)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		options.records.Format = s.Flags.Output
		if options.input == (appsync.CreateCustomerInput{}) && options.file == "" {
			return app.Usagef("nothing to create: give at least one field, such as --name")
		}
		return runCreate(cmd.Context(), s, options)
	}
	return cmd
}

func runCreate(ctx context.Context, s *session.Session, options createOptions) error {
	input := options.input
	if options.file != "" {
		read, err := readInput(s.App.In, options.file)
		if err != nil {
			return err
		}
		input = merged(input, read)
	}
	out, api, err := open(ctx, s, options.records)
	if err != nil {
		return err
	}
	resp, err := appsync.CreateCustomer(ctx, api, input)
	if resp.CreateCustomer == nil && err == nil {
		err = &appsync.NullError{Operation: "createCustomer"}
	}
	return errors.Join(out.writeAnswer(resp.CreateCustomer, err), out.finish())
}

// maxRecordSize bounds a file that holds one record; DynamoDB stores 400 KB.
const maxRecordSize = 1 << 20

// readInput reads a customer from a file, or from standard input if it is "-".
func readInput(in io.Reader, file string) (appsync.CreateCustomerInput, error) {
	name := "standard input"
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
		return appsync.CreateCustomerInput{}, failure.Errorf(failure.Usage, "%s: it is larger than 1 MiB; customers import reads many records", name)
	}
	input, reason := readCustomer(text)
	if reason != "" {
		return appsync.CreateCustomerInput{}, failure.Errorf(failure.Usage, "%s: %s", name, reason)
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
			return input, fmt.Sprintf("unknown field %q; the fields are %s", name, strings.Join(records.CustomerFields(), ", "))
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
