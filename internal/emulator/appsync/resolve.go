package appsync

import (
	"context"
	"errors"
	"maps"

	"github.com/google/uuid"
	"github.com/graph-gophers/graphql-go"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
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

// refuse checks the mode against the root field, and makes the faults that take
// the place of its answer.
func (r *resolver) refuse(ctx context.Context, parent, operation string) error {
	if err := r.guard.check(modeOf(ctx), parent, operation); err != nil {
		return err
	}
	if r.fault(FaultUnauthorized, operation) {
		return &fieldDenied{Field: operation, Type: parent}
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
