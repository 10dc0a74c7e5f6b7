// Package cli holds the commands. Cobra lives here and nowhere else.
//
// A command is three things: an options struct, a constructor that declares
// flags and parses them into it (customersCreateCommand), and a function that
// does the work and never sees cobra (customersCreate). What the commands share
// is the way from settings to an API: see connect in connection.go, the one
// place where the packages below meet.
package cli

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/retry"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// App is the outside world, as main or a test fills it in.
type App struct {
	In  io.Reader
	Out io.Writer // results, and nothing else
	Err io.Writer // errors, notices, progress

	// ErrToFile reports whether errors go to a file.
	ErrToFile bool

	// Terminal reports whether a person sits there: input and errors are both
	// connected to a terminal.
	Terminal bool
	// Width is the number of columns of the terminal that results go to; 0 when
	// they go elsewhere.
	Width int
	// InTerminal reports whether input is connected to one.
	InTerminal bool
	// ReadPassword reads a line from that terminal without showing it.
	ReadPassword func(ctx context.Context) (string, error)

	LookupEnv func(string) (string, bool)
	Environ   func() []string
	Now       func() time.Time
	// Pause lets time pass before something is looked at again; nil waits for it.
	Pause func(ctx context.Context, d time.Duration) error
	// Deadline is when doctor's checks and smoke's steps give up; nil is when their
	// time is up.
	Deadline doctor.Deadline

	// Transport makes one HTTP attempt.
	Transport http.RoundTripper
	// LookupHost returns the addresses of a host, and Proxy the proxy that Transport
	// takes for a request, or nil: doctor looks at both by themselves.
	LookupHost func(ctx context.Context, host string) ([]string, error)
	Proxy      func(*http.Request) (*url.URL, error)
	// Keyring opens the operating system's keyring. interactive says that a
	// person can answer its prompt; notice tells them that one is waiting.
	Keyring func(interactive bool, notice func(string)) tokencache.Probed
	// OpenBrowser shows a page to a person and returns without waiting.
	OpenBrowser func(url string) error

	Build Build

	// Of one run, see Run.
	secrets  *secretTexts
	commands *secretCommands
}

// pause waits for d. If ctx ends first it returns why.
func (app *App) pause(ctx context.Context, d time.Duration) error {
	if app.Pause == nil {
		return retry.Wait(ctx, d)
	}
	return app.Pause(ctx, d)
}

// Build says which program this is.
type Build struct {
	Version string // "1.2.3", or "(devel)"
	Commit  string // may be empty
	Date    string // RFC 3339; may be empty
}
