// How a real-time connection is opened, whatever becomes of the token.

package appsync

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// An Authorizer returns the headers that let a request pass the API's authorization. One
// that shows a token also implements Tokens.
type Authorizer interface {
	Authorize(ctx context.Context, req *http.Request) (http.Header, error)
}

// Tokens are what an Authorizer may have tokens from.
type Tokens interface {
	// Token returns the token that Authorize shows.
	Token(ctx context.Context) (string, error)
	// Renew returns a new token in place of the one that the API has refused, or "" if
	// there is no way to get one. Refusal is the API's answer in short.
	Renew(ctx context.Context, rejected, refusal string) (string, error)
}

// A Connector makes real-time connections to an API.
type Connector struct {
	Endpoint   *url.URL
	HTTP       *http.Client
	Authorizer Authorizer
	// Lifetime reads from a token when it was issued and when it expires, zero for what
	// it does not say. Without Lifetime, as where the token is never renewed, a
	// connection lasts as long as the API lets it.
	Lifetime func(token string) (issued, expires time.Time)
}

// Connection returns a connection that has not been started.
func (c *Connector) Connection() *Realtime {
	return &Realtime{Endpoint: c.Endpoint, HTTP: c.HTTP, Authorizer: c.Authorizer}
}

// open has connect make a connection, and returns when another must have taken its place;
// zero if that is not known. A refused token is renewed once: the API refuses before it
// does anything.
func (c *Connector) open(ctx context.Context, connect func(*Realtime) error) (replace time.Time, err error) {
	tokens, shown := c.Authorizer.(Tokens)
	if !shown {
		return time.Time{}, connect(c.Connection())
	}
	token, err := tokens.Token(ctx)
	if err != nil {
		return time.Time{}, err
	}
	err = connect(c.Connection())
	if answer, answered := errors.AsType[*ResponseError](err); answered && answer.Unauthorized() {
		token, err = tokens.Renew(ctx, token, answer.Error())
		switch {
		case err != nil:
			return time.Time{}, err
		case token == "":
			return time.Time{}, answer
		}
		err = connect(c.Connection())
	}
	return c.replaceAt(token), err
}

// replaceAt returns when the connection of a token must be replaced: when the token
// cache has begun to renew the token, and before it expires.
func (c *Connector) replaceAt(token string) time.Time {
	if c.Lifetime == nil {
		return time.Time{}
	}
	issued, expires := c.Lifetime(token)
	if expires.IsZero() {
		return time.Time{}
	}
	lead := min(30*time.Second, expires.Sub(issued)/20)
	return expires.Add(-lead)
}
