package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// callbackPorts are tried in order. Auth0 compares a callback URL with its port,
// so these three must be registered: http://127.0.0.1:8976/callback and so on.
func callbackPorts() []int { return []int{8976, 8977, 8978} }

// browserLogin sends a browser on this machine to the provider and waits for it
// to come back. With browser unset, or far from the person's screen, the person
// may also paste the address that their browser ended at.
func (app *App) browserLogin(ctx context.Context, grant *grant, browser bool) (*oauth2.Token, error) {
	client, err := grant.client(ctx, nil)
	if err != nil {
		return nil, err
	}
	callback, err := auth.Listen(ctx, callbackPorts()...)
	if err != nil {
		return nil, err
	}
	token, err := app.throughCallback(ctx, client, callback, grant, browser)
	callback.Finish(err)
	return token, err
}

func (app *App) throughCallback(ctx context.Context, client *auth.Client, callback *auth.Callback, grant *grant, browser bool) (*oauth2.Token, error) {
	login, err := client.Authorize(grant.parameters, callback.RedirectURI)
	if err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintf(app.Err, "To log in, open\n\n    %s\n\n", output.Line(login.URL))
	paste := !browser
	if browser && app.localTerminal() {
		if err := app.OpenBrowser(login.URL); err != nil {
			app.notice("no browser could be opened")
		}
	}
	code, err := app.awaitCode(ctx, callback, login, paste)
	if err != nil {
		return nil, err
	}
	return client.Exchange(ctx, login, code)
}

// awaitCode takes the code from whichever comes first: the browser, or a person
// who pastes.
func (app *App) awaitCode(ctx context.Context, callback *auth.Callback, login *auth.Authorization, paste bool) (string, error) {
	if !paste {
		app.notice("waiting for the browser; Ctrl-C stops")
		return callback.Wait(ctx, login)
	}
	app.notice("If the browser is on another machine, it ends at an address that it cannot open: paste that address here.")
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
		line, err := bufio.NewReader(app.In).ReadString('\n')
		if strings.TrimSpace(line) == "" || errors.Is(waiting.Err(), context.Canceled) {
			return // nothing was pasted: the browser may still come
		}
		if err == nil || line != "" {
			code, err := login.CodeFromURL(strings.TrimSpace(line))
			arrived <- arrival{code, err}
		}
	}()
	first := <-arrived
	return first.code, first.err
}
