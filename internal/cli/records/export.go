package records

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/records"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

type exportOptions struct {
	file     string // or "-"
	format   bulk.Format
	gzip     bool
	filter   *appsync.TableCustomerFilterInput
	pageSize int
	output   app.Format
}

// NewExportCommand returns the command export.
func NewExportCommand(s *session.Session) *cobra.Command {
	var options exportOptions
	var filter command.Filter
	cmd := &cobra.Command{
		Use:   "export FILE|-",
		Short: "Write all customers into a CSV or JSONL file",
		Long: `Write all customers into a file, or on standard output if it is "-", page after
page with little memory. The file is what customers import reads: in CSV nothing
between two commas is null, and "" an empty text. A name that ends in .gz makes it
compressed.

The file grows as FILE.part and appears when it is whole, with FILE.manifest.json
beside it: records, size and SHA-256. When an export was interrupted, the same
command goes on with FILE.part, and writes no customer twice. It is not a snapshot:
what changes meanwhile may or may not be in it.

` + command.FilterHelp,
		Example: `  appsyncctl customers export customers.csv
  appsyncctl customers export boston.jsonl.gz --filter 'city = Boston'
  appsyncctl customers export - --format jsonl | sort > customers.jsonl`,
		Args: oneFile("export to"),
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.Var(fileFormat(&options.format), "format", "csv or jsonl (default by the file's name, else csv)")
	set.BoolVar(&options.gzip, "gzip", false, "compress, whatever the name of the file")
	command.FilterFlags(set, &filter)
	set.IntVar(&options.pageSize, "page-size", appsync.DefaultPageSize, "how many customers the API looks at for one page, before it filters")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		options.file, options.output = args[0], s.Flags.Output
		if options.pageSize < 1 {
			err = errors.New("--page-size must be at least 1")
		} else {
			options.filter, err = filter.Input()
		}
		if err != nil {
			return &app.UsageError{Err: err}
		}
		return advise(runExport(cmd.Context(), s, options))
	}
	return cmd
}

func runExport(ctx context.Context, s *session.Session, options exportOptions) error {
	api, err := bulkAPI(ctx, s, 2)
	if err != nil {
		return err
	}
	api.Filter, api.PageSize = options.filter, options.pageSize
	settings, err := s.Settings()
	if err != nil {
		return err
	}
	source, err := api.Source(settings.Text(config.Endpoint))
	if err != nil {
		return err
	}
	progress := newImportProgress(s.App, progressStyle("").orDefault(s.App, options.output))
	export := &bulk.Export{
		API:      api,
		Format:   options.fileFormat(),
		Fields:   records.CustomerFields(),
		Gzip:     options.gzip || bulk.GzipByName(options.file),
		Source:   source,
		Filtered: options.filter != nil,
		Notice:   progress.notice,
		Progress: progress.records,
	}
	if options.file == "-" {
		_, err := export.Stream(ctx, s.App.Out)
		progress.end()
		return err
	}
	manifest, err := export.File(ctx, options.file)
	progress.end()
	if err != nil {
		if failure.Is[*bulk.BusyError](err) || failure.Is[*bulk.OccupiedError](err) {
			return err
		}
		return app.AlsoAdvise(advise(err), "the same command goes on where the export ended")
	}
	return options.output.Write(s.App.Out, manifest, func(w io.Writer) error {
		return output.Fields(w, [][2]string{
			{"File", options.file},
			{"Records", strconv.Itoa(manifest.Records)},
			{"Bytes", strconv.FormatInt(manifest.Bytes, 10)},
			{"SHA-256", manifest.SHA256},
			{"Manifest", options.file + ".manifest.json"},
		})
	})
}

func (o exportOptions) fileFormat() bulk.Format {
	return cmp.Or(o.format, bulk.FormatByName(o.file), bulk.CSV)
}

// records shows how many customers an export has written.
func (p *importProgress) records(count int) {
	switch p.style {
	case progressBar:
		_, _ = fmt.Fprintf(p.err, "\r\x1b[K%d customers", count)
		p.drawn = true
	case progressLines:
		if p.now().Sub(p.last) >= linesEvery {
			p.last = p.now()
			_, _ = fmt.Fprintf(p.err, "%d customers\n", count)
		}
	}
}
