// Faults on demand: those that wait, and which requests they strike.

package emulator

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

// faults are those that wait for requests, in the order in which they were asked for.
type faults struct {
	mu      sync.Mutex
	armed   []*Fault
	cleared chan struct{} // closed when these faults are cleared
}

func newFaults(initial []Fault) (*faults, error) {
	f := &faults{cleared: make(chan struct{})}
	for _, fault := range initial {
		if err := f.arm(fault); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *faults) arm(fault Fault) error {
	fault, err := fault.complete()
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = append(f.armed, &fault)
	return nil
}

// strike uses up one of the first fault that has one of the names, matches the call
// and does not pass it over by chance; it returns nil when there is none.
func (f *faults) strike(c call, names ...string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, fault := range f.armed {
		if !slices.Contains(names, fault.Name) || !fault.matches(c) || rand.Float64() >= fault.Rate { //nolint:gosec // chance, not secrecy
			continue
		}
		struck := *fault
		if fault.Count == 1 {
			f.armed = slices.Delete(f.armed, i, i+1)
		} else if fault.Count > 1 {
			fault.Count--
		}
		return &struck
	}
	return nil
}

// at returns what a service asks before it commits a fault of its own in answering a
// POST to path; see auth0.Config.Fault and appsync.Config.Fault.
func (f *faults) at(path string) func(name, operation string) bool {
	return func(name, operation string) bool {
		return f.strike(call{Method: http.MethodPost, Path: path, Operation: operation}, name) != nil
	}
}

// alter is what a tenant asks before it alters a token; see auth0.Config.Alter.
func (f *faults) alter(grantType string) (auth0.Alteration, bool) {
	struck := f.strike(call{Method: http.MethodPost, Path: "/oauth/token", Operation: grantType}, auth0.FaultAlteredToken)
	if struck == nil {
		return auth0.Alteration{}, false
	}
	return auth0.Alteration{Header: struck.Header, Claims: struck.Claims}, true
}

// list answers GET /_emulator/faults: what is still to come.
func (f *faults) list(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, f.waiting())
}

func (f *faults) waiting() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	waiting := []Fault{}
	for _, fault := range f.armed {
		waiting = append(waiting, *fault)
	}
	return waiting
}

// add answers POST /_emulator/faults: one fault as a JSON object.
func (f *faults) add(w http.ResponseWriter, r *http.Request) {
	var fault Fault
	decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&fault)
	if err == nil {
		err = f.arm(fault)
	}
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"message": err.Error()})
		return
	}
	f.list(w, r)
}

// clear answers DELETE /_emulator/faults.
func (f *faults) clear(w http.ResponseWriter, _ *http.Request) {
	f.reset()
	w.WriteHeader(http.StatusNoContent)
}

func (f *faults) reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = nil
	close(f.cleared)
	f.cleared = make(chan struct{})
}

// end is closed when the faults that are there now are cleared.
func (f *faults) end() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cleared
}
