// Package query has the commands for any GraphQL: query runs an operation, and schema prints
// the schema.
package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/Khan/genqlient/graphql"
	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/paging"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

type queryOptions struct {
	document  string // a file, "-" for standard input, or the text itself
	operation string
	variables variables
	paginate  bool
	include   bool
	format    app.Format
	jq        *output.Query // nil without --jq
}

// NewCommand returns the command query.
func NewCommand(s *session.Session) *cobra.Command {
	var options queryOptions
	cmd := &cobra.Command{
		Use:   "query FILE|-|'{…}'",
		Short: "Run any GraphQL operation",
		Long: `Run a GraphQL operation from a file, from standard input (-) or from the command
line, where it is known by its brace, and print the data of the answer as JSON.
Errors go to standard error, and the exit code tells of them; data that came with
them is printed all the same.

-f gives a variable as text, -F as JSON: a number, true, false, null, an object or
an array; anything else is text. With -F name=@FILE the value is read from a file,
with @- from standard input.

--paginate runs a query again and again with the nextToken of each answer in its
variable $nextToken, and prints the data of each answer as a document of its own.
If an answer has several, the one nearest to the top leads on.

The events of a subscription are printed one a line, until Ctrl-C or until the
connection ends. What happens while there is none is missed.`,
		Example: `  appsyncctl query '{ listCustomers { items { id name } } }'
  appsyncctl query customers.graphql --operation Find -f city=Boston -F limit=10
  appsyncctl query 'query ($nextToken: String) { listCustomers(nextToken: $nextToken) { items { id } nextToken } }' \
    --paginate --jq '.listCustomers.items[].id'
  appsyncctl query 'subscription { onCreateCustomer { id name } }'`,
		Args: oneDocument,
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.StringArrayVarP(&options.variables.raw, "raw-field", "f", nil, "variable as text: `name=value`; may be repeated")
	set.StringArrayVarP(&options.variables.typed, "field", "F", nil, "variable as JSON: `name=value`, name=@FILE or name=@-; may be repeated")
	set.StringVar(&options.operation, "operation", "", "`name` of the operation to run, if the document has several")
	set.BoolVar(&options.paginate, "paginate", false, "go on along nextToken")
	set.BoolVarP(&options.include, "include", "i", false, "print the status and the headers of each answer first")
	set.Var(command.JQ(&options.jq), "jq", "write what a jq expression selects from the data")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		options.document, options.format = args[0], s.Flags.Output
		return run(cmd.Context(), s, options)
	}
	return cmd
}

// oneDocument takes exactly one document.
func oneDocument(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return app.Usagef("which operation? give one file, - or text in quotes, not %d", len(args))
	}
	return nil
}

func run(ctx context.Context, s *session.Session, options queryOptions) error {
	if err := options.check(); err != nil {
		return err
	}
	text, err := readDocument(s.App.In, options.document)
	if err != nil {
		return err
	}
	operation, err := appsync.ParseOperation(text, options.operation)
	if err != nil {
		return err
	}
	if options.paginate && !operation.Pages() {
		return appsync.DocumentErrorf("--paginate needs a query that declares $%s", appsync.NextTokenVariable)
	}
	variables, err := options.variables.read(s.App.In, options.document == "-")
	if err != nil {
		return err
	}
	request, err := operation.Request(variables)
	if err != nil {
		return err
	}
	if operation.Subscription {
		return runSubscription(ctx, s, request, options)
	}
	var answer answerHead
	api, err := s.API(ctx, session.Options{Chain: func(chain http.RoundTripper) http.RoundTripper {
		answer.base = chain
		return &answer
	}})
	if err != nil {
		return err
	}
	return queryPages(ctx, s, api, request, variables, options, &answer)
}

// check refuses what cannot be written before anything is sent.
func (o queryOptions) check() error {
	if err := (command.RecordOptions{Format: o.format, Query: o.jq}).Check(); err != nil {
		return err
	}
	return o.format.Write(io.Discard, struct{}{}, func(io.Writer) error { return nil })
}

// queryPages runs a request, and again for each nextToken if that was asked for.
func queryPages(ctx context.Context, s *session.Session, api graphql.Client, request *graphql.Request, variables map[string]any, options queryOptions, answer *answerHead) error {
	var tokens paging.Tokens // empty pages are not counted: nobody knows which part of the data is the list
	for {
		data, err := send(ctx, api, request)
		if options.include {
			if err := answer.write(s.App.Out); err != nil {
				return err
			}
		}
		if len(data) > 0 {
			err = errors.Join(err, writeData(ctx, s, options, data))
		}
		if err != nil || !options.paginate {
			return err
		}
		token, err := appsync.FindNextToken(data)
		if err != nil || token == "" {
			return err
		}
		if err := tokens.Add(token); err != nil {
			return err
		}
		variables[appsync.NextTokenVariable] = token
		request.Variables = variables
	}
}

// send returns the data of an answer, which may come with an error.
func send(ctx context.Context, api graphql.Client, request *graphql.Request) (json.RawMessage, error) {
	var data json.RawMessage
	err := api.MakeRequest(ctx, request, &graphql.Response{Data: &data})
	return data, err
}

// writeData writes data, as JSON if nothing else was asked for.
func writeData(ctx context.Context, s *session.Session, options queryOptions, data json.RawMessage) error {
	if options.jq != nil {
		return options.jq.Write(ctx, s.App.Out, data, s.App.Width > 0)
	}
	return options.format.Write(s.App.Out, data, func(w io.Writer) error {
		return output.JSON(w, data)
	})
}

// answerHead is a RoundTripper that keeps the status and the headers of the last
// answer.
type answerHead struct {
	base   http.RoundTripper
	status string
	header http.Header
}

// RoundTrip implements http.RoundTripper.
func (a *answerHead) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := a.base.RoundTrip(req)
	a.status, a.header = "", nil
	if err == nil {
		a.status, a.header = resp.Proto+" "+resp.Status, resp.Header
	}
	return resp, err
}

// write writes the head as HTTP does, sorted; nothing if there was no answer.
func (a *answerHead) write(w io.Writer) error {
	if a.status == "" {
		return nil
	}
	var text strings.Builder
	text.WriteString(output.Line(a.status) + "\n")
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		for _, value := range a.header[name] {
			text.WriteString(output.Line(name+": "+value) + "\n")
		}
	}
	_, err := fmt.Fprintln(w, text.String())
	return err
}
