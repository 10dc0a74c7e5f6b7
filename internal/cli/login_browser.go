package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// callbackPorts are tried in order. Auth0 compares a callback URL with its port,
// so these three must be registered: http://127.0.0.1:8976/callback and so on.
func callbackPorts() []int { return []int{8976, 8977, 8978} }

// browserTime is how long a person has to come back from the browser, as long as a
// device code of Auth0 lives.
const browserTime = 15 * time.Minute

// lateError says that nobody came back from the browser.
type lateError struct{}

func (*lateError) Error() string {
	return "nobody came back from the browser within " + span(browserTime)
}

// browserLogin sends a browser on this machine to the provider and waits for it
// to come back. With browser unset, or far from the person's screen, the person
// may also paste the address that their browser ended at.
func (app *App) browserLogin(ctx context.Context, grant *grant, browser, noInput bool) (*oauth2.Token, error) {
	client, err := grant.client(ctx, nil)
	if err != nil {
		return nil, err
	}
	callback, err := auth.Listen(ctx, callbackPorts()...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, browserTime, &lateError{})
	defer cancel()
	token, err := app.throughCallback(ctx, client, callback, grant, browser, noInput)
	callback.Finish(err)
	return token, err
}

func (app *App) throughCallback(ctx context.Context, client *auth.Client, callback *auth.Callback, grant *grant, browser, noInput bool) (*oauth2.Token, error) {
	login, err := auth.NewAuthorization(client, grant.parameters, callback.RedirectURI)
	if err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintf(app.Err, "To log in, open\n\n    %s\n\n", output.Line(login.URL))
	paste := !browser && !noInput
	if browser && app.localTerminal() {
		if err := app.OpenBrowser(login.URL); err != nil {
			app.Notice("no browser could be opened")
		}
	}
	code, err := app.awaitCode(ctx, callback, login, paste)
	if err != nil {
		return nil, err
	}
	return login.Exchange(ctx, code)
}

// awaitCode takes the code from whichever comes first: the browser, or a person
// who pastes.
func (app *App) awaitCode(ctx context.Context, callback *auth.Callback, login *auth.Authorization, paste bool) (string, error) {
	if !paste {
		app.Notice("waiting for the browser; Ctrl-C stops")
		return callback.Wait(ctx, login)
	}
	app.Notice("If the browser is on another machine, it ends at an address that it cannot open: paste that address here.")
	type arrival struct {
		code string
		err  error
	}
	arrived := make(chan arrival, 2)
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		code, err := callback.Wait(waiting, login)
		arrived <- arrival{code, err}
	}()
	go func() {
		lines := bufio.NewScanner(app.In)
		for lines.Scan() { // until one is right; at the end the browser may still come
			code, err := login.CodeFromURL(strings.TrimSpace(lines.Text()))
			if is[*auth.AnswerError](err) || errors.Is(err, auth.ErrState) {
				app.Notice(err.Error())
				continue
			}
			arrived <- arrival{code, err}
			return
		}
	}()
	first := <-arrived
	return first.code, first.err
}
