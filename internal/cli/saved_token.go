package cli

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

// headerName is what people copy with a token.
var headerName = regexp.MustCompile(`(?i)^\s*(?:authorization:\s*)?(?:bearer\s+)?`)

// savedToken reads a token from a file, or from standard input if its name is "-".
// Its errors name no file: it might be the token.
func (app *App) savedToken(ctx context.Context, file string) (token auth.Secret, from string, err error) {
	from = "standard input"
	if file == "-" {
		token, err = app.secretFromStdin(ctx, "Access token: ")
	} else {
		from = "the token file"
		token, err = interruptible(ctx, func() (auth.Secret, error) { // it may be a pipe
			opened, err := os.Open(file)
			if err != nil {
				return "", &secretError{from, errors.New(reason(err))}
			}
			defer opened.Close() //nolint:errcheck // opened for reading
			return readSecret(from, opened)
		})
	}
	if err != nil {
		return "", from, err
	}
	bare := headerName.ReplaceAllString(string(token), "")
	if bare == "" || strings.ContainsFunc(bare, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "", from, &secretError{from, errors.New("it holds no token: one word, with or without Bearer before it")}
	}
	return auth.Secret(bare), from, nil
}
