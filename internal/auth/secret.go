// Text that must not be seen.

package auth

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// A Secret is text that nobody may see. It prints, logs and marshals as
// "[redacted]", whatever the verb; string(s) gives the text itself.
type Secret string

// Format prints "[redacted]" for every verb: a method String alone would let %d
// print the text.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (Secret) GoString() string { return redacted }

// LogValue returns "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]", so that JSON and YAML hold no secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
