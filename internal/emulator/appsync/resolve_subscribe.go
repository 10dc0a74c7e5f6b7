package appsync

import (
	"context"
)

// subscriptionArguments filter what a subscriber gets: an argument that was not
// given filters nothing, null matches null.
type subscriptionArguments struct{ ID, Name, City, State, Country argument }

// OnCreateCustomer follows createCustomer.
func (r *resolver) OnCreateCustomer(ctx context.Context, args subscriptionArguments) <-chan *customer {
	return r.hub.subscribe(ctx, "createCustomer", args.match)
}

// OnUpdateCustomer follows updateCustomer.
func (r *resolver) OnUpdateCustomer(ctx context.Context, args subscriptionArguments) <-chan *customer {
	return r.hub.subscribe(ctx, "updateCustomer", args.match)
}

// OnDeleteCustomer follows deleteCustomer.
func (r *resolver) OnDeleteCustomer(ctx context.Context, args subscriptionArguments) <-chan *customer {
	return r.hub.subscribe(ctx, "deleteCustomer", args.match)
}

// match looks only at what the mutation selected, as AppSync does: a field that it
// left out is null.
func (a subscriptionArguments) match(c *customer) bool {
	if a.ID.Set && (a.ID.Value == nil || !c.visible("id") || c.item.ID != *a.ID.Value) {
		return false
	}
	for name, want := range (fields{a.Name, a.City, a.State, a.Country}).all() {
		have := operand{present: true, value: c.attribute(name)}
		if want.Set && !have.equals(want.Value) {
			return false
		}
	}
	return true
}
