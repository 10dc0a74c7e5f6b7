package bulk

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// journalFile and lockFile are the names of the files in a job's folder.
const (
	journalFile = "journal"
	lockFile    = "lock"
)

// journalVersion is that of the format.
const journalVersion = 1

// A Job says what a journal is about.
type Job struct {
	Version int         `json:"version"` // of the format, 1
	Name    string      `json:"name"`    // from which the ids are made
	Target  string      `json:"target"`  // the API
	Path    string      `json:"path"`    // of the input
	Input   Fingerprint `json:"input"`
	Columns string      `json:"columns,omitempty"` // how its columns are mapped
	Shard   string      `json:"shard,omitempty"`   // "1/4"
	Rows    int         `json:"rows"`              // of the whole input
	Mode    Mode        `json:"mode"`
	Started time.Time   `json:"started"`
	Resume  string      `json:"resume"` // the command that resumes it
}

// A BusyError says that another process works on the same job. The lock is the
// operating system's: it ends with its process, so that a stale one cannot be met.
type BusyError struct {
	Dir   string    `json:"-"`
	PID   int       // 0 when it is not known
	Host  string    // may be empty
	Since time.Time // may be zero
}

func (e *BusyError) Error() string {
	if e.PID == 0 {
		return "another process works on it"
	}
	return fmt.Sprintf("process %d on %s has been working on it since %s", e.PID, e.Host, e.Since.Format(time.RFC3339))
}

// openJob is a job that this process has to itself.
type openJob struct {
	Job
	journal  *journal
	lock     *flock.Flock
	began    bool                // the journal was there
	ready    bool                // the baseline is complete
	baseline map[string]struct{} // ids
	finished bool
}

// lockJob takes the job's folder for this process.
func lockJob(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, lockFile)
	lock := flock.New(path, flock.SetPermissions(0o600))
	taken, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the import: %w", err)
	}
	if !taken {
		busy := &BusyError{Dir: dir}
		if text, err := os.ReadFile(path + ".owner"); err == nil {
			_ = json.Unmarshal(text, busy) // what cannot be read stays unknown
		}
		return nil, busy
	}
	host, _ := os.Hostname()
	owner, err := json.Marshal(BusyError{PID: os.Getpid(), Host: host, Since: time.Now()})
	if err == nil {
		err = os.WriteFile(path+".owner", owner, 0o600)
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// openJobIn opens the journal in dir, or begins it, and brings ledger to where it
// ended. Job.Mode may be AutoMode: then that of the journal holds.
func openJobIn(dir string, job Job, ledger *ledger, sync syncer) (opened *openJob, err error) {
	lock, err := lockJob(dir)
	if err != nil {
		return nil, err
	}
	opened = &openJob{Job: job, lock: lock, baseline: make(map[string]struct{})}
	defer func() {
		if err != nil {
			_ = lock.Close() // the error says more
		}
	}()
	path := filepath.Join(dir, journalFile)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	good, err := readJournal(path, file, func(e entry) error { return opened.apply(path, e, ledger) })
	if err == nil {
		err = file.Truncate(good)
	}
	if err == nil {
		_, err = file.Seek(good, 0)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	opened.journal = &journal{file: file, sync: sync, written: good, synced: good}
	return opened, nil
}

// begin writes the first entry of a new journal.
func (j *openJob) begin(mode Mode) error {
	if j.began {
		return nil
	}
	j.Mode, j.Version, j.began = mode, journalVersion, true
	job := j.Job
	if err := j.journal.commit(entry{Kind: kindJob, Job: &job}); err != nil {
		return err
	}
	j.journal.sync.folder(filepath.Dir(j.journal.file.Name()))
	return nil
}

func (j *openJob) close() error { return errors.Join(j.journal.close(), j.lock.Close()) }

// apply does to the job and the ledger what an entry says.
func (j *openJob) apply(path string, e entry, ledger *ledger) error {
	if !j.began {
		return j.resume(path, e)
	}
	for i, row := range e.Rows {
		if !ledger.has(row) {
			return &JournalError{path, "names a row that the input does not have"}
		}
		switch e.Kind {
		case kindIntent:
			ledger.set(row, Sent)
		case kindReleased:
			ledger.set(row, Pending)
		case kindCreated:
			ledger.set(row, Created)
			if i < len(e.IDs) { // in journal mode
				ledger.name(row, e.IDs[i])
			}
		case kindAlready:
			ledger.set(row, Already)
		case kindConflict, kindRejected:
			ledger.set(row, Rejected)
			if e.Kind == kindConflict {
				ledger.set(row, Conflict)
			}
			if e.Fault != nil {
				ledger.because(row, *e.Fault)
			}
		}
	}
	switch e.Kind {
	case kindBaseline:
		for _, id := range e.IDs {
			j.baseline[id] = struct{}{}
		}
	case kindReady:
		j.ready = true
	case kindFinished:
		j.finished = true
	}
	return nil
}

// resume compares the first entry with what is to be imported.
func (j *openJob) resume(path string, e entry) error {
	began := e.Job
	switch {
	case e.Kind != kindJob || began == nil:
		return &JournalError{path, "does not begin as one"}
	case began.Version != journalVersion:
		return &JournalError{path, fmt.Sprintf("has the format %d, and this program reads %d", began.Version, journalVersion)}
	case began.Input != j.Input || began.Rows != j.Rows || began.Columns != j.Columns:
		return &ChangedError{j.Path}
	case began.Target != j.Target || began.Name != j.Name || began.Shard != j.Shard:
		return &JournalError{path, "is that of another import"}
	case j.Mode != AutoMode && j.Mode != began.Mode:
		return failure.Errorf(failure.Usage, "the import began in %s mode and cannot go on in %s mode", began.Mode, j.Mode)
	}
	j.Mode, j.Started, j.began = began.Mode, began.Started, true
	return nil
}

// JobName names a job by what its input holds and how its columns are read, so that the
// same import is the same job wherever its file lies.
func JobName(job Job) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s\n%s", job.Input.Size, job.Input.SHA256, job.Columns))
	return hex.EncodeToString(sum[:8])
}

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
