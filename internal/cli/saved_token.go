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

// savedToken reads a token from the file that a flag names, or from standard input if
// its name is "-". A name that nothing has may be the token itself, and no error repeats
// it.
func (app *App) savedToken(ctx context.Context, flag, file string) (token auth.Secret, from string, err error) {
	from, named := "standard input", "standard input"
	if file == "-" {
		token, err = app.secretFromStdin(ctx, "Access token: ")
	} else {
		from, named = "the token file", flag+" "+file
		token, err = interruptible(ctx, func() (auth.Secret, error) { // it may be a pipe
			opened, err := os.Open(file)
			if err != nil {
				return "", &secretError{flag, errors.New("the file cannot be opened: " + reason(err) +
					"; the flag takes a file's name, or - for standard input, not the token itself: others can see a command line")}
			}
			defer opened.Close() //nolint:errcheck // opened for reading
			return readSecret(named, opened)
		})
	}
	if err != nil {
		return "", from, err
	}
	bare := headerName.ReplaceAllString(string(token), "")
	if bare == "" || strings.ContainsFunc(bare, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "", from, &secretError{named, errors.New("it contains no token: one word, with or without Bearer before it")}
	}
	return auth.Secret(bare), from, nil
}
