// How the customers of a seed come into a table.

package emulator

import (
	"context"
	"errors"
	"iter"
	"sync"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

const (
	seeders   = 32     // customers created at a time, for DynamoDB's sake
	seedBatch = 10_000 // customers written to a file at once
)

// fill creates the customers of a seed, several at a time. It ends at the first error.
func fill(ctx context.Context, table store.Table, seed iter.Seq2[store.Item, error]) error {
	if seed == nil {
		return nil
	}
	if file, ok := table.(*store.File); ok {
		return fillFile(ctx, file, seed)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	items := make(chan store.Item)
	var workers sync.WaitGroup
	for range seeders {
		workers.Go(func() {
			for item := range items {
				if err := table.Create(ctx, item); err != nil && !errors.Is(err, store.ErrCondition) {
					cancel(err)
				}
			}
		})
	}
	for item, err := range seed {
		if err != nil {
			cancel(err)
		}
		select {
		case items <- item:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(items)
	workers.Wait()
	return context.Cause(ctx)
}

// fillFile creates many at a time: a file writes them in about the time of one.
func fillFile(ctx context.Context, file *store.File, seed iter.Seq2[store.Item, error]) error {
	var batch []store.Item
	for item, err := range seed {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if batch = append(batch, item); len(batch) == seedBatch {
			if err := file.CreateMissing(batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return file.CreateMissing(batch)
}
