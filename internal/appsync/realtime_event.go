// What a watch tells its consumer.

package appsync

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// The kinds of an Event.
const (
	Ready        = "ready"        // all changes from now on will come
	Live         = "event"        // a change that AppSync announced
	Resync       = "resync"       // a difference between what is known and what the API lists
	Gap          = "gap"          // between From and To changes may have gone unannounced
	Reconnecting = "reconnecting" // the connection was lost, and there will be another
)

// An Event is one line of a watch. Operation, ID and Customer are set for changes.
type Event struct {
	Kind      string     `json:"kind"`
	At        time.Time  `json:"at"` // by this machine's clock
	Operation Operation  `json:"operation,omitempty"`
	ID        string     `json:"id,omitempty"`
	Customer  *Customer  `json:"customer,omitempty"` // not for a deletion that was found by listing
	From      *time.Time `json:"from,omitempty"`
	To        *time.Time `json:"to,omitempty"`
	Attempt   int        `json:"attempt,omitempty"`
	Wait      float64    `json:"wait_ms,omitempty"` // before the attempt
	Reason    string     `json:"reason,omitempty"`
}

// IsChange reports whether the event tells of a customer.
func (e Event) IsChange() bool { return e.Kind == Live || e.Kind == Resync }

// Known is what a consumer has been told: the digest of each customer by id.
type Known map[string]string

// digest stands for a customer's content.
func digest(customer *Customer) string {
	encoded, err := json.Marshal(customer)
	if err != nil {
		panic(err) // texts only
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:16])
}

// tells reports whether a change is news.
func (k Known) tells(operation Operation, customer *Customer) bool {
	before, known := k[customer.Id]
	if operation == Deleted {
		return known
	}
	return !known || before != digest(customer)
}

func (k Known) apply(operation Operation, customer *Customer) {
	if operation == Deleted {
		delete(k, customer.Id)
	} else {
		k[customer.Id] = digest(customer)
	}
}
