package customers

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/paging"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

const defaultListMax = 100

type listOptions struct {
	paging  appsync.Paging
	records command.RecordOptions
}

func newListCommand(s *session.Session) *cobra.Command {
	options := listOptions{records: command.RecordOptions{List: true}}
	var filter command.Filter
	var all bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List customers",
		Long: `List customers in the API's own order, page after page until there are enough.
Each is written as soon as its page is there, while the next page is on its way;
a list of any length takes little memory. (--jq works on the whole array, which
it has to hold; with -o jsonl it works on each record by itself.)

` + command.FilterHelp + `

The API looks at --page-size customers for each page and filters them then:
behind a filter pages may be short or empty, and the list goes on.

When a list ends early, because of --max, an error or Ctrl-C, what was read until
then is written, and standard error says with which --next-token to go on. A token
is good for the filter and the page size that it came with.

A table is as wide as its first rows need, and cut to the terminal's width at a
terminal only. In CSV nothing between two commas is null, and "" an empty text.`,
		Example: `  appsyncctl customers list
  appsyncctl customers list --filter 'state = MA' --filter 'name begins customer'
  appsyncctl customers list --all -o jsonl | gzip > customers.jsonl.gz
  appsyncctl customers list --all --jq 'group_by(.state)[] | [.[0].state, length] | @tsv'`,
		Args: command.NoArguments,
	}
	set := cmd.Flags()
	set.SortFlags = false
	command.FilterFlags(set, &filter)
	set.IntVar(&options.paging.Limit, "max", defaultListMax, "how many customers to list at most; --limit is the same")
	set.BoolVar(&all, "all", false, "list all customers")
	set.IntVar(&options.paging.Size, "page-size", 0, fmt.Sprintf("how many customers the API looks at for one page, before it filters (default %d, or fewer with a small --max)", appsync.DefaultPageSize))
	set.StringVar(&options.paging.Token, "next-token", "", "`token` to go on with, from a list that ended early")
	command.RecordFlags(set, &options.records)
	set.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "limit" {
			name = "max"
		}
		return pflag.NormalizedName(name)
	})
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		options.records.Format = s.Flags.Output
		switch {
		case all && cmd.Flags().Changed("max"):
			err = errors.New("--all and --max exclude each other")
		case options.paging.Limit < 1:
			err = errors.New("--max must be at least 1; --all lists everything")
		case options.paging.Size < 1 && cmd.Flags().Changed("page-size"):
			err = errors.New("--page-size must be at least 1")
		default:
			options.paging.Filter, err = filter.Input()
		}
		if err != nil {
			return &app.UsageError{Err: err}
		}
		if all {
			options.paging.Limit = 0
		}
		return runList(cmd.Context(), s, options)
	}
	return cmd
}

func runList(ctx context.Context, s *session.Session, options listOptions) error {
	out, api, err := open(ctx, s, options.records)
	if err != nil {
		return err
	}
	last := &appsync.Page{Size: options.paging.Size, Next: options.paging.Token}
	for page, failed := range appsync.Pages(ctx, api, options.paging) {
		if failed != nil {
			err = failed
			break
		}
		if err := out.writePage(page); err != nil {
			return unlessEnough(err)
		}
		last = page
	}
	if err != nil {
		if last.Next != "" && !failure.Is[*paging.EndlessError](err) {
			err = app.AlsoAdvise(err, goOn(last)+" goes on where the list ended")
		}
		return errors.Join(err, out.finish())
	}
	if err := out.Close(); err != nil {
		return unlessEnough(err)
	}
	if last.Next != "" || last.Cut > 0 {
		tellMore(s, options, last)
	}
	return nil
}

// writePage writes the customers of a page. They are shown at once, except in a
// table that goes elsewhere than to a terminal: it is measured by more rows.
func (w *writer) writePage(page *appsync.Page) error {
	for _, customer := range page.Customers {
		if err := w.write(customer); err != nil {
			return err
		}
	}
	if w.patient {
		return nil
	}
	return w.Flush()
}

// goOn are the flags that go on after a page.
func goOn(last *appsync.Page) string {
	if last.Size == 0 {
		return "--next-token " + last.Next
	}
	return fmt.Sprintf("--page-size %d --next-token %s", last.Size, last.Next)
}

// tellMore says that the list was ended by --max, and how to go on.
func tellMore(s *session.Session, options listOptions, last *appsync.Page) {
	goOn := goOn(last)
	text := fmt.Sprintf("stopped at %d customers; there may be more: --all lists all", options.paging.Limit)
	switch {
	case last.Cut == 0:
		text += ", " + goOn + " goes on"
	case last.Next != "":
		text += fmt.Sprintf(", %s goes on, but repeats the last %d", goOn, len(last.Customers))
	default:
		text += ", --max N more of them"
	}
	if options.records.Format.ForPrograms() {
		_ = output.JSONLine(s.App.Err, struct { // it is beside the result
			Notice    string `json:"notice"`
			NextToken string `json:"next_token,omitempty"`
			PageSize  int    `json:"page_size"`
		}{text, last.Next, last.Size})
		return
	}
	s.App.Notice(text)
}
