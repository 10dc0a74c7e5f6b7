// Customers to begin with: read, or made up, and how they come into a table.

package emulator

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"sync"

	"github.com/google/uuid"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

// seedSpace is what the ids of seeded customers are made in (RFC 9562 section 5.5), so
// that the same seed gives the same ids.
func seedSpace() uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(Audience)) }

// seedCustomer is a customer in a file. A field that is not there is not stored.
type seedCustomer struct {
	ID      *string `json:"id"`
	Name    *string `json:"name"`
	City    *string `json:"city"`
	State   *string `json:"state"`
	Country *string `json:"country"`
}

// ReadCustomers reads customers for Config.Seed: JSON objects one after the other, or
// one array of them, with the fields id, name, city, state and country. One without an
// id gets one that its place among the others decides.
func ReadCustomers(r io.Reader) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		buffered := bufio.NewReader(r)
		decoder := json.NewDecoder(buffered)
		decoder.DisallowUnknownFields()
		if array, err := startsArray(buffered); err == nil && array {
			readArray(decoder, yield)
			return
		}
		for n := 1; ; n++ {
			var customer seedCustomer
			err := decoder.Decode(&customer)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(store.Item{}, fmt.Errorf("customer %d: %w", n, err))
				return
			}
			if !yield(customer.item(n), nil) {
				return
			}
		}
	}
}

func readArray(decoder *json.Decoder, yield func(store.Item, error) bool) {
	var all []seedCustomer
	err := decoder.Decode(&all)
	if err == nil && decoder.More() {
		err = errors.New("there is more after the array")
	}
	if err != nil {
		yield(store.Item{}, err)
		return
	}
	for i, customer := range all {
		if !yield(customer.item(i+1), nil) {
			return
		}
	}
}

// startsArray looks at the first character that is not a blank.
func startsArray(r *bufio.Reader) (bool, error) {
	for {
		c, err := r.ReadByte()
		if err != nil {
			return false, err
		}
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		}
		return c == '[', r.UnreadByte()
	}
}

func (c seedCustomer) item(n int) store.Item {
	item := store.Item{ID: seedID(n), Attributes: map[string]*string{}}
	if c.ID != nil && *c.ID != "" {
		item.ID = *c.ID
	}
	for name, value := range map[string]*string{"name": c.Name, "city": c.City, "state": c.State, "country": c.Country} {
		if value != nil {
			item.Attributes[name] = value
		}
	}
	return item
}

func seedID(n int) string {
	return uuid.NewSHA1(seedSpace(), binary.BigEndian.AppendUint64(nil, uint64(n))).String() //nolint:gosec // n counts from 1
}

// GenerateCustomers makes n customers for Config.Seed, always the same ones.
func GenerateCustomers(n int) iter.Seq2[store.Item, error] {
	places := [][3]string{
		{"Boston", "MA", "USA"}, {"Dallas", "TX", "USA"}, {"Seattle", "WA", "USA"}, {"Chicago", "IL", "USA"},
		{"Toronto", "ON", "Canada"}, {"Guadalajara", "JAL", "Mexico"}, {"München", "BY", "Germany"}, {"Zürich", "ZH", "Switzerland"},
	}
	return func(yield func(store.Item, error) bool) {
		for i := range n {
			place := &places[i%len(places)] // shared: a million customers have eight cities
			name := "customer" + strconv.Itoa(i+1)
			item := store.Item{ID: seedID(i + 1), Attributes: map[string]*string{
				"name": &name, "city": &place[0], "state": &place[1], "country": &place[2],
			}}
			if !yield(item, nil) {
				return
			}
		}
	}
}

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
