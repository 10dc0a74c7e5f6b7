// Package customers has the commands for the model Customer: single records, lists, and
// the watch of their changes.
package customers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/records"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// NewCommand returns the group of commands customers, without import and export.
func NewCommand(s *session.Session) *cobra.Command {
	return command.Group(&cobra.Command{
		Use:   "customers",
		Short: "Create, read, change and delete customers",
	},
		newCreateCommand(s),
		newListCommand(s),
		newGetCommand(s),
		newUpdateCommand(s),
		newDeleteCommand(s),
		newWatchCommand(s),
	)
}

// missing is the error for ids of no customer; nil if there are none.
func missing(ids []string) error {
	switch len(ids) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("there is no customer with the id %q", ids[0])
	default:
		return fmt.Errorf("there are no customers with the ids %s", strings.Join(ids, ", "))
	}
}

// someIDs takes one id or more.
func someIDs(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return app.Usagef("which customers? give at least one id")
	}
	return noEmptyID(args)
}

// oneID takes exactly one id.
func oneID(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return app.Usagef("which customer? give one id, not %d", len(args))
	}
	return noEmptyID(args)
}

func noEmptyID(ids []string) error {
	if slices.Contains(ids, "") { // an unset variable of a script
		return app.Usagef("an id is empty")
	}
	return nil
}

// writer writes customers one by one in the format that was asked for.
type writer struct {
	*output.Writer
	count   int  // written until now
	patient bool // a table that nobody looks at: shown when it has been measured
}

// newWriter opens a writer of customers on standard output.
func newWriter(ctx context.Context, world *app.App, options command.RecordOptions) (*writer, error) {
	if err := options.Check(); err != nil {
		return nil, err
	}
	noColor, _ := world.LookupEnv("NO_COLOR")
	term, _ := world.LookupEnv("TERM")
	out := output.NewWriter(ctx, world.Out, output.Style{
		Format:   output.Format(options.Format),
		Columns:  records.CustomerFields(),
		Single:   !options.List,
		Terminal: world.Width > 0,
		Width:    world.Width,
		Bold:     world.Width > 0 && noColor == "" && term != "dumb",
		SafeCSV:  options.SafeCSV,
		Query:    options.Query,
	})
	return &writer{Writer: out, patient: options.Format == app.Table && world.Width == 0}, nil
}

// open opens the output, and then the API.
func open(ctx context.Context, s *session.Session, options command.RecordOptions) (*writer, *session.API, error) {
	out, err := newWriter(ctx, s.App, options)
	if err != nil {
		return nil, nil, err
	}
	api, err := s.API(ctx, session.Options{})
	return out, api, err
}

func (w *writer) write(c *appsync.Customer) error {
	w.count++
	return w.Write(output.Record{Value: c, Cells: []*string{&c.Id, c.Name, c.City, c.State, c.Country}})
}

// writeAnswer writes the customer that came with an answer, if one did, and
// returns the answer's error.
func (w *writer) writeAnswer(c *appsync.Customer, err error) error {
	if c == nil {
		return err
	}
	return errors.Join(err, w.write(c))
}

// writeEach writes the customer that call returns for each id, and says in the end which
// ids are those of none. Any other error stops it.
func (w *writer) writeEach(ids []string, call func(id string) (*appsync.Customer, error)) error {
	var unknown []string
	for _, id := range ids {
		customer, err := call(id)
		if customer == nil && err == nil {
			unknown = append(unknown, id)
			continue
		}
		if failed := w.writeAnswer(customer, err); failed != nil {
			return errors.Join(failed, missing(unknown), w.finish())
		}
	}
	return errors.Join(missing(unknown), w.finish())
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
func (w *writer) finish() error {
	if w.count == 0 {
		return nil
	}
	return w.Close()
}
