// What doctor is given to explain: a saved token, a saved answer.

package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// doctorGiven is what a person wants to have explained.
type doctorGiven struct {
	token, tokenFrom string
	answer           *doctor.Answer
}

func (g doctorGiven) any() bool { return g.token != "" || g.answer != nil }

// doctorInput reads what is to be explained. about is the check that it was to be for, if
// it cannot be read.
func (app *App) doctorInput(ctx context.Context, options doctorOptions) (given doctorGiven, about doctor.ID, err error) {
	if options.token != "" {
		token, from, err := app.savedToken(ctx, "--token", options.token)
		if err != nil {
			return given, doctor.TokenObtained, err
		}
		given.token, given.tokenFrom = string(token), from
	}
	if options.response != "" {
		if given.answer, err = app.savedAnswer(ctx, options.response); err != nil {
			return given, doctor.EndpointAnswers, err
		}
	}
	return given, "", nil
}

// savedAnswer reads an answer of the API from a file, or from standard input if its
// name is "-".
func (app *App) savedAnswer(ctx context.Context, file string) (*doctor.Answer, error) {
	return interruptible(ctx, func() (*doctor.Answer, error) {
		if file == "-" {
			return doctor.ReadAnswer(app.In)
		}
		opened, err := os.Open(file)
		if err != nil {
			return nil, &inputError{file, "it cannot be opened: " + reason(err)}
		}
		defer opened.Close() //nolint:errcheck // opened for reading
		return doctor.ReadAnswer(opened)
	})
}

// reason is what the system says of a file, without the file's name.
func reason(err error) string {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err.Error()
	}
	return err.Error()
}
