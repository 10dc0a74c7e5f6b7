package customers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"

	"github.com/appsyncctl/appsyncctl/internal/address"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/atomicfile"
	"github.com/appsyncctl/appsyncctl/internal/changefeed"
)

const watchStateVersion = 1

// watchState is the file of --state: what a watch has told, and of what. The file is
// replaced now and then; in between, the id of each change is noted in another file
// before the change is told. After a crash nobody knows what the consumer has of
// these customers, so they are told again.
type watchState struct {
	Version   int              `json:"version"`
	Endpoint  string           `json:"endpoint"`
	Match     appsync.Match    `json:"match"`
	Customers changefeed.Known `json:"customers"` // digests by id

	path    string
	pending *os.File // ids of the changes that were told since the file was written
	unsure  string   // id of the change that is being told; "" between two
}

// stateError says why a file cannot be the state of this watch.
func stateError(path string, err error) error { return fmt.Errorf("state file %s: %w", path, err) }

// openWatchState reads the state of an earlier watch of the same customers; one
// that knows nothing if there is no file.
func openWatchState(path, endpoint string, match appsync.Match) (*watchState, error) {
	state := &watchState{Version: watchStateVersion, Endpoint: endpoint, Match: match, Customers: changefeed.Known{}, path: path}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return state, state.write() // a file that cannot be written is told now
	}
	if err != nil {
		return nil, stateError(path, err)
	}
	if err := state.restore(data); err != nil {
		return nil, err
	}
	return state, state.recall()
}

// restore takes over what the file says, if it is of the same customers.
func (s *watchState) restore(data []byte) error {
	var before watchState
	switch err := json.Unmarshal(data, &before); {
	case err != nil:
		return stateError(s.path, errors.New("it is damaged, or no state of a watch"))
	case before.Version != watchStateVersion:
		return stateError(s.path, fmt.Errorf("its version is %d, not %d", before.Version, watchStateVersion))
	case !address.Same(before.Endpoint, s.Endpoint):
		return stateError(s.path, fmt.Errorf("it is of %s", before.Endpoint))
	case !reflect.DeepEqual(before.Match, s.Match):
		return stateError(s.path, errors.New("it is of another filter"))
	}
	if before.Customers != nil {
		s.Customers = before.Customers
	}
	return nil
}

// recall marks the customers whose changes a crashed watch may have told. A torn
// last line is of a change that was not told yet.
func (s *watchState) recall() error {
	notes, err := os.ReadFile(s.notes())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return stateError(s.notes(), err)
	}
	for line := range bytes.Lines(notes) {
		var id string
		if json.Unmarshal(line, &id) == nil {
			s.Customers[id] = unknownContent
		}
	}
	return s.write()
}

// unknownContent is the digest of no customer.
const unknownContent = ""

func (s *watchState) notes() string { return s.path + ".pending" }

// note remembers that a change is about to be told.
func (s *watchState) note(id string) error {
	line, err := json.Marshal(id)
	if err != nil {
		return err
	}
	if s.pending == nil {
		s.pending, err = os.OpenFile(s.notes(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	}
	if err == nil {
		_, err = s.pending.Write(append(line, '\n'))
	}
	if err != nil {
		return stateError(s.notes(), err)
	}
	s.unsure = id
	return nil
}

// close writes the file for the last time.
func (s *watchState) close() error {
	if s.unsure != "" { // something went wrong while it was told
		s.Customers[s.unsure] = unknownContent
	}
	if err := s.write(); err != nil {
		return err
	}
	if s.pending != nil {
		_ = s.pending.Close() // nothing in it is needed any more
	}
	_ = os.Remove(s.notes())
	return nil
}

// write replaces the file, after which the notes are of no more use.
func (s *watchState) write() error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(s.path, data); err != nil {
		return stateError(s.path, err)
	}
	if err := os.Truncate(s.notes(), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return stateError(s.notes(), err)
	}
	return nil
}
