package command

import (
	"errors"

	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// RecordOptions say how a command writes records.
type RecordOptions struct {
	Format  app.Format
	Query   *output.Query // of --jq; nil without
	SafeCSV bool
	List    bool // JSON and YAML write a list also when there is one record
}

// RecordFlags declares the flags of options, beside --output.
func RecordFlags(set *pflag.FlagSet, options *RecordOptions) {
	set.Var(JQ(&options.Query), "jq", "write what a jq expression selects from the JSON result")
	set.BoolVar(&options.SafeCSV, "csv-safe", false, "with -o csv, put ' before what a spreadsheet would take for a formula")
}

// Check refuses formats that exclude each other.
func (o RecordOptions) Check() error {
	switch o.Format {
	case app.CSV, app.YAML, app.ID:
		if o.Query != nil {
			return failure.Errorf(failure.Usage, "--jq works on JSON and -o %s writes none; a jq expression can end in @csv, or in .id", o.Format)
		}
	}
	return nil
}

// Filter chooses customers by their fields.
type Filter struct {
	sentences []string
	json      string
}

// FilterFlags declares the flags of a filter.
func FilterFlags(set *pflag.FlagSet, options *Filter) {
	set.StringArrayVar(&options.sentences, "filter", nil, "only customers of which a `sentence` is true, such as 'city = Boston'; may be repeated")
	set.StringVar(&options.json, "filter-json", "", "the filter as `JSON` in the schema's own form, such as '{\"city\":{\"eq\":\"Boston\"}}'")
}

// FilterHelp explains the sentences, for the help of a command that has them.
const FilterHelp = `A --filter is a field, an operator and a value. The operators are = != < <= > >=,
contains, not contains, begins, and between A and B. A value with blanks stands
in quotes: 'city = "New York"'. All sentences must be true. Texts are compared
byte by byte, so case counts, and a field that is not set passes none but != and
not contains.`

// Input returns the filter that was asked for; nil is none.
func (o Filter) Input() (*appsync.TableCustomerFilterInput, error) {
	switch {
	case o.json == "":
		return appsync.ParseFilter(o.sentences...)
	case len(o.sentences) > 0:
		return nil, errors.New("--filter and --filter-json exclude each other")
	default:
		return appsync.ParseFilterJSON(o.json)
	}
}
