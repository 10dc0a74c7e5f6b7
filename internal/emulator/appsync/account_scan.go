package appsync

import (
	"context"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

const (
	maxScanPage    = 1 << 20 // bytes, after which a page ends
	tableScanLimit = 1000    // items, so that one request does not hold a large table
)

// scan answers a page of the table: up to Limit items and a megabyte (DynamoDB API
// reference, Scan). As in the service a page that ends at its limit has a
// LastEvaluatedKey, though nothing may follow.
func (a *Account) scan(ctx context.Context, input tableInput, empty func() bool) (any, *refusal) {
	limit, after := tableScanLimit, ""
	if input.Limit != nil {
		limit = min(limit, *input.Limit)
	}
	if limit < 1 {
		return nil, invalid("1 validation error detected: Value at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1")
	}
	if len(input.ExclusiveStartKey) > 0 {
		id, ok := input.ExclusiveStartKey.id()
		if !ok {
			return nil, invalid("The provided starting key is invalid: " + wrongTableKey)
		}
		after = id
	}
	items, last, size := []attributes{}, "", 0
	if !empty() {
		for item, err := range a.config.API.Table.Scan(ctx, after) {
			if err != nil {
				return nil, broken()
			}
			items = append(items, attributesOf(item))
			if size += item.Size(); len(items) == limit || size >= maxScanPage {
				last = item.ID
				break
			}
		}
	}
	answer := map[string]any{"Count": len(items), "ScannedCount": len(items)}
	if input.Select != "COUNT" {
		answer["Items"] = items
	}
	if last != "" {
		answer["LastEvaluatedKey"] = attributes{store.Key: {"S": last}}
	}
	return answer, nil
}
