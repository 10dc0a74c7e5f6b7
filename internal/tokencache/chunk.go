// Values of any length in a store that takes short ones, such as a keyring, which
// is limited to some 2,500 bytes on Windows and 3,000 on macOS. A value lies in
// these items:
//
//	<key>              the manifest; it holds a short value itself
//	<key>#<gen>#<i>    the chunks of a long one
//	<key>#next         the manifest that a writer is about to put under <key>
//
// The item under <key> is never overwritten but deleted and made again: KeePassXC
// hangs when a process overwrites an item that another one made. While it is gone,
// <key>#next answers for it, so a writer killed at any step leaves the old value
// or the new one. The same item tells the next writer which chunks to remove.

package tokencache

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// maxReads is how often a reader that meets writers looks again.
const maxReads = 5

// Chunked is a Store over one whose values are limited to 2,048 bytes of UTF-8
// text. It takes values up to 96 KiB, as long as writers of one key take turns;
// readers need no lock. When writers do not take turns, readers see a miss at
// worst and never a mixed value.
type Chunked struct {
	Items Store
}

// Get returns the value under key, or ErrNotFound when there is none or its parts
// do not match the manifest.
func (c Chunked) Get(ctx context.Context, key string) ([]byte, error) {
	text, err := c.read(ctx, key)
	if err != nil {
		return nil, err
	}
	for range maxReads {
		value, err := c.assemble(ctx, key, text)
		if errors.Is(err, errDamaged) {
			var next string
			if next, err = c.read(ctx, nextName(key)); err == nil {
				value, err = c.assemble(ctx, key, next)
			}
		}
		if !errors.Is(err, errDamaged) {
			return value, err
		}
		// A writer at work may have been ahead of every read above. Then the
		// manifest has changed, and is worth another look.
		again, err := c.read(ctx, key)
		if err != nil {
			return nil, err
		}
		if again == text {
			break
		}
		text = again
	}
	return nil, ErrNotFound
}

// Set stores value under key. Every step leaves a state that Get and the next Set
// understand; the order of the steps is what makes it so.
func (c Chunked) Set(ctx context.Context, key string, value []byte) error {
	current, err := c.settle(ctx, key)
	if err != nil {
		return err
	}
	var previous generation
	if old, err := decodeManifest(current); err == nil {
		previous = old.generation
	}
	m, chunks, err := newManifest(value, previous)
	if err != nil {
		return err
	}
	text := m.encode()
	if current == "" && len(chunks) == 0 {
		return c.Items.Set(ctx, key, []byte(text))
	}

	if err := c.Items.Set(ctx, nextName(key), []byte(text)); err != nil {
		return err
	}
	for i, chunk := range chunks {
		if err := c.Items.Set(ctx, chunkName(key, m.Name, i), []byte(chunk)); err != nil {
			return err
		}
	}
	if err := c.replace(ctx, key, current, text); err != nil {
		return err
	}
	// The value is stored. When sweeping fails, the next Set sweeps.
	_ = c.sweep(ctx, key, previous)
	return nil
}

// Delete removes the value under key and every trace of writers. Chunks go before
// the manifest that knows them, so a killed Delete can be repeated.
func (c Chunked) Delete(ctx context.Context, key string) error {
	for _, name := range []string{nextName(key), key} {
		text, err := c.read(ctx, name)
		if err != nil {
			return err
		}
		if text == "" {
			continue
		}
		if m, err := decodeManifest(text); err == nil {
			old := []generation{m.generation}
			if name != key { // a manifest in force has been swept, or <key>#next is there
				old = append(old, m.previous())
			}
			if err := c.removeChunks(ctx, key, old...); err != nil {
				return err
			}
		}
		if err := c.Items.Delete(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// replace puts text under key, where current was.
func (c Chunked) replace(ctx context.Context, key, current, text string) error {
	if current != "" {
		if err := c.Items.Delete(ctx, key); err != nil {
			return err
		}
	}
	return c.Items.Set(ctx, key, []byte(text))
}

// assemble returns the value that a manifest's text describes, or errDamaged.
func (c Chunked) assemble(ctx context.Context, key, text string) ([]byte, error) {
	m, err := decodeManifest(text)
	if err != nil {
		return nil, err
	}
	var whole strings.Builder
	whole.WriteString(m.inline)
	for i := range m.Count {
		chunk, err := c.read(ctx, chunkName(key, m.Name, i))
		if err != nil {
			return nil, err
		}
		if chunk == "" {
			return nil, errDamaged
		}
		whole.WriteString(chunk)
	}
	return m.value(whole.String())
}

// read returns the item's text, empty when there is none: no item is empty.
func (c Chunked) read(ctx context.Context, name string) (string, error) {
	text, err := c.Items.Get(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return string(text), err
}

func nextName(key string) string { return key + "#next" }

func chunkName(key, generation string, i int) string {
	return fmt.Sprintf("%s#%s#%d", key, generation, i)
}
