package changefeed

import (
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// The kinds of an Event.
const (
	Ready        = "ready"        // all changes from now on will come
	Live         = "event"        // a change that AppSync announced
	Resync       = "resync"       // a difference between what is known and what the API lists
	Gap          = "gap"          // between From and To changes may have gone unannounced
	Reconnecting = "reconnecting" // the connection was lost, and there will be another
)

// An Event is one line of a feed. Operation, ID and Customer are set for changes.
type Event struct {
	Kind      string            `json:"kind"`
	At        time.Time         `json:"at"` // by this machine's clock
	Operation appsync.Operation `json:"operation,omitempty"`
	ID        string            `json:"id,omitempty"`
	Customer  *appsync.Customer `json:"customer,omitempty"` // not for a deletion that was found by listing
	From      *time.Time        `json:"from,omitempty"`
	To        *time.Time        `json:"to,omitempty"`
	Attempt   int               `json:"attempt,omitempty"`
	Wait      float64           `json:"wait_ms,omitempty"` // before the attempt
	Reason    string            `json:"reason,omitempty"`
}

// IsChange reports whether the event tells of a customer.
func (e Event) IsChange() bool { return e.Kind == Live || e.Kind == Resync }

// Known is what a consumer has been told: the digest of each customer by id.
type Known map[string]string

// isNews reports whether a change is not known yet.
func (k Known) isNews(operation appsync.Operation, customer *appsync.Customer) bool {
	before, known := k[customer.Id]
	if operation == appsync.Deleted {
		return known
	}
	return !known || before != customer.Digest()
}

func (k Known) apply(operation appsync.Operation, customer *appsync.Customer) {
	if operation == appsync.Deleted {
		delete(k, customer.Id)
	} else {
		k[customer.Id] = customer.Digest()
	}
}
