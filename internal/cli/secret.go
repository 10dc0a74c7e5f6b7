// Where secrets come from: the environment, a file or standard input, and see
// secret_command.go. Each may take its time, and Ctrl-C ends the waiting.

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// secretError says that a secret cannot be had from where it should come.
type secretError struct {
	from string // "client secret file"
	err  error
}

func (e *secretError) Error() string { return e.from + ": " + e.err.Error() }
func (e *secretError) Unwrap() error { return e.err }

// Kind implements the interface of failure.Of.
func (*secretError) Kind() failure.Kind { return failure.Usage }

// clientSecret reads the secret from the environment or from its file.
func clientSecret(ctx context.Context, settings config.Resolved) (auth.Secret, error) {
	if secret := settings.Text(config.ClientSecret); secret != "" {
		return auth.Secret(secret), nil
	}
	path := settings.Text(config.ClientSecretFile)
	if path == "" {
		return "", nil
	}
	return interruptible(ctx, func() (auth.Secret, error) { return readSecretFile(path) }) // it may be a pipe
}

func readSecretFile(path string) (auth.Secret, error) {
	const from = "client secret file"
	file, err := os.Open(path)
	if err != nil {
		return "", &secretError{from, err}
	}
	defer file.Close() //nolint:errcheck // opened for reading
	return readSecret(from, file)
}

// A rereadFile is the file of a secret, and what was in it. A runner's secrets are
// mounted as files, which change when one is rotated.
type rereadFile struct {
	path  string
	noted func(auth.Secret, error) (auth.Secret, error)

	mu     sync.Mutex
	secret auth.Secret
}

func (f *rereadFile) last() auth.Secret {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.secret
}

// reread reports whether the file holds another secret than before. A pipe can be read
// once only.
func (f *rereadFile) reread() bool {
	if info, err := os.Stat(f.path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	secret, err := f.noted(readSecretFile(f.path))
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil || secret == f.secret {
		return false
	}
	f.secret = secret
	return true
}

// secretFromStdin reads a secret from a pipe, or asks for it at a terminal.
func (app *App) secretFromStdin(ctx context.Context, prompt string) (auth.Secret, error) {
	const from = "standard input"
	if !app.InTerminal {
		return app.noted(interruptible(ctx, func() (auth.Secret, error) { return readSecret(from, app.In) }))
	}
	_, _ = fmt.Fprint(app.Err, prompt)
	line, err := app.ReadPassword(ctx)
	_, _ = fmt.Fprintln(app.Err)
	if err != nil {
		return "", err
	}
	return app.noted(readSecret(from, strings.NewReader(line)))
}

// noted adds a secret to those that nobody is to see.
func (app *App) noted(secret auth.Secret, err error) (auth.Secret, error) {
	app.Secrets.Add(string(secret))
	return secret, err
}

// readSecret reads a secret that stands alone on a line.
func readSecret(from string, r io.Reader) (auth.Secret, error) {
	data, err := io.ReadAll(io.LimitReader(r, mostSecret))
	if err != nil {
		return "", &secretError{from, err}
	}
	secret := strings.TrimSpace(string(data))
	if secret == "" || len(data) == mostSecret || strings.ContainsAny(secret, "\r\n\x00") {
		return "", &secretError{from, errors.New("it must give one line, the secret")}
	}
	return auth.Secret(secret), nil
}

// mostSecret bounds what is read in the hope of a secret.
const mostSecret = 64 << 10

// interruptible waits for do or for the end of ctx. After Ctrl-C do may go on
// until the process ends, which is soon.
func interruptible[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := do()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var zero T
		return zero, context.Cause(ctx)
	}
}
