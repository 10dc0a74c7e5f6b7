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
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
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

// The text of a manifest: what one item of a Chunked store says about a value.
// It is a line of JSON, followed by the value itself when that is short enough.
// Everything here is read back from a keyring that other programs and killed
// writers have touched, so the decoder believes nothing that it has not checked.

const (
	// maxItem is the longest text, in bytes, handed to a keyring at once. Windows
	// takes 2,560. The macOS tool takes a command line of 4,096, which go-keyring
	// fills with base64; at exactly 4,096 it reports a failure as success.
	maxItem = 2048
	// maxChunks bounds what a damaged manifest can make us read.
	maxChunks = 64

	manifestVersion  = 1
	encodingBase64   = "base64"
	generationLength = 16 // characters of base32, 80 random bits
)

var errDamaged = errors.New("damaged manifest")

// A generation is one set of chunks. Its name is random and never used again, so
// chunks that arrive late cannot mix with those of another writer.
type generation struct {
	Name  string `json:"gen,omitempty"`
	Count int    `json:"n"` // 0 when the value lies in the manifest
}

// A manifest describes one value.
type manifest struct {
	Version int `json:"v"`
	generation
	Length   int         `json:"len"`           // of the value, in bytes
	SHA256   string      `json:"sha256"`        // of the value, in hex
	Encoding string      `json:"enc,omitempty"` // how the value became text
	Previous *generation `json:"prev,omitempty"`

	inline string // the value as text, when Count is 0
}

// newManifest returns the manifest of value and the texts of its chunks, of which
// there are none when the value fits into the manifest.
func newManifest(value []byte, previous generation) (*manifest, []string, error) {
	m := &manifest{Version: manifestVersion, Length: len(value), SHA256: checksum(value)}
	if previous.Count > 0 {
		m.Previous = &previous
	}
	text := string(value)
	// KeePassXC and KWallet keep strings, and change bytes that are not text.
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		m.Encoding = encodingBase64
		text = base64.StdEncoding.EncodeToString(value)
	}
	m.inline = text
	if len(m.encode()) <= maxItem {
		return m, nil, nil
	}
	chunks := cut(text, maxItem)
	if len(chunks) > maxChunks {
		return nil, nil, fmt.Errorf("a value of %d bytes is too large for the keyring", len(value))
	}
	m.inline = ""
	m.generation = generation{Name: rand.Text()[:generationLength], Count: len(chunks)}
	return m, chunks, nil
}

// encode returns the item's text. A struct of strings and numbers always marshals.
func (m *manifest) encode() string {
	head, _ := json.Marshal(m)
	return string(head) + "\n" + m.inline
}

// decodeManifest reads what encode wrote.
func decodeManifest(text string) (*manifest, error) {
	head, inline, found := strings.Cut(text, "\n")
	m := &manifest{inline: inline}
	if !found || json.Unmarshal([]byte(head), m) != nil || m.Version != manifestVersion || !m.valid() {
		return nil, errDamaged
	}
	if m.Previous != nil && (!m.Previous.valid() || m.Previous.Count == 0) {
		return nil, errDamaged
	}
	if m.Count > 0 && inline != "" {
		return nil, errDamaged
	}
	return m, nil
}

// previous returns the generation that this manifest's value replaced.
func (m *manifest) previous() generation {
	if m.Previous == nil {
		return generation{}
	}
	return *m.Previous
}

// valid reports whether the generation can be turned into item names.
func (g generation) valid() bool {
	if g.Count == 0 {
		return g.Name == ""
	}
	return g.Count > 0 && g.Count <= maxChunks && len(g.Name) == generationLength &&
		strings.Trim(g.Name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// value checks text, the chunks put together, and returns the value in it.
func (m *manifest) value(text string) ([]byte, error) {
	value := []byte(text)
	switch m.Encoding {
	case "":
	case encodingBase64:
		var err error
		if value, err = base64.StdEncoding.DecodeString(text); err != nil {
			return nil, errDamaged
		}
	default:
		return nil, errDamaged
	}
	if len(value) != m.Length || checksum(value) != m.SHA256 {
		return nil, errDamaged
	}
	return value, nil
}

func checksum(value []byte) string {
	sum := sha256.Sum256(value)
	return hex.EncodeToString(sum[:])
}

// cut splits text into pieces of at most limit bytes, none in the middle of a
// character.
func cut(text string, limit int) []string {
	var pieces []string
	for len(text) > limit {
		end := limit
		for !utf8.RuneStart(text[end]) {
			end--
		}
		pieces = append(pieces, text[:end])
		text = text[end:]
	}
	return append(pieces, text)
}

// What a killed writer leaves behind, and how the next writer clears it away. The
// item <key>#next is there exactly while a writer works, or after one was killed;
// it names the writer's own chunks and those of the value it replaces, so nothing
// is left that nobody knows of. A keyring cannot be listed.

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
