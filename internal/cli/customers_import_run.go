package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/address"
	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// customersImport reads and checks everything, then sends, then says where the rows
// ended.
func (app *App) customersImport(ctx context.Context, flags *globals, options customersImportOptions) error {
	options.progress = options.progress.orDefault(app, options.output)
	api, err := app.bulkAPI(ctx, flags, options.limits.InFlight)
	if err != nil {
		return err
	}
	job, place, err := app.importJob(flags, &options)
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
	report := app.newImportReport(options, job, place)
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
	progress := app.newImportProgress(options.progress)
	work := &bulk.Import{
		Input: input, Plan: plan, Job: job, Dir: place.dir, API: api,
		Limits: options.limits, Errors: options.errors, Settle: options.settle,
		Notice: progress.notice, Progress: progress.show,
	}
	summary, err := work.Run(ctx)
	progress.end()
	if summary == nil {
		if place.fresh && !is[*bulk.BusyError](err) { // else it is that of the import under way
			place.dropCopy()
		}
		return err
	}
	return report.finish(work, summary, err)
}

// input is the file with its columns.
func (o *customersImportOptions) input(schema bulk.Schema, mode bulk.Mode) *bulk.Input {
	in := &bulk.Input{Path: o.file, Format: bulk.Format(o.format), Columns: bulk.Columns{Map: o.columns}}
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
func (app *App) importJob(flags *globals, options *customersImportOptions) (bulk.Job, *importPlace, error) {
	place := &importPlace{}
	settings, err := app.settings(flags)
	if err != nil {
		return bulk.Job{}, place, err
	}
	target := address.Canonical(settings.Text(config.Endpoint))
	sum := sha256.Sum256([]byte(target))
	if place.root, err = app.stateFile("imports", hex.EncodeToString(sum[:8])); err != nil {
		return bulk.Job{}, place, err
	}
	if options.file == "-" {
		if place.draft, err = app.draftStdin(place.root); err != nil {
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
func (o *customersImportOptions) resume(path string) string {
	words := []string{"appsyncctl customers import", word(path)}
	for _, flag := range o.flags {
		words = append(words, word(flag))
	}
	return strings.Join(words, " ")
}

// word quotes text for a POSIX shell if it needs that.
func word(text string) string {
	if text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,%@+") == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
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
			return &editedError{job.Path, other.Resume}
		}
	}
	return nil
}

// editedError says that a file was changed in the middle of its import.
type editedError struct{ path, resume string }

func (e *editedError) Error() string {
	return e.path + " has changed since its import began, and that has not ended"
}

// Kind implements the interface of failure.Of.
func (*editedError) Kind() failure.Kind { return failure.Usage }
