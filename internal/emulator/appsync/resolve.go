package appsync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/google/uuid"
	"github.com/graph-gophers/graphql-go"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

const (
	defaultLimit = 20      // of the wizard's resolver
	pageBytes    = 1 << 20 // of a DynamoDB scan
)

// resolver holds what the wizard's resolvers do, one method a root field. The
// current generation, in JavaScript, is the one that is followed.
type resolver struct {
	table  store.Table
	tokens pageTokens
	hub    *hub
	guard  guard
	fault  func(name, operation string) bool
}

type createArguments struct {
	Input struct {
		ID argument // extended schema only
		fields
	}
}

// CreateCustomer puts an item under a new id, or under the caller's when the schema
// allows one, on the condition that there is none yet, or the same one. Subscribers
// hear of the same one, too, since the mutation succeeds (unconfirmed).
func (r *resolver) CreateCustomer(ctx context.Context, args createArguments) (*customer, error) {
	const operation = "createCustomer"
	if err := r.refuse(ctx, "Mutation", operation); err != nil {
		return nil, err
	}
	id := uuid.NewString()
	if args.Input.ID.Value != nil {
		id = *args.Input.ID.Value
	}
	if err := checkKey(id); err != nil {
		return nil, err
	}
	item := store.Item{ID: id, Attributes: maps.Collect(args.Input.given)}
	if err := r.table.Create(ctx, item); err != nil {
		return nil, tableError(err)
	}
	r.hub.publish(operation, item, graphql.SelectedFieldNames(ctx))
	return &customer{item: item}, nil
}

type updateArguments struct {
	Input struct {
		ID graphql.ID
		fields
	}
}

// UpdateCustomer sets the given attributes that are truthy to JavaScript and removes
// the others, null and "" alike, on the condition that the item exists. Unlike a put,
// an update whose condition fails is an error always.
func (r *resolver) UpdateCustomer(ctx context.Context, args updateArguments) (*customer, error) {
	const operation = "updateCustomer"
	if err := r.refuse(ctx, "Mutation", operation); err != nil {
		return nil, err
	}
	id := string(args.Input.ID)
	if err := checkKey(id); err != nil {
		return nil, err
	}
	item, err := r.table.Update(ctx, id, func(old store.Item) store.Item {
		changed := store.Item{ID: old.ID, Attributes: maps.Clone(old.Attributes)}
		for name, value := range args.Input.given {
			if value == nil || *value == "" {
				delete(changed.Attributes, name)
			} else {
				changed.Attributes[name] = value
			}
		}
		return changed
	})
	if err != nil {
		return nil, tableError(err)
	}
	r.hub.publish(operation, item, graphql.SelectedFieldNames(ctx))
	return &customer{item: item}, nil
}

type keyArguments struct{ ID graphql.ID }

// DeleteCustomer removes an item. One that does not exist is no error: the wizard's
// resolver names the key and no condition, and AppSync's data source takes a delete
// whose condition fails for done, too, if the item is gone. That the answer is null is
// unconfirmed.
func (r *resolver) DeleteCustomer(ctx context.Context, args struct{ Input keyArguments }) (*customer, error) {
	const operation = "deleteCustomer"
	if err := r.refuse(ctx, "Mutation", operation); err != nil {
		return nil, err
	}
	id := string(args.Input.ID)
	if err := checkKey(id); err != nil {
		return nil, err
	}
	item, found, err := r.table.Delete(ctx, id)
	if err != nil {
		return nil, tableError(err)
	}
	if !found {
		return nil, nil
	}
	r.hub.publish(operation, item, graphql.SelectedFieldNames(ctx))
	return &customer{item: item}, nil
}

// GetCustomer returns the item, or null.
func (r *resolver) GetCustomer(ctx context.Context, args keyArguments) (*customer, error) {
	if err := r.refuse(ctx, "Query", "getCustomer"); err != nil {
		return nil, err
	}
	if err := checkKey(string(args.ID)); err != nil {
		return nil, err
	}
	item, found, err := r.table.Get(ctx, string(args.ID))
	if err != nil {
		return nil, tableError(err)
	}
	if !found {
		return nil, nil
	}
	return &customer{item: item}, nil
}

type listArguments struct {
	Filter    *customerFilter
	Limit     *int32
	NextToken *string
}

type connection struct {
	items []*customer
	next  *string
}

func (c *connection) Items() *[]*customer { return &c.items }
func (c *connection) NextToken() *string  { return c.next }

// ListCustomers scans one page. The limit and the megabyte bound what is scanned,
// before the filter: a page may be empty and still have a next one. As in DynamoDB
// a page that ends at the limit has a token even when nothing follows.
func (r *resolver) ListCustomers(ctx context.Context, args listArguments) (*connection, error) {
	const operation = "listCustomers"
	if err := r.refuse(ctx, "Query", operation); err != nil {
		return nil, err
	}
	limit := defaultLimit
	if args.Limit != nil {
		limit = int(*args.Limit)
	}
	if limit < 1 {
		return nil, tableFailure("DynamoDB:DynamoDbException",
			"1 validation error detected: Value '"+strconv.Itoa(limit)+
				"' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1")
	}
	if args.Filter != nil {
		if err := args.Filter.check(); err != nil {
			return nil, err
		}
	}
	bound := args.bound(limit)
	after := ""
	if args.NextToken != nil && *args.NextToken != "" {
		last, err := r.tokens.read(*args.NextToken, bound)
		if err != nil {
			return nil, &resolveError{Type: "BadRequestException", Message: "Invalid pagination token given."}
		}
		after = last
	}
	if r.fault(FaultEmptyPage, operation) {
		token := r.tokens.make(after, bound)
		return &connection{items: []*customer{}, next: &token}, nil
	}
	if r.fault(FaultHiddenItems, operation) {
		return &connection{items: []*customer{}}, nil
	}
	page, last, err := r.scan(ctx, after, limit, args.Filter)
	if err != nil {
		return nil, tableError(err)
	}
	if r.fault(FaultRepeatedToken, operation) {
		token := r.tokens.make(after, bound)
		if args.NextToken != nil && *args.NextToken != "" {
			token = *args.NextToken
		}
		page.next = &token
	} else if last != "" {
		token := r.tokens.make(last, bound)
		page.next = &token
	}
	return page, nil
}

// scan reads a page and the id at which it stopped; empty when it reached the end.
func (r *resolver) scan(ctx context.Context, after string, limit int, filter *customerFilter) (*connection, string, error) {
	page := &connection{items: []*customer{}}
	scanned, size := 0, 0
	for item, err := range r.table.Scan(ctx, after) {
		if err != nil {
			return nil, "", err
		}
		if err := ctx.Err(); err != nil {
			return nil, "", err
		}
		if filter == nil || filter.match(item) {
			page.items = append(page.items, &customer{item: item})
		}
		scanned++
		size += item.Size()
		if scanned == limit || size >= pageBytes {
			return page, item.ID, nil
		}
	}
	return page, "", nil
}

// bound names everything that a nextToken holds for.
func (a listArguments) bound(limit int) string {
	text, _ := json.Marshal(map[string]any{"filter": a.Filter, "limit": limit}) // strings and numbers
	return string(text)
}

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

// refuse checks the mode against the root field, and makes the faults that take
// the place of its answer.
func (r *resolver) refuse(ctx context.Context, parent, operation string) error {
	if err := r.guard.check(modeOf(ctx), parent, operation); err != nil {
		return err
	}
	if r.fault(FaultUnauthorized, operation) {
		return fieldDenied(operation, parent)
	}
	if r.fault(FaultTimeout, operation) {
		return &resolveError{Type: "ExecutionTimeout", Message: "Execution timed out."}
	}
	return nil
}

func checkKey(id string) error {
	if id != "" {
		return nil
	}
	return tableFailure("DynamoDB:DynamoDbException",
		"One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: id")
}

// tableError words a store's failure as DynamoDB does.
func tableError(err error) error {
	if errors.Is(err, store.ErrCondition) {
		return tableFailure("DynamoDB:ConditionalCheckFailedException", "The conditional request failed")
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	return tableFailure("DynamoDB:DynamoDbException", "Internal server error")
}

// customer answers for the fields of the type Customer.
type customer struct {
	item store.Item
	// selected holds the fields that a mutation selected; a subscriber sees no
	// others. Nil is all.
	selected []string
}

func (c *customer) ID() (graphql.ID, error) {
	if !c.visible("id") {
		return "", &nullError{Type: "ID", Parent: "Customer"}
	}
	return graphql.ID(c.item.ID), nil
}

func (c *customer) Name() *string    { return c.attribute("name") }
func (c *customer) City() *string    { return c.attribute("city") }
func (c *customer) State() *string   { return c.attribute("state") }
func (c *customer) Country() *string { return c.attribute("country") }

func (c *customer) visible(field string) bool {
	return c.selected == nil || slices.Contains(c.selected, field)
}

func (c *customer) attribute(name string) *string {
	if !c.visible(name) {
		return nil
	}
	return c.item.Attributes[name]
}

// An argument is an ID or a String that knows whether it was given: an explicit
// null and no value differ in what DynamoDB stores.
type argument struct {
	Value *string
	Set   bool
}

// ImplementsGraphQLType implements decode.Unmarshaler.
func (argument) ImplementsGraphQLType(name string) bool { return name == "ID" || name == "String" } //nolint:recvcheck // the engine asks the value

// UnmarshalGraphQL implements decode.Unmarshaler.
func (a *argument) UnmarshalGraphQL(input any) error {
	a.Set = true
	switch v := input.(type) {
	case nil:
	case string:
		a.Value = &v
	case int32: // an ID may be written as a number
		text := strconv.Itoa(int(v))
		a.Value = &text
	case int:
		text := strconv.Itoa(v)
		a.Value = &text
	default:
		return fmt.Errorf("no text: %T", input)
	}
	return nil
}

// Nullable marks the type as one that takes nulls.
func (*argument) Nullable() {}

// fields are the attributes of an input.
type fields struct{ Name, City, State, Country argument }

// given yields the attributes that the input names, with an explicit null as nil.
func (f fields) given(yield func(string, *string) bool) {
	for name, a := range f.all() {
		if a.Set && !yield(name, a.Value) {
			return
		}
	}
}

func (f fields) all() map[string]argument {
	return map[string]argument{"name": f.Name, "city": f.City, "state": f.State, "country": f.Country}
}

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
