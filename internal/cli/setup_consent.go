package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/management"
)

// unaskedError says that somebody should be asked, and nobody can be.
type unaskedError struct{}

func (*unaskedError) Error() string {
	return "this would change what already exists, and nobody can be asked here: --yes changes it without asking"
}

// agree asks before something is changed that is there.
func (app *App) agree(ctx context.Context, flags *globals, yes bool, changes []string) error {
	if len(changes) == 0 || yes {
		return nil
	}
	for _, change := range changes {
		app.Notice(change)
	}
	if !app.Terminal || flags.NoInput {
		return &unaskedError{}
	}
	return app.Confirm(ctx, "change this?")
}

// changeLine says what a person is to agree to.
func changeLine(kind, name, summary string) string {
	return fmt.Sprintf("change %s %s: %s", kind, name, summary)
}

// summary is changes on one line; without is what stands for a client ID that is not
// there.
func summary(changes []management.Change, without string) string {
	var parts []string
	for _, change := range changes {
		to := shownValue(change.To)
		if change.To == nil && change.Field == "client_id" {
			to = without
		}
		parts = append(parts, fmt.Sprintf("%s: %s → %s", change.Field, shownValue(change.From), to))
	}
	return strings.Join(parts, "; ")
}

// noValue stands for a value that is not there.
const noValue = "(none)"

// shownValue is a value as a person reads it.
func shownValue(value any) string {
	switch value := value.(type) {
	case nil:
		return noValue
	case string:
		return value
	case []any:
		var entries []string
		for _, entry := range value {
			entries = append(entries, shownValue(entry))
		}
		return strings.Join(entries, " ")
	default:
		text, _ := json.Marshal(value) // it came as JSON
		return string(text)
	}
}
