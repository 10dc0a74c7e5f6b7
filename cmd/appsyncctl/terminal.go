// The person's side of the outside world: the terminal, by golang.org/x/term, and
// the browser, by cli/browser, which knows the starters of each platform.

package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/cli/browser"
	"golang.org/x/term"

	"github.com/appsyncctl/appsyncctl/internal/cli"
)

func isTerminal(file *os.File) bool { return term.IsTerminal(int(file.Fd())) }

// isFile reports whether what is written stays in a file.
func isFile(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode().IsRegular()
}

// width returns the columns of a terminal, and 0 for anything else.
func width(file *os.File) int {
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// readPassword reads a line from the terminal without showing it. Ctrl-C brings the
// terminal back to where it was.
func readPassword(ctx context.Context) (string, error) {
	stdin := int(os.Stdin.Fd())
	before, err := term.GetState(stdin)
	if err != nil {
		return "", err
	}
	type result struct {
		line []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := term.ReadPassword(stdin)
		done <- result{line, err}
	}()
	select {
	case r := <-done:
		return string(r.line), r.err
	case <-ctx.Done():
		return "", errors.Join(context.Cause(ctx), term.Restore(stdin, before))
	}
}

// openBrowser keeps what a browser's starter prints off standard output, and
// secrets out of the environment that the browser inherits: by now the settings
// have been read. Some starters last as long as the browser, so after a moment no
// news is good news.
func openBrowser(url string) error {
	for _, variable := range cli.SecretVariables() {
		if err := os.Unsetenv(variable); err != nil {
			return err
		}
	}
	browser.Stdout = os.Stderr
	opened := make(chan error, 1)
	go func() { opened <- browser.OpenURL(url) }()
	select {
	case err := <-opened:
		return err
	case <-time.After(2 * time.Second):
		return nil
	}
}
