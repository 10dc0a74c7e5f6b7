// Package app is the outside world as a value: streams, environment, clock, network and
// keyring, as main or a test fills them in. The rest of the program touches the world
// through it only.
//
// Beside the world it has what every command says and asks in the same way: notices,
// questions, the flags that all commands take, and the formats of results.
package app

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/report"
	"github.com/appsyncctl/appsyncctl/internal/retry"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// App is the outside world.
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
	// time is up. See doctor.Deadline.
	Deadline func(ctx context.Context, limit time.Duration, whose string) (context.Context, context.CancelFunc)

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

	// Secrets are those that this run has seen. Nothing of them leaves in a notice, an
	// error or a report.
	Secrets *redact.Secrets
}

// Build says which program this is.
type Build struct {
	Version string // "1.2.3", or "(devel)"
	Commit  string // may be empty
	Date    string // RFC 3339; may be empty
}

// UserAgent names the program to servers (RFC 9110, 10.1.5).
func (a *App) UserAgent() string {
	return "appsyncctl/" + a.Build.Version + " (" + runtime.GOOS + "; " + runtime.GOARCH + ")"
}

// Wait waits for d. If ctx ends first it returns why.
func (a *App) Wait(ctx context.Context, d time.Duration) error {
	if a.Pause == nil {
		return retry.Wait(ctx, d)
	}
	return a.Pause(ctx, d)
}

// AnySet reports whether one of the environment variables has a value.
func (a *App) AnySet(variables ...string) bool {
	for _, variable := range variables {
		if value, _ := a.LookupEnv(variable); value != "" {
			return true
		}
	}
	return false
}

// GitHub is the step of GitHub Actions that the program runs in, if it does.
func (a *App) GitHub() report.GitHub {
	actions, _ := a.LookupEnv("GITHUB_ACTIONS")
	summary, _ := a.LookupEnv("GITHUB_STEP_SUMMARY")
	return report.GitHub{On: actions == "true", Log: a.Err, Summary: summary}
}

// MaskTokens hides the access tokens of this run in the log of GitHub Actions from now on.
// To hide a text is to say it, and standard error may lead elsewhere: of what lasts longer
// than a token nothing is said, and the runner knows the secrets of a workflow by itself.
// A log that goes into a file is none of the runner's.
func (a *App) MaskTokens(github report.GitHub) {
	if !a.ErrToFile {
		_ = github.Mask(a.Secrets.Tokens()...) // a log that cannot be written shows nothing
	}
}
