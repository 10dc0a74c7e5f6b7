package cli

import (
	"errors"

	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// filterOptions choose customers by their fields.
type filterOptions struct {
	sentences []string
	json      string
}

func filterFlags(set *pflag.FlagSet, options *filterOptions) {
	set.StringArrayVar(&options.sentences, "filter", nil, "only customers of which a `sentence` is true, such as 'city = Boston'; may be repeated")
	set.StringVar(&options.json, "filter-json", "", "the filter as `JSON` in the schema's own form, such as '{\"city\":{\"eq\":\"Boston\"}}'")
}

// filterHelp explains the sentences, for the help of a command that has them.
const filterHelp = `A --filter is a field, an operator and a value. The operators are = != < <= > >=,
contains, not contains, begins, and between A and B. A value with blanks stands
in quotes: 'city = "New York"'. All sentences must be true. Texts are compared
byte by byte, so case counts, and a field that is not set passes none but != and
not contains.`

// filter returns the filter that was asked for; nil is none.
func (o filterOptions) filter() (*appsync.TableCustomerFilterInput, error) {
	switch {
	case o.json == "":
		return appsync.ParseFilter(o.sentences...)
	case len(o.sentences) > 0:
		return nil, errors.New("--filter and --filter-json exclude each other")
	default:
		return appsync.ParseFilterJSON(o.json)
	}
}
