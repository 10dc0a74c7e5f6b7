// What a killed writer leaves behind, and how the next writer clears it away. The
// item <key>#next is there exactly while a writer works, or after one was killed;
// it names the writer's own chunks and those of the value it replaces, so nothing
// is left that nobody knows of. A keyring cannot be listed.

package tokencache

import (
	"context"
	"errors"
)

// settle finishes or undoes the work of a killed writer. It returns the text of
// the manifest in force, empty when there is no value.
func (c Chunked) settle(ctx context.Context, key string) (string, error) {
	current, err := c.read(ctx, key)
	if err != nil {
		return "", err
	}
	next, err := c.read(ctx, nextName(key))
	if err != nil || next == "" {
		return current, err
	}
	m, err := decodeManifest(next)
	if err != nil { // nothing that a Chunked wrote
		return current, c.Items.Delete(ctx, nextName(key))
	}
	if current != "" && current != next { // killed before the replacement
		return current, c.sweep(ctx, key, m.generation)
	}
	if current == "" { // killed during it, or while writing a first value
		_, err := c.assemble(ctx, key, next)
		if errors.Is(err, errDamaged) {
			return "", c.sweep(ctx, key, m.generation, m.previous())
		}
		if err == nil {
			err = c.Items.Set(ctx, key, []byte(next))
		}
		if err != nil {
			return "", err
		}
	}
	return next, c.sweep(ctx, key, m.previous()) // killed after it
}

// sweep removes the chunks of generations that nothing refers to, then the item
// that remembered them.
func (c Chunked) sweep(ctx context.Context, key string, old ...generation) error {
	if err := c.removeChunks(ctx, key, old...); err != nil {
		return err
	}
	return c.Items.Delete(ctx, nextName(key))
}

func (c Chunked) removeChunks(ctx context.Context, key string, old ...generation) error {
	for _, g := range old {
		for i := range g.Count {
			if err := c.Items.Delete(ctx, chunkName(key, g.Name, i)); err != nil {
				return err
			}
		}
	}
	return nil
}
