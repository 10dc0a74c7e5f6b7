package bulk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Unfinished returns the jobs in the folders below root that are not finished. Damaged
// journals are passed over; whoever resumes one will hear of it.
func Unfinished(root string) ([]Job, error) {
	journals, err := filepath.Glob(filepath.Join(root, "*", journalFile))
	if err != nil {
		return nil, err
	}
	var jobs []Job
	for _, path := range journals {
		job, finished, err := peek(path)
		if _, damaged := errors.AsType[*JournalError](err); err != nil && !damaged && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err == nil && !finished && job.Version != 0 {
			jobs = append(jobs, job)
		}
	}
	return jobs, nil
}

// peek reads what a journal is about, and whether it is finished.
func peek(path string) (job Job, finished bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return Job{}, false, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	_, err = readJournal(path, file, func(e entry) error {
		if e.Job != nil {
			job = *e.Job
		}
		finished = e.Kind == kindFinished
		return nil
	})
	return job, finished, err
}
