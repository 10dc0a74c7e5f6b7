package bulk

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
)

// IDField is the name of the field that holds a record's id.
const IDField = "id"

// A Record holds the text of each field by name. A field that is unset, which GraphQL
// shows as null, is not in it; one that is empty is.
type Record map[string]string

// withoutID returns the record as it is sent to an API that makes the id.
func (r Record) withoutID() Record {
	content := maps.Clone(r)
	delete(content, IDField)
	return content
}

// withID returns the record as it is sent to an API that takes the id.
func (r Record) withID(id string) Record {
	whole := maps.Clone(r)
	whole[IDField] = id
	return whole
}

// A Digest names a record's content: all its fields but the id.
type Digest [16]byte

// Digest returns the digest of the record's content.
func (r Record) Digest() Digest {
	hash := sha256.New()
	var size [8]byte
	write := func(text string) {
		binary.BigEndian.PutUint64(size[:], uint64(len(text)))
		hash.Write(size[:])
		hash.Write([]byte(text))
	}
	for _, name := range slices.Sorted(maps.Keys(r)) {
		if name != IDField {
			write(name)
			write(r[name])
		}
	}
	return Digest(hash.Sum(nil)[:16])
}

func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// sameContent reports whether two records differ in their ids at most.
func sameContent(a, b Record) bool { return maps.Equal(a.withoutID(), b.withoutID()) }

// A Row is one record of an input with its place there.
type Row struct {
	Number int    // from 1; a header is no row
	Line   int    // on which the row begins, from 1
	Raw    []byte // the row verbatim with its line end; good until the next row
	Record Record
	Fault  *Fault // why the row cannot be imported; nil if it can
}

// A Fault says what is wrong with a row, without quoting it.
type Fault struct {
	Field     string `json:"field,omitempty"` // or the column; empty when it is the whole row
	Reason    string `json:"reason"`
	Code      string `json:"code,omitempty"`       // the API's name for the error
	RequestID string `json:"request_id,omitempty"` // of the answer that refused the row
}
