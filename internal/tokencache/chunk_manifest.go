// The text of a manifest: what one item of a Chunked store says about a value.
// It is a line of JSON, followed by the value itself when that is short enough.
// Everything here is read back from a keyring that other programs and killed
// writers have touched, so the decoder believes nothing that it has not checked.

package tokencache

import (
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
