package login

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// deviceLogin shows a person where to confirm the login and waits until they
// have. It never waits for a key: the person may be far from this terminal.
func deviceLogin(ctx context.Context, s *session.Session, grant *session.Grant, browser bool) (*oauth2.Token, error) {
	client, err := grant.Client(ctx, nil)
	if err != nil {
		return nil, err
	}
	code, err := client.DeviceCode(ctx, grant.Parameters)
	if err != nil {
		return nil, err
	}
	address := code.VerificationURIComplete
	if address == "" {
		address = code.VerificationURI
	}
	_, _ = fmt.Fprintf(s.App.Err, "To log in, open\n\n    %s\n\non any device and confirm the code\n\n    %s\n\n",
		output.Line(address), output.Line(code.UserCode))
	if browser && localTerminal(s.App) {
		if err := s.App.OpenBrowser(address); err != nil {
			s.App.Notice("no browser could be opened")
		}
	}
	s.App.Notice(fmt.Sprintf("waiting for up to %s; Ctrl-C stops", output.Span(code.Expiry.Sub(s.App.Now()))))
	return client.PollDevice(ctx, code)
}

// localTerminal reports whether a browser opened here would open before the
// person who asked for it.
func localTerminal(world *app.App) bool {
	if !world.Terminal || world.AnySet("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "CI") {
		return false
	}
	switch runtime.GOOS {
	case "darwin", "windows":
		return true
	default: // without a display a text browser would take the terminal
		return world.AnySet("DISPLAY", "WAYLAND_DISPLAY")
	}
}
