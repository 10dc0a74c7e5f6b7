package session_test

import (
	"context"
	"errors"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/session"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

var errOther = errors.New("something else")

// graphQL is an API's answer with one error.
func graphQL(status int, errorType, message string) *appsync.ResponseError {
	return &appsync.ResponseError{Status: status, Errors: []*appsync.Error{{Type: errorType, Message: message}}}
}

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

func TestStoreName(t *testing.T) {
	for mode, want := range map[tokencache.Mode]string{
		tokencache.Auto:        "keyring",
		tokencache.KeyringMode: "keyring",
		tokencache.FileMode:    "sealed file",
		tokencache.MemoryMode:  "memory",
	} {
		stores := tokencache.Stores{Mode: mode, File: &tokencache.File{Dir: t.TempDir()}, Keyring: nowhere{}, Memory: &tokencache.Memory{}}
		if got := session.StoreName(stores.FindName("key")); got != want {
			t.Errorf("%s: got %q, want %q", mode, got, want)
		}
	}
}

// nowhere is a keyring on a machine that has none.
type nowhere struct{}

var errNoKeyring = &tokencache.UnavailableError{Reason: "no session bus"}

func (nowhere) Get(context.Context, string) ([]byte, error) { return nil, errNoKeyring }
func (nowhere) Set(context.Context, string, []byte) error   { return errNoKeyring }
func (nowhere) Delete(context.Context, string) error        { return errNoKeyring }
func (nowhere) Probe(context.Context) error                 { return errNoKeyring }
