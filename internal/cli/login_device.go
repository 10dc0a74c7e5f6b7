package cli

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/output"
)

// deviceLogin shows a person where to confirm the login and waits until they
// have. It never waits for a key: the person may be far from this terminal.
func (app *App) deviceLogin(ctx context.Context, grant *grant, browser bool) (*oauth2.Token, error) {
	client, err := grant.client(ctx, nil)
	if err != nil {
		return nil, err
	}
	code, err := client.DeviceCode(ctx, grant.parameters)
	if err != nil {
		return nil, err
	}
	address := code.VerificationURIComplete
	if address == "" {
		address = code.VerificationURI
	}
	_, _ = fmt.Fprintf(app.Err, "To log in, open\n\n    %s\n\non any device and confirm the code\n\n    %s\n\n",
		output.Line(address), output.Line(code.UserCode))
	if browser && app.localTerminal() {
		if err := app.OpenBrowser(address); err != nil {
			app.Notice("no browser could be opened")
		}
	}
	app.Notice(fmt.Sprintf("waiting for up to %s; Ctrl-C stops", span(code.Expiry.Sub(app.Now()))))
	return client.PollDevice(ctx, code)
}

// localTerminal reports whether a browser opened here would open before the
// person who asked for it.
func (app *App) localTerminal() bool {
	if !app.Terminal || app.AnySet("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "CI") {
		return false
	}
	switch runtime.GOOS {
	case "darwin", "windows":
		return true
	default: // without a display a text browser would take the terminal
		return app.AnySet("DISPLAY", "WAYLAND_DISPLAY")
	}
}
