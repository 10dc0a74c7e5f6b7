package cli

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

var (
	// tokenLike is a JSON Web Token, which is no name of a file.
	tokenLike = regexp.MustCompile(`^\s*(?i:bearer\s+)?eyJ[\w-]+\.`)
	// secretLike is a long word such as opaque tokens are.
	secretLike = regexp.MustCompile(`[\w+=~-]{20,}`)
	// headerName is what people copy with a token.
	headerName = regexp.MustCompile(`(?i)^\s*(?:authorization:\s*)?(?:bearer\s+)?`)
)

// savedToken reads a token from the file that a flag names, or from standard input if
// its name is "-". Its errors name no file that might be the token.
func (app *App) savedToken(ctx context.Context, flag, file string) (token auth.Secret, from string, err error) {
	from, named := "standard input", "standard input"
	if file == "-" {
		token, err = app.secretFromStdin(ctx, "Access token: ")
	} else {
		from, named = "the token file", flag+" "+harmlessName(file)
		token, err = interruptible(ctx, func() (auth.Secret, error) { // it may be a pipe
			opened, err := os.Open(file)
			if err != nil {
				return "", &secretError{named, errors.New(reason(err))}
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

// harmlessName is the name of a file, unless it might be a secret that was given in its
// place.
func harmlessName(file string) string {
	if tokenLike.MatchString(file) {
		return redacted
	}
	for _, word := range secretLike.FindAllString(file, -1) {
		if strings.ContainsAny(word, "0123456789") && strings.ToLower(word) != word {
			return redacted
		}
	}
	return file
}
