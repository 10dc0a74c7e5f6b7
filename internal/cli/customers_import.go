package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
)

type customersImportOptions struct {
	file      string // or "-"
	format    fileFormat
	delimiter string
	columns   map[string]string
	dryRun    bool

	mode   string
	job    string
	shard  bulk.Shard
	limits bulk.Limits
	errors bulk.ErrorLimit
	settle time.Duration

	files    bulk.Files
	progress progressStyle
	output   format
	flags    []string // those that were given, to resume with
}

func (app *App) customersImportCommand(flags *globals) *cobra.Command {
	options := customersImportOptions{errors: bulk.ErrorLimit{Number: 100}}
	cmd := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Create customers from a CSV or JSONL file",
		Long: `Create a customer from each row of a file, or of standard input if it is "-".

The file is CSV with a header (in UTF-8; nothing between two commas is null, and
"" an empty text) or JSONL, one object a line; either may be compressed by gzip.
Every row is checked before the first is sent, and --dry-run ends there.

No row is created twice. An API whose CreateCustomerInput has an id is imported
into in key mode: the id is in the row or made from the job and the row's number,
so that a row can be sent again. An id that is refused as taken is read back: what
reads like the row is there already, all else is a conflict. (AppSync does not
refuse the very record that it has, the same in every attribute, but answers as if
it were new. Nobody can tell, and such a row counts as created.) An API that makes
the id itself, as on the wizard's schema, is imported into in journal mode: what is
about to be sent is noted on disk first, and a row whose answer was lost is looked
for in the whole list, 30s later, before it is sent again. (Another writer who makes
an equal customer in that time could be taken for this import.)

The journal lies in the state folder of the program. The same command with the
same file goes on where an import was stopped, by whatever. When a file has been
imported, --job NAME imports it once more. Standard input is copied there first; the
copy is removed when every row has ended. The file itself is only read.

It goes as fast as the API lets it, and slows down when that throttles. Every row
ends as created, already there, conflict, rejected, unknown or not reached.
Rejected and conflicting rows are written as they were into a file that can be
corrected and imported, with the reasons beside it. The exit code is 6 if there
are such rows, and 7 if there are unknown ones.`,
		Example: `  appsyncctl customers import customers.csv
  appsyncctl customers import customers.csv --dry-run
  appsyncctl customers import export.csv --map 'Full Name=name' --map Fax= --results ids.jsonl
  zcat old.jsonl.gz | appsyncctl customers import - --format jsonl --max-rate 50`,
		Args: oneFile("import"),
	}
	importFlags(cmd.Flags(), &options)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		options.file, options.output = args[0], flags.Output
		options.flags = givenFlags(cmd)
		if err := options.check(); err != nil {
			return &usageError{cmd.CommandPath(), err}
		}
		return app.customersImport(cmd.Context(), flags, options)
	}
	return cmd
}

func importFlags(set *pflag.FlagSet, options *customersImportOptions) {
	set.SortFlags = false
	set.Var(&options.format, "format", "csv or jsonl; by default the file's name or its first character tells")
	set.StringVar(&options.delimiter, "delimiter", "", `what stands between the values of CSV, such as ';' or '\t' (default a comma)`)
	set.Var((*columnMap)(&options.columns), "map", "COLUMN=FIELD says which field a column holds, COLUMN= leaves it out; may be repeated")
	set.BoolVar(&options.dryRun, "dry-run", false, "check every row, say what would be done, and create nothing")
	set.StringVar(&options.mode, "mode", string(bulk.AutoMode), "key, journal, or auto: as the API's schema allows")
	set.StringVar(&options.job, "job", "", "name of the import; by default the file's content names it")
	set.Var((*shardFlag)(&options.shard), "shard", "import only the I-th of N parts, so that several machines share a file")
	set.Var((*errorLimit)(&options.errors), "max-errors", "more rejected rows than this, or than N% of the rows, end the import")
	set.Float64Var(&options.limits.Rate, "max-rate", 0, "rows a second at most (default no limit)")
	set.IntVar(&options.limits.InFlight, "max-in-flight", bulk.DefaultInFlight, "requests under way at once, at most")
	set.IntVar(&options.limits.Batch, "max-batch", bulk.DefaultBatch, "rows in one request, at most; more than 1 only where that measures faster")
	set.DurationVar(&options.settle, "settle", 30*time.Second, "how long a request may still run after its answer was lost; AppSync ends it after 30s")
	set.StringVar(&options.files.Results, "results", "", "file for one JSON line a row, with its id")
	set.StringVar(&options.files.Rejects, "rejects", "", "file for the rejected and conflicting rows; the reasons go into FILE.reasons.jsonl (default in the journal's folder)")
	set.StringVar(&options.files.Unknown, "unknown", "", "file for the rows of which nobody knows (default in the journal's folder)")
	set.Var(&options.progress, "progress", "how to show the progress on standard error: bar, lines, json or none (default bar at a terminal, else lines)")
}

func (o *customersImportOptions) check() error {
	switch bulk.Mode(o.mode) {
	case bulk.AutoMode, bulk.KeyMode, bulk.JournalMode:
	default:
		return fmt.Errorf("there is no mode %q: it is auto, key or journal", o.mode)
	}
	switch {
	case o.limits.Rate < 0 || o.limits.InFlight < 1 || o.limits.Batch < 1:
		return errors.New("--max-rate, --max-in-flight and --max-batch must be positive")
	case o.settle < 0:
		return errors.New("--settle must not be negative")
	case strings.ContainsAny(o.job, `/\`) || strings.HasPrefix(o.job, "."):
		return errors.New("--job is a name, not a path")
	}
	if o.delimiter == `\t` || o.delimiter == "tab" {
		o.delimiter = "\t"
	}
	if len(o.delimiter) > 1 || strings.ContainsAny(o.delimiter, "\"\r\n") {
		return errors.New("--delimiter must be one ASCII character, and no quote")
	}
	return o.checkFiles()
}

// checkFiles refuses to write one file over another, and above all over the input.
func (o *customersImportOptions) checkFiles() error {
	type file struct{ what, path string }
	files := []file{
		{"the file that is imported", o.file}, {"--results", o.files.Results}, {"--rejects", o.files.Rejects},
		{"the file of the reasons", ""}, {"--unknown", o.files.Unknown},
	}
	if o.files.Rejects != "" {
		files[3].path = reasonsFile(o.files.Rejects)
	}
	for i, later := range files {
		for _, earlier := range files[:i] {
			if earlier.path != "-" && earlier.path != "" && later.path != "" && samePath(earlier.path, later.path) {
				return fmt.Errorf("%s would be written over %s", later.what, earlier.what)
			}
		}
	}
	return nil
}

// reasonsFile is the name of the file with the reasons for what is in rejects.
func reasonsFile(rejects string) string { return rejects + ".reasons.jsonl" }

// samePath reports whether two names lead to one file, or would if there were one.
func samePath(a, b string) bool {
	one, errOne := os.Stat(a)
	other, errOther := os.Stat(b)
	if errOne == nil && errOther == nil {
		return os.SameFile(one, other) && one.Mode().IsRegular() // several may go to /dev/null
	}
	a, errOne = filepath.Abs(a)
	b, errOther = filepath.Abs(b)
	return errOne == nil && errOther == nil && a == b
}

// oneFile takes exactly one file, or "-".
func oneFile(verb string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return &usageError{cmd.CommandPath(), fmt.Errorf("what to %s? give one file, or - for a stream", verb)}
		}
		return nil
	}
}

// givenFlags returns the flags of a command line as they could be given again.
func givenFlags(cmd *cobra.Command) []string {
	var given []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if many, ok := f.Value.(pflag.SliceValue); ok {
			values = many.GetSlice()
		}
		for _, value := range values {
			given = append(given, "--"+f.Name+"="+value)
		}
	})
	return given
}
