package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/output"
)

// Notice tells a person something on standard error, which may quote a server.
func (a *App) Notice(text string) {
	_, _ = fmt.Fprintln(a.Err, output.Line(a.Secrets.Notice(text)))
}

// ErrDeclined says that a person was asked and said no.
var ErrDeclined = errors.New("nothing was done")

// Confirm asks a person at a terminal for a yes. Anything else is a no, and ErrDeclined.
func (a *App) Confirm(ctx context.Context, question string) error {
	_, _ = fmt.Fprint(a.Err, output.Line(question)+" [y/N] ")
	answered := make(chan string, 1)
	go func() { // a read cannot be interrupted, but Ctrl-C must be heard
		line, _ := bufio.NewReader(a.In).ReadString('\n') // no answer is a no
		answered <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case answer := <-answered:
		if answer == "y" || answer == "yes" {
			return nil
		}
		return ErrDeclined
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Harmless returns a writer that makes text harmless on its way to a terminal.
func Harmless(w io.Writer) io.Writer { return &harmless{w} }

type harmless struct{ io.Writer }

func (w *harmless) Write(text []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, output.Lines(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}
