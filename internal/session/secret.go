// Where secrets come from: the environment, a file, standard input or a command. Each may
// take its time, and Ctrl-C ends the waiting.

package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/shell"
)

// SecretError says that a secret cannot be had from where it should come.
type SecretError struct {
	From string // "client secret file"
	Err  error
}

func (e *SecretError) Error() string { return e.From + ": " + e.Err.Error() }
func (e *SecretError) Unwrap() error { return e.Err }

// Kind implements the interface of failure.Of.
func (*SecretError) Kind() failure.Kind { return failure.Usage }

// clientSecret reads the secret from the environment or from its file.
func clientSecret(ctx context.Context, settings config.Resolved) (auth.Secret, error) {
	if secret := settings.Text(config.ClientSecret); secret != "" {
		return auth.Secret(secret), nil
	}
	path := settings.Text(config.ClientSecretFile)
	if path == "" {
		return "", nil
	}
	return Interruptible(ctx, func() (auth.Secret, error) { return readSecretFile(path) }) // it may be a pipe
}

func readSecretFile(path string) (auth.Secret, error) {
	const from = "client secret file"
	file, err := os.Open(path)
	if err != nil {
		return "", &SecretError{from, err}
	}
	defer file.Close() //nolint:errcheck // opened for reading
	return ReadSecret(from, file)
}

// SecretFromStdin reads a secret from a pipe, or asks for it at a terminal.
func SecretFromStdin(ctx context.Context, world *app.App, prompt string) (auth.Secret, error) {
	const from = "standard input"
	if !world.InTerminal {
		return hidden(world)(Interruptible(ctx, func() (auth.Secret, error) { return ReadSecret(from, world.In) }))
	}
	_, _ = fmt.Fprint(world.Err, prompt)
	line, err := world.ReadPassword(ctx)
	_, _ = fmt.Fprintln(world.Err)
	if err != nil {
		return "", err
	}
	return hidden(world)(ReadSecret(from, strings.NewReader(line)))
}

// hidden returns what adds a secret to those that are not shown.
func hidden(world *app.App) func(auth.Secret, error) (auth.Secret, error) {
	return func(secret auth.Secret, err error) (auth.Secret, error) {
		world.Secrets.Add(string(secret))
		return secret, err
	}
}

// ReadSecret reads a secret that stands alone on a line.
func ReadSecret(from string, r io.Reader) (auth.Secret, error) {
	data, err := io.ReadAll(io.LimitReader(r, mostSecret))
	if err != nil {
		return "", &SecretError{from, err}
	}
	secret := strings.TrimSpace(string(data))
	if secret == "" || len(data) == mostSecret || strings.ContainsAny(secret, "\r\n\x00") {
		return "", &SecretError{from, errors.New("it must give one line, the secret")}
	}
	return auth.Secret(secret), nil
}

// mostSecret bounds what is read in the hope of a secret.
const mostSecret = 64 << 10

// Interruptible waits for do or for the end of ctx. After Ctrl-C do may go on
// until the process ends, which is soon.
func Interruptible[T any](ctx context.Context, do func() (T, error)) (T, error) {
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

// headerName is what people copy with a token.
var headerName = regexp.MustCompile(`(?i)^\s*(?:authorization:\s*)?(?:bearer\s+)?`)

// SavedToken reads a token from the file that a flag names, or from standard input if
// its name is "-". A name that nothing has may be the token itself, and no error repeats
// it.
func SavedToken(ctx context.Context, world *app.App, flag, file string) (token auth.Secret, from string, err error) {
	from, named := "standard input", "standard input"
	if file == "-" {
		token, err = SecretFromStdin(ctx, world, "Access token: ")
	} else {
		from, named = "the token file", flag+" "+file
		token, err = Interruptible(ctx, func() (auth.Secret, error) { // it may be a pipe
			opened, err := os.Open(file)
			if err != nil {
				return "", &SecretError{flag, errors.New("the file cannot be opened: " + Reason(err) +
					"; the flag takes a file's name, or - for standard input, not the token itself: others can see a command line")}
			}
			defer opened.Close() //nolint:errcheck // opened for reading
			return ReadSecret(named, opened)
		})
	}
	if err != nil {
		return "", from, err
	}
	bare := headerName.ReplaceAllString(string(token), "")
	if bare == "" || strings.ContainsFunc(bare, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "", from, &SecretError{named, errors.New("it contains no token: one word, with or without Bearer before it")}
	}
	return auth.Secret(bare), from, nil
}

// Reason is what the system says of a file, without the file's name.
func Reason(err error) string {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err.Error()
	}
	return err.Error()
}

// secretCommands are the secret commands of one run of the program, and what they
// printed. Whoever needs a secret may give up before its command does: what is left then
// ends with the run.
type secretCommands struct {
	mu       sync.Mutex
	ended    bool
	running  sync.WaitGroup
	commands map[string]*secretCommand // by their text
}

// command returns the command with this text: always the same, so that all parts of the
// program share what it printed.
func (c *secretCommands) command(text string) *secretCommand {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.commands == nil {
		c.commands = make(map[string]*secretCommand)
	}
	if c.commands[text] == nil {
		c.commands[text] = &secretCommand{}
	}
	return c.commands[text]
}

// A secretCommand remembers what a command printed. A password manager may ask for a
// fingerprint at each run, so the command runs once, and again only after the provider
// has refused its secret: secrets are rotated during a watch of eight hours.
type secretCommand struct {
	mu     sync.Mutex // held while the command runs
	runs   int
	secret auth.Secret // empty before the first run, after a failure and after a refusal
	err    error       // why the last run failed
	failed time.Time
}

// A printedSecret is what a command printed in one of its runs.
type printedSecret struct {
	secret auth.Secret
	run    int  // the number of that run
	fresh  bool // the command ran for the caller
}

// failureLifetime is how long the failure of a command is taken for an answer. Whoever
// has just refused a fingerprint is not asked again by the next part of a command. A
// renewal hours later may find the password manager unlocked.
const failureLifetime = time.Hour

// ask returns the secret, for which it calls run if need be.
func (c *secretCommand) ask(now func() time.Time, run func() (auth.Secret, error)) (printedSecret, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.secret != "" {
		return printedSecret{c.secret, c.runs, false}, nil
	}
	if c.err != nil && now().Sub(c.failed) < failureLifetime {
		return printedSecret{}, c.err
	}
	secret, err := run()
	c.runs, c.secret, c.err = c.runs+1, secret, nil
	if failure.Is[*SecretError](err) { // another error only says that the caller was interrupted
		c.err, c.failed = err, now()
	}
	return printedSecret{secret, c.runs, true}, err
}

// forget makes the next ask run the command again, unless it has run since it printed
// this secret.
func (c *secretCommand) forget(printed printedSecret) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runs == printed.run {
		c.secret = ""
	}
}

// do runs one, unless the run is about to end.
func (c *secretCommands) do(command func() (auth.Secret, error)) (auth.Secret, error) {
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return "", context.Canceled
	}
	c.running.Add(1)
	c.mu.Unlock()
	defer c.running.Done()
	return command()
}

// end waits for those that are running, whose context has ended.
func (c *secretCommands) end() {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	c.running.Wait()
}

// secretFromCommand runs a command by the shell, as users of password managers
// write them. It may ask its own questions at the terminal.
func secretFromCommand(ctx context.Context, world *app.App, command string) (auth.Secret, error) {
	const from = "secret command"
	child := shell.Command(ctx, command)
	child.Stdin, child.Stderr, child.Env = world.In, world.Err, world.Environ()
	shell.Together(child)
	child.WaitDelay = time.Second // for what the shell started, and left behind
	var printed cappedBuffer
	child.Stdout = &printed
	err := child.Run()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		return "", &SecretError{from, err}
	}
	return ReadSecret(from, &printed)
}

// cappedBuffer takes as much as a secret may have, and fails the writer of more.
type cappedBuffer struct{ bytes.Buffer }

// Write implements io.Writer.
func (b *cappedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > mostSecret {
		return 0, errors.New("more than a secret")
	}
	return b.Buffer.Write(p)
}
