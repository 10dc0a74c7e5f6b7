// Package retry decides when to try again: whether a failure may pass, how long to wait,
// and how long a server asked to wait.
package retry

import "errors"

// Temporary reports whether err may be gone when the same is tried again: the outermost
// error of its chain that knows, by a method Temporary() bool, decides.
func Temporary(err error) bool {
	known, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && known.Temporary()
}
