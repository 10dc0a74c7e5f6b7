// Package records has the commands that move whole tables: import and export. They work on
// customers; the group of commands that they belong to is composed in internal/cli.
package records

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/address"
	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/records"
	"github.com/appsyncctl/appsyncctl/internal/session"
	"github.com/appsyncctl/appsyncctl/internal/shell"
)

type importOptions struct {
	file      string // or "-"
	format    bulk.Format
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
	output   app.Format
	flags    []string // those that were given, to resume with
}

// NewImportCommand returns the command import.
func NewImportCommand(s *session.Session) *cobra.Command {
	options := importOptions{errors: bulk.ErrorLimit{Number: 100}}
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
		options.file, options.output = args[0], s.Flags.Output
		options.flags = givenFlags(cmd)
		if err := options.check(); err != nil {
			return &app.UsageError{Err: err}
		}
		return advise(runImport(cmd.Context(), s, options))
	}
	return cmd
}

func importFlags(set *pflag.FlagSet, options *importOptions) {
	set.SortFlags = false
	set.Var(fileFormat(&options.format), "format", "csv or jsonl; by default the file's name or its first character tells")
	set.StringVar(&options.delimiter, "delimiter", "", `what stands between the values of CSV, such as ';' or '\t' (default a comma)`)
	set.Var((*columnMap)(&options.columns), "map", "COLUMN=FIELD says which field a column holds, COLUMN= leaves it out; may be repeated")
	set.BoolVar(&options.dryRun, "dry-run", false, "check every row, say what would be done, and create nothing")
	set.StringVar(&options.mode, "mode", string(bulk.AutoMode), "key, journal, or auto: as the API's schema allows")
	set.StringVar(&options.job, "job", "", "name of the import; by default the file's content names it")
	set.Var(shard(&options.shard), "shard", "import only the I-th of N parts, so that several machines share a file")
	set.Var(command.Parsed(&options.errors, "N|N%", bulk.ParseErrorLimit, bulk.ErrorLimit.String), "max-errors", "more rejected rows than this, or than N% of the rows, end the import")
	set.Float64Var(&options.limits.Rate, "max-rate", 0, "rows a second at most (default no limit)")
	set.IntVar(&options.limits.InFlight, "max-in-flight", bulk.DefaultInFlight, "requests under way at once, at most")
	set.IntVar(&options.limits.Batch, "max-batch", bulk.DefaultBatch, "rows in one request, at most; more than 1 only where that measures faster")
	set.DurationVar(&options.settle, "settle", 30*time.Second, "how long a request may still run after its answer was lost; AppSync ends it after 30s")
	set.StringVar(&options.files.Results, "results", "", "file for one JSON line a row, with its id")
	set.StringVar(&options.files.Rejects, "rejects", "", "file for the rejected and conflicting rows; the reasons go into FILE.reasons.jsonl (default in the journal's folder)")
	set.StringVar(&options.files.Unknown, "unknown", "", "file for the rows of which nobody knows (default in the journal's folder)")
	set.Var(command.Enum(&options.progress, "style", progressBar, progressLines, progressJSON, progressNone), "progress", "how to show the progress on standard error: bar, lines, json or none (default bar at a terminal, else lines)")
}

func (o *importOptions) check() error {
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
func (o *importOptions) checkFiles() error {
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
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return app.Usagef("what to %s? give one file, or - for a stream", verb)
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

// fileFormat is the value of --format.
func fileFormat(target *bulk.Format) pflag.Value {
	return command.Enum(target, "format", bulk.CSV, bulk.JSONL)
}

// columnMap is the value of --map.
type columnMap map[string]string

// String implements pflag.Value.
func (m *columnMap) String() string { return strings.Join(m.GetSlice(), ", ") }

// Set implements pflag.Value. The last = counts: a column may have one in its name.
func (m *columnMap) Set(text string) error {
	at := strings.LastIndex(text, "=")
	if at < 1 {
		return errors.New("must be COLUMN=FIELD, or COLUMN= to leave the column out")
	}
	if *m == nil {
		*m = make(columnMap)
	}
	(*m)[text[:at]] = text[at+1:]
	return nil
}

// Type implements pflag.Value.
func (m *columnMap) Type() string { return "COLUMN=FIELD" }

// GetSlice returns the flag's values as they could be given again.
func (m *columnMap) GetSlice() []string {
	var values []string
	for _, column := range slices.Sorted(maps.Keys(*m)) {
		values = append(values, column+"="+(*m)[column])
	}
	return values
}

// Append and Replace complete pflag.SliceValue.
func (m *columnMap) Append(text string) error { return m.Set(text) }

// Replace implements pflag.SliceValue.
func (m *columnMap) Replace(values []string) error {
	*m = nil
	for _, value := range values {
		if err := m.Set(value); err != nil {
			return err
		}
	}
	return nil
}

// shard is the value of --shard.
func shard(target *bulk.Shard) pflag.Value {
	return command.Parsed(target, "I/N", func(text string) (bulk.Shard, error) {
		first, second, _ := strings.Cut(text, "/")
		index, err := strconv.Atoi(first)
		count, countErr := strconv.Atoi(second)
		if err != nil || countErr != nil || index < 1 || index > count {
			return bulk.Shard{}, errors.New("must be I/N with I from 1 to N, such as 2/8")
		}
		return bulk.Shard{Index: index, Count: count}, nil
	}, bulk.Shard.String)
}

// runImport reads and checks everything, then sends, then says where the rows
// ended.
func runImport(ctx context.Context, s *session.Session, options importOptions) error {
	options.progress = options.progress.orDefault(s.App, options.output)
	api, err := bulkAPI(ctx, s, options.limits.InFlight)
	if err != nil {
		return err
	}
	job, place, err := importJob(s, &options)
	defer place.dropDraft()
	if err != nil {
		return err
	}
	schema, mode, err := api.Schema(ctx, bulk.Mode(options.mode))
	if err != nil {
		return err
	}
	job.Mode = mode
	input := options.input(schema, mode)
	plan, err := bulk.Check(input, schema, mode, options.shard)
	if err != nil {
		return err
	}
	report := newImportReport(s.App, options, job, place)
	if options.dryRun {
		return report.dryRun(plan)
	}
	report.plan(plan)
	if err := refuseEdited(place.root, job, options.job != ""); err != nil {
		return err
	}
	if place.draft != "" {
		if err := place.keepDraft(); err != nil {
			return err
		}
		input.Path = place.stdin
	}
	progress := newImportProgress(s.App, options.progress)
	work := &bulk.Import{
		Input: input, Plan: plan, Job: job, Dir: place.dir, API: api,
		Limits: options.limits, Errors: options.errors, Settle: options.settle,
		Notice: progress.notice, Progress: progress.show,
	}
	summary, err := work.Run(ctx)
	progress.end()
	if summary == nil {
		if place.fresh && !failure.Is[*bulk.BusyError](err) { // else it is that of the import under way
			place.dropCopy()
		}
		return err
	}
	return report.finish(work, summary, err)
}

// input is the file with its columns.
func (o *importOptions) input(schema bulk.Schema, mode bulk.Mode) *bulk.Input {
	in := &bulk.Input{Path: o.file, Format: o.format, Columns: bulk.Columns{Map: o.columns}}
	if o.delimiter != "" {
		in.Delimiter = o.delimiter[0]
	}
	if mode != bulk.JournalMode {
		in.Columns.Fields = []string{bulk.IDField}
	}
	in.Columns.Fields = append(in.Columns.Fields, schema.Fields...)
	return in
}

// importJob says which job this is and where it keeps what it needs. Standard input is
// put into a file first, so that it can be read again.
func importJob(s *session.Session, options *importOptions) (bulk.Job, *importPlace, error) {
	place := &importPlace{}
	settings, err := s.Settings()
	if err != nil {
		return bulk.Job{}, place, err
	}
	target := address.Canonical(settings.Text(config.Endpoint))
	sum := sha256.Sum256([]byte(target))
	if place.root, err = s.StateFile("imports", hex.EncodeToString(sum[:8])); err != nil {
		return bulk.Job{}, place, err
	}
	if options.file == "-" {
		if place.draft, err = draftStdin(s.App.In, place.root); err != nil {
			return bulk.Job{}, place, err
		}
		options.file = place.draft
	}
	path, err := filepath.Abs(options.file)
	if err != nil {
		return bulk.Job{}, place, err
	}
	found, err := bulk.FingerprintOf(path)
	if err != nil {
		return bulk.Job{}, place, err
	}
	job := bulk.Job{
		Name: options.job, Target: target, Path: path, Input: found,
		Columns: strings.Join((*columnMap)(&options.columns).GetSlice(), "\n"),
		Shard:   options.shard.String(),
	}
	if job.Name == "" {
		job.Name = bulk.JobName(job)
	}
	place.dir, place.content = filepath.Join(place.root, jobFolder(job)), found
	place.stdin = filepath.Join(place.dir, "stdin-"+found.SHA256[:16])
	if place.draft != "" {
		job.Path = place.stdin
	}
	job.Resume = options.resume(job.Path)
	return job, place, nil
}

// jobFolder is the folder of a job below that of the API.
func jobFolder(job bulk.Job) string {
	if job.Shard == "" {
		return job.Name
	}
	return job.Name + "." + strings.ReplaceAll(job.Shard, "/", "-of-")
}

// resume is the command that goes on with the import.
func (o *importOptions) resume(path string) string {
	words := []string{"appsyncctl customers import", shell.Word(path)}
	for _, flag := range o.flags {
		words = append(words, shell.Word(flag))
	}
	return strings.Join(words, " ")
}

// refuseEdited refuses a file that was changed in the middle of its import: what has
// been created would be created again.
func refuseEdited(root string, job bulk.Job, named bool) error {
	if named {
		return nil
	}
	jobs, err := bulk.Unfinished(root)
	if err != nil {
		return err
	}
	for _, other := range jobs {
		if other.Path == job.Path && other.Shard == job.Shard && other.Input != job.Input {
			return app.Advise(failure.Errorf(failure.Usage, "%s has changed since its import began, and that has not ended", job.Path),
				"bring back what it was and run: "+other.Resume+"; or give --job NAME to import it as it is now, with all its rows")
		}
	}
	return nil
}

// bulkAPI connects for many requests at once. Throttling comes back as it is: the
// pacing of an import must see it.
func bulkAPI(ctx context.Context, s *session.Session, atOnce int) (*records.Customers, error) {
	api, err := s.API(ctx, session.Options{Transport: func(base http.RoundTripper) http.RoundTripper {
		if pool, ok := base.(*http.Transport); ok {
			pool = pool.Clone()
			pool.MaxIdleConns, pool.MaxIdleConnsPerHost = 0, atOnce
			base = pool
		}
		endpoint, _ := s.Endpoint() // there would be no API without it
		return &records.ThrottleTransport{Endpoint: endpoint.String(), Base: base}
	}})
	if err != nil {
		return nil, err
	}
	return &records.Customers{Client: api, PageSize: appsync.DefaultPageSize, Notice: s.App.Notice}, nil
}

// advise adds to an error of an import or an export what its user can do about it.
func advise(err error) error {
	switch {
	case failure.Is[*app.AdvisedError](err):
		return err
	case failure.Is[*bulk.TooManyError](err):
		return app.Advise(err, "look at the reasons; --max-errors allows more")
	case failure.Is[*bulk.OutageError](err), failure.Is[*bulk.DiskError](err):
		return app.Advise(err, "the same command goes on where this one ended")
	case failure.Is[*bulk.OccupiedError](err):
		return app.Advise(err, "move it away, or export to another file")
	case failure.Is[*bulk.BusyError](err):
		return app.Advise(err, "wait for it, or stop it")
	case failure.Is[*bulk.ChangedError](err):
		return app.Advise(err, "give --job another name to import the file as it is now, with all its rows")
	case failure.Is[*bulk.HeaderError](err):
		return app.Advise(err, "--map COLUMN=FIELD says what a column holds, and --map COLUMN= leaves it out")
	case failure.Is[*bulk.IDError](err):
		return app.Advise(err, "leave the ids out with --map id=")
	default:
		return err
	}
}
