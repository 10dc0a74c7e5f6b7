// The command that gives a secret.

package session

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

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
	shell := []string{"sh", "-c", command}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C", command}
	}
	child := exec.CommandContext(ctx, shell[0], shell[1:]...)
	child.Stdin, child.Stderr, child.Env = world.In, world.Err, world.Environ()
	together(child)
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
