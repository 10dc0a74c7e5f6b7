package appsync

import (
	"context"
	"sync"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

// backlog is how many events a subscriber may lag behind; AppSync does not promise
// delivery, and neither may one slow reader hold up the mutations.
const backlog = 256

// hub carries what mutations did to those who subscribed.
type hub struct {
	mu          sync.Mutex
	subscribers map[string]map[*subscriber]struct{} // by mutation
}

type subscriber struct {
	events chan *customer
	wants  func(*customer) bool
}

func newHub() *hub { return &hub{subscribers: map[string]map[*subscriber]struct{}{}} }

// subscribe returns the events of a mutation until ctx ends.
func (h *hub) subscribe(ctx context.Context, mutation string, wants func(*customer) bool) <-chan *customer {
	s := &subscriber{events: make(chan *customer, backlog), wants: wants}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subscribers[mutation] == nil {
		h.subscribers[mutation] = map[*subscriber]struct{}{}
	}
	h.subscribers[mutation][s] = struct{}{}
	context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subscribers[mutation], s)
	})
	return s.events
}

// publish hands the item on, reduced to the fields that the mutation selected.
func (h *hub) publish(mutation string, item store.Item, selected []string) {
	if selected == nil {
		selected = []string{}
	}
	event := &customer{item: item, selected: selected}
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subscribers[mutation] {
		if !s.wants(event) {
			continue
		}
		select {
		case s.events <- event:
		default:
		}
	}
}
