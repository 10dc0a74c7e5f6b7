package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/atomicfile"
)

const watchStateVersion = 1

// watchState is the file of --state: what a watch has told, and of what.
type watchState struct {
	Version   int           `json:"version"`
	Endpoint  string        `json:"endpoint"`
	Match     appsync.Match `json:"match"`
	Customers appsync.Known `json:"customers"` // digests by id

	path string
}

// A watchStateError says that a file cannot be the state of this watch.
type watchStateError struct {
	path string
	err  error
}

func (e *watchStateError) Error() string { return fmt.Sprintf("state file %s: %v", e.path, e.err) }
func (e *watchStateError) Unwrap() error { return e.err }

// openWatchState reads the state of an earlier watch of the same customers; one
// that knows nothing if there is no file.
func openWatchState(path, endpoint string, match appsync.Match) (*watchState, error) {
	state := &watchState{Version: watchStateVersion, Endpoint: endpoint, Match: match, Customers: appsync.Known{}, path: path}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return state, state.write() // a file that cannot be written is told now
	}
	if err != nil {
		return nil, &watchStateError{path, err}
	}
	var before watchState
	switch err := json.Unmarshal(data, &before); {
	case err != nil:
		return nil, &watchStateError{path, errors.New("it is damaged, or no state of a watch")}
	case before.Version != watchStateVersion:
		return nil, &watchStateError{path, fmt.Errorf("its version is %d, not %d", before.Version, watchStateVersion)}
	case before.Endpoint != endpoint:
		return nil, &watchStateError{path, fmt.Errorf("it is of %s", before.Endpoint)}
	case !reflect.DeepEqual(before.Match, match):
		return nil, &watchStateError{path, errors.New("it is of another filter")}
	}
	if before.Customers != nil {
		state.Customers = before.Customers
	}
	return state, nil
}

func (s *watchState) write() error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(s.path, data); err != nil {
		return &watchStateError{s.path, err}
	}
	return nil
}
