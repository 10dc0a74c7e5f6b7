package records

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// defaultRate is AppSync's default quota of request tokens a second; a create takes one.
const defaultRate = 2000

// importReport says before an import what it will do and afterwards what it did.
type importReport struct {
	world   *app.App
	options importOptions
	job     bulk.Job
	place   *importPlace
}

func newImportReport(world *app.App, options importOptions, job bulk.Job, place *importPlace) *importReport {
	return &importReport{world: world, options: options, job: job, place: place}
}

// leftOver is the error of an import that came to its end, but not with every row:
// rejects and unknowns are the files with the rows, which may have no name.
func leftOver(rejected, unknown int, rejects, unknowns string) error {
	var texts []string
	kind := failure.Rejected
	if unknown > 0 {
		kind = failure.Unknown
		texts = append(texts, fmt.Sprintf("nobody knows of %s whether it was created (see %s)", countedRows(unknown), unknowns))
	}
	if rejected > 0 {
		text := countedRows(rejected) + " rejected or in conflict"
		if rejects != "" {
			text += " (see " + rejects + " and the reasons beside it)"
		}
		texts = append(texts, text)
	}
	return failure.Errorf(kind, "%s", strings.Join(texts, "; "))
}

func countedRows(n int) string {
	if n == 1 {
		return "1 row"
	}
	return strconv.Itoa(n) + " rows"
}

// importPlan is the document that --dry-run writes.
type importPlan struct {
	Mode      bulk.Mode        `json:"mode"`
	Job       string           `json:"job"`
	Rows      int              `json:"rows"`
	Good      int              `json:"good"`
	Faulty    int              `json:"faulty"`
	Repeated  int              `json:"repeated"` // rows with the content of an earlier one
	Elsewhere int              `json:"other_shards,omitempty"`
	Requests  [2]int           `json:"requests"` // with the most rows in each, and with one
	Seconds   float64          `json:"seconds"`  // at --max-rate, else at AppSync's default quota
	First     []bulk.FaultyRow `json:"first_faults"`
}

func (r *importReport) document(plan *bulk.Plan) importPlan {
	good := plan.Rows - plan.Faulty
	rate := r.options.limits.Rate
	if rate == 0 {
		rate = defaultRate
	}
	return importPlan{
		Mode: r.job.Mode, Job: r.job.Name, Rows: plan.Rows, Good: good, Faulty: plan.Faulty, Repeated: plan.Repeated,
		Elsewhere: plan.Elsewhere, Requests: [2]int{(good + r.options.limits.Batch - 1) / r.options.limits.Batch, good},
		Seconds: float64(int(float64(good)/rate*10)) / 10, First: append([]bulk.FaultyRow{}, plan.First...),
	}
}

// dryRun writes the plan as the result.
func (r *importReport) dryRun(plan *bulk.Plan) error {
	document := r.document(plan)
	err := r.options.output.Write(r.world.Out, document, func(w io.Writer) error {
		return r.table(w, document)
	})
	if err == nil && plan.Faulty > 0 {
		return leftOver(plan.Faulty, 0, "", "")
	}
	return err
}

func (r *importReport) table(w io.Writer, plan importPlan) error {
	limit := "AppSync's default quota"
	if r.options.limits.Rate > 0 {
		limit = "--max-rate"
	}
	pairs := [][2]string{
		{"Rows", strconv.Itoa(plan.Rows)},
		{"To create", strconv.Itoa(plan.Good)},
		{"Faulty", strconv.Itoa(plan.Faulty)},
		{"Repeated", strconv.Itoa(plan.Repeated)},
		{"Mode", modeText(plan.Mode)},
		{"Job", plan.Job},
		{"Requests", fmt.Sprintf("%d to %d", plan.Requests[0], plan.Requests[1])},
		{"Time", fmt.Sprintf("%s at %s", output.Span(time.Duration(plan.Seconds*float64(time.Second))), limit)},
	}
	if plan.Elsewhere > 0 {
		pairs = append(pairs, [2]string{"Other shards", strconv.Itoa(plan.Elsewhere)})
	}
	for _, fault := range plan.First {
		pairs = append(pairs, [2]string{"Line " + strconv.Itoa(fault.Line), faultText(fault.Fault)})
	}
	return output.Fields(w, pairs)
}

func faultText(fault bulk.Fault) string {
	if fault.Field == "" {
		return fault.Reason
	}
	return fault.Field + ": " + fault.Reason
}

func modeText(mode bulk.Mode) string {
	switch mode {
	case bulk.KeyMode:
		return "key: the id is in the row or made from the job and the row"
	case bulk.JournalMode:
		return "journal: the API makes the id, the journal knows what was sent"
	default:
		return "the API does not show its schema; the first row will tell"
	}
}

// plan says on standard error what is about to be done.
func (r *importReport) plan(plan *bulk.Plan) {
	if r.options.progress == progressNone || r.options.progress == progressJSON {
		return
	}
	r.world.Notice(fmt.Sprintf("importing %d of %s, job %s, mode %s", plan.Rows-plan.Faulty, countedRows(plan.Rows), r.job.Name, modeText(r.job.Mode)))
	for _, fault := range plan.First[:min(3, len(plan.First))] {
		r.world.Notice(fmt.Sprintf("line %d: %s", fault.Line, faultText(fault.Fault)))
	}
}

// importResult is the document that an import writes.
type importResult struct {
	*bulk.Summary
	Job     string `json:"job"`
	Journal string `json:"journal"`
	Results string `json:"results,omitempty"`
	Rejects string `json:"rejects,omitempty"`
	Reasons string `json:"reasons,omitempty"`
	Unknown string `json:"unknown_rows,omitempty"`
	Resume  string `json:"resume,omitempty"` // the command that goes on; empty at the end
}

// finish writes the files and the summary, also after an error, and returns what ends
// the command.
func (r *importReport) finish(work *bulk.Import, summary *bulk.Summary, failed error) error {
	files := r.files(work.Input, summary)
	unwritten := work.Write(files)
	if unwritten != nil {
		failed = errors.Join(failed, fmt.Errorf("write what became of the rows: %w", unwritten))
	}
	result := importResult{
		Summary: summary, Job: r.job.Name, Journal: r.place.dir,
		Results: files.Results, Rejects: files.Rejects, Reasons: files.Reasons, Unknown: files.Unknown,
	}
	// What could not be written, of the rows or in the journal, is written by the next run.
	open := summary.NotReached+summary.Unknown > 0 || unwritten != nil || failure.Is[*bulk.DiskError](failed)
	if open {
		result.Resume = r.job.Resume
	} else {
		r.place.dropCopy()
	}
	written := r.options.output.Write(r.world.Out, result, func(w io.Writer) error { return r.summary(w, result) })
	if open && !r.options.output.ForPrograms() {
		r.world.Notice("to go on: " + r.job.Resume)
	}
	rejected := summary.Rejected + summary.Conflict
	if failed == nil && (rejected > 0 || summary.Unknown > 0) {
		failed = leftOver(rejected, summary.Unknown, files.Rejects, files.Unknown)
	}
	return errors.Join(failed, written)
}

// files are those that were asked for, and those in the journal's folder for rows that
// a person must see.
func (r *importReport) files(input *bulk.Input, summary *bulk.Summary) bulk.Files {
	files := r.options.files
	if files.Rejects == "" && summary.Rejected+summary.Conflict > 0 {
		files.Rejects = filepath.Join(r.place.dir, "rejects"+suffix(input))
	}
	if files.Rejects != "" {
		files.Reasons = reasonsFile(files.Rejects)
	}
	if files.Unknown == "" && summary.Unknown > 0 {
		files.Unknown = filepath.Join(r.place.dir, "unknown"+suffix(input))
	}
	return files
}

// suffix is how the names of files with rows of an input end.
func suffix(in *bulk.Input) string {
	if kind, err := in.Kind(); err == nil && kind == bulk.JSONL {
		return ".jsonl"
	}
	return ".csv"
}

func (r *importReport) summary(w io.Writer, result importResult) error {
	pairs := [][2]string{
		{"Read", strconv.Itoa(result.Read)},
		{"Created", strconv.Itoa(result.Created)},
		{"Already", strconv.Itoa(result.Already)},
		{"Conflict", strconv.Itoa(result.Conflict)},
		{"Rejected", strconv.Itoa(result.Rejected)},
		{"Unknown", strconv.Itoa(result.Summary.Unknown)},
		{"Not reached", strconv.Itoa(result.NotReached)},
		{"Time", fmt.Sprintf("%.1f s, %.0f rows/s", result.Seconds, result.Rate)},
		{"Journal", result.Journal},
		{"Results", result.Results},
		{"Rejects", result.Rejects},
		{"Reasons", result.Reasons},
		{"Unknown rows", result.Unknown},
	}
	if result.Elsewhere > 0 {
		pairs = append(pairs, [2]string{"Other shards", strconv.Itoa(result.Elsewhere)})
	}
	return output.Fields(w, pairs)
}
