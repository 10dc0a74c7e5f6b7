package login

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// browserTime is how long a person has to come back from the browser, as long as a
// device code of Auth0 lives.
const browserTime = 15 * time.Minute

// browserLogin sends a browser on this machine to the provider and waits for it
// to come back. With browser unset, or far from the person's screen, the person
// may also paste the address that their browser ended at.
func browserLogin(ctx context.Context, s *session.Session, grant *session.Grant, browser, noInput bool) (*oauth2.Token, error) {
	client, err := grant.Client(ctx, nil)
	if err != nil {
		return nil, err
	}
	callback, err := auth.Listen(ctx, session.CallbackPorts()...)
	if err != nil {
		return nil, app.Advise(err, "free one of these ports, or log in with --grant device")
	}
	ctx, cancel := context.WithTimeoutCause(ctx, browserTime, errors.New("nobody came back from the browser within "+output.Span(browserTime)))
	defer cancel()
	token, err := throughCallback(ctx, s, client, callback, grant, browser, noInput)
	callback.Finish(err)
	return token, err
}

func throughCallback(ctx context.Context, s *session.Session, client *auth.Client, callback *auth.Callback, grant *session.Grant, browser, noInput bool) (*oauth2.Token, error) {
	login, err := auth.NewAuthorization(client, grant.Parameters, callback.RedirectURI)
	if err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintf(s.App.Err, "To log in, open\n\n    %s\n\n", output.Line(login.URL))
	paste := !browser && !noInput
	if browser && localTerminal(s.App) {
		if err := s.App.OpenBrowser(login.URL); err != nil {
			s.App.Notice("no browser could be opened")
		}
	}
	code, err := awaitCode(ctx, s, callback, login, paste)
	if err != nil {
		return nil, err
	}
	return login.Exchange(ctx, code)
}

// awaitCode takes the code from whichever comes first: the browser, or a person
// who pastes.
func awaitCode(ctx context.Context, s *session.Session, callback *auth.Callback, login *auth.Authorization, paste bool) (string, error) {
	if !paste {
		s.App.Notice("waiting for the browser; Ctrl-C stops")
		return callback.Wait(ctx, login)
	}
	s.App.Notice("If the browser is on another machine, it ends at an address that it cannot open: paste that address here.")
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
		lines := bufio.NewScanner(s.App.In)
		for lines.Scan() { // until one is right; at the end the browser may still come
			code, err := login.CodeFromURL(strings.TrimSpace(lines.Text()))
			if failure.Is[*auth.AnswerError](err) || errors.Is(err, auth.ErrState) {
				s.App.Notice(err.Error())
				continue
			}
			arrived <- arrival{code, err}
			return
		}
	}()
	first := <-arrived
	return first.code, first.err
}
