// What doctor is given to explain, and settings that cannot be read.

package cli

import (
	"context"
	"errors"

	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/checkup"
	"github.com/appsyncctl/appsyncctl/internal/config"
)

// doctorGiven is what a person wants to have explained.
type doctorGiven struct {
	token, tokenFrom string
	answer           *checkup.Answer
}

func (g doctorGiven) any() bool { return g.token != "" || g.answer != nil }

func (app *App) doctorInput(ctx context.Context, options doctorOptions) (doctorGiven, error) {
	var given doctorGiven
	if options.token != "" {
		token, from, err := app.savedToken(ctx, options.token)
		if err != nil {
			return given, err
		}
		given.token, given.tokenFrom = string(token), from
	}
	if options.response == "" {
		return given, nil
	}
	answer, err := app.savedAnswer(ctx, options.response)
	given.answer = answer
	return given, err
}

// savedAnswer reads an answer of the API from a file, or from standard input if its
// name is "-".
func (app *App) savedAnswer(ctx context.Context, file string) (*checkup.Answer, error) {
	return interruptible(ctx, func() (*checkup.Answer, error) {
		if file == "-" {
			return checkup.ReadAnswer(app.In)
		}
		opened, err := os.Open(file)
		if err != nil {
			return nil, &inputError{file, "it cannot be opened: " + reason(err)}
		}
		defer opened.Close() //nolint:errcheck // opened for reading
		return checkup.ReadAnswer(opened)
	})
}

// reason is what the system says of a file, without the file's name.
func reason(err error) string {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err.Error()
	}
	return err.Error()
}

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

// A settingsProblem is why settings could not be resolved, and what to do about it.
type settingsProblem struct {
	err    error
	remedy string
}

// doctorSettings resolves as many settings as can be, and returns the first thing
// that was wrong: a broken profile is a finding, and no end.
func (app *App) doctorSettings(flags *globals) (config.Resolved, settingsProblem) {
	var problem settingsProblem
	note := func(err error) {
		if err != nil && problem.err == nil {
			problem = settingsProblem{err, settingsRemedy(err)}
		}
	}
	file, err := app.profiles()
	note(err)
	if err != nil {
		file = &config.ProfileFile{}
	}
	layers := config.Layers{Flags: flags.given(), LookupEnv: app.LookupEnv, File: file}
	settings, err := config.Resolve(layers)
	note(err)
	if err != nil { // the profile's name
		layers.Flags[config.Profile] = "default"
		if settings, err = config.Resolve(layers); err != nil {
			return config.Resolved{}, problem
		}
	}
	note(file.Check(settings.Get(config.Profile)))
	for {
		bad, ok := errors.AsType[*config.ValueError](settings.Check())
		if !ok {
			return settings, problem
		}
		note(bad)
		settings = settings.Without(bad.Setting.Name)
	}
}

// settingsRemedy says what to do about settings that cannot be read.
func settingsRemedy(err error) string {
	if bad, ok := errors.AsType[*config.ValueError](err); ok {
		value := bad.Setting.Values[0]
		switch bad.Value.Source {
		case config.FromEnvironment:
			return "export " + bad.Setting.Variable + "=" + value
		case config.FromProfile:
			return "appsyncctl profile set " + strings.TrimPrefix(bad.Value.Origin, "profile ") + " --" + bad.Setting.Flag + " " + value
		default:
			return "--" + bad.Setting.Flag + " " + value
		}
	}
	if unknown, ok := errors.AsType[*config.UnknownProfileError](err); ok {
		if len(unknown.Known) == 0 {
			return "appsyncctl login --profile " + unknown.Name
		}
		return "--profile " + unknown.Known[0]
	}
	if broken, ok := errors.AsType[*config.FileError](err); ok {
		return "edit " + broken.Path
	}
	if closed, ok := errors.AsType[*fs.PathError](err); ok && errors.Is(err, fs.ErrPermission) {
		return "chmod u+r " + closed.Path
	}
	return ""
}
