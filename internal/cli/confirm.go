package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/output"
)

// declinedError says that a person was asked and said no.
type declinedError struct{}

func (*declinedError) Error() string { return "nothing was done" }

// confirm asks a person at a terminal for a yes. Anything else is a no.
func (app *App) confirm(ctx context.Context, question string) (bool, error) {
	_, _ = fmt.Fprint(app.Err, output.Line(question)+" [y/N] ")
	answered := make(chan string, 1)
	go func() { // a read cannot be interrupted, but Ctrl-C must be heard
		line, _ := bufio.NewReader(app.In).ReadString('\n') // no answer is a no
		answered <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case answer := <-answered:
		return answer == "y" || answer == "yes", nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}
