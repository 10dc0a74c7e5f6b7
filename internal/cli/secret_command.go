// The command that gives a secret.

package cli

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

// secretCommands are the secret commands of one run. Whoever needs a secret may give up
// before its command does: what is left then ends with the run.
type secretCommands struct {
	mu      sync.Mutex
	ended   bool
	running sync.WaitGroup
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
func (app *App) secretFromCommand(ctx context.Context, command string) (auth.Secret, error) {
	const from = "secret command"
	shell := []string{"sh", "-c", command}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C", command}
	}
	child := exec.CommandContext(ctx, shell[0], shell[1:]...)
	child.Stdin, child.Stderr, child.Env = app.In, app.Err, app.Environ()
	together(child)
	child.WaitDelay = time.Second // for what the shell started, and left behind
	var printed cappedBuffer
	child.Stdout = &printed
	err := child.Run()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		return "", &secretError{from, err}
	}
	return readSecret(from, &printed)
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
