package cli

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/records"
)

// recordOptions say how a command writes records, beside --output.
type recordOptions struct {
	format  format
	query   jqFlag
	safeCSV bool
	list    bool // JSON and YAML write a list also when there is one record
}

func recordFlags(set *pflag.FlagSet, options *recordOptions) {
	set.Var(&options.query, "jq", "write what a jq expression selects from the JSON result")
	set.BoolVar(&options.safeCSV, "csv-safe", false, "with -o csv, put ' before what a spreadsheet would take for a formula")
}

// check refuses formats that exclude each other.
func (o recordOptions) check() error {
	switch o.format {
	case asCSV, asYAML, asID:
		if o.query.query != nil {
			return &formatError{fmt.Sprintf("--jq works on JSON and -o %s writes none; a jq expression can end in @csv, or in .id", o.format)}
		}
	}
	return nil
}

// jqFlag is the value of --jq.
type jqFlag struct {
	text  string
	query *output.Query // nil when the flag is not given
}

// String implements pflag.Value.
func (f *jqFlag) String() string { return f.text }

// Set implements pflag.Value.
func (f *jqFlag) Set(text string) (err error) {
	f.text = text
	f.query, err = output.ParseQuery(text)
	return err
}

// Type implements pflag.Value.
func (f *jqFlag) Type() string { return "expression" }

// customerColumns are the fields of a customer by their names in the schema.
func customerColumns() []string { return records.CustomerFields() }

// customerWriter writes customers one by one in the format that was asked for.
type customerWriter struct {
	*output.Writer
	count   int  // written until now
	patient bool // a table that nobody looks at: shown when it has been measured
}

// customers opens a writer of customers on standard output.
func (app *App) customers(ctx context.Context, options recordOptions) (*customerWriter, error) {
	if err := options.check(); err != nil {
		return nil, err
	}
	noColor, _ := app.LookupEnv("NO_COLOR")
	term, _ := app.LookupEnv("TERM")
	out := output.NewWriter(ctx, app.Out, output.Style{
		Format:   output.Format(options.format),
		Columns:  customerColumns(),
		Single:   !options.list,
		Terminal: app.Width > 0,
		Width:    app.Width,
		Bold:     app.Width > 0 && noColor == "" && term != "dumb",
		SafeCSV:  options.safeCSV,
		Query:    options.query.query,
	})
	return &customerWriter{Writer: out, patient: options.format == table && app.Width == 0}, nil
}

func (w *customerWriter) write(c *appsync.Customer) error {
	w.count++
	return w.Write(output.Record{Value: c, Cells: []*string{&c.Id, c.Name, c.City, c.State, c.Country}})
}

// writeAnswer writes the customer that came with an answer, if one did, and
// returns the answer's error.
func (w *customerWriter) writeAnswer(c *appsync.Customer, err error) error {
	if c == nil {
		return err
	}
	return errors.Join(err, w.write(c))
}

// unlessEnough forgives that a reader of a list went away, as head does: it has had
// enough.
func unlessEnough(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// finish completes the document, unless nothing was written: then the error alone
// speaks.
func (w *customerWriter) finish() error {
	if w.count == 0 {
		return nil
	}
	return w.Close()
}
