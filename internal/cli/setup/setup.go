// Package setup has the commands that set up what the program needs: the API in AWS, and
// the tenant in Auth0.
package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/management"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// NewCommand returns the group of commands setup.
func NewCommand(s *session.Session) *cobra.Command {
	return command.Group(&cobra.Command{
		Use:   "setup",
		Short: "Create the API in AWS and what it needs in Auth0",
		Long: `Create from the command line what you would otherwise click together in two web
consoles: an AppSync API in OPENID_CONNECT mode with its table and resolvers, and the
API and applications in Auth0. Both commands can write the result to a profile.`,
	},
		newAWSCommand(s),
		newAuth0Command(s),
	)
}

// agree asks before something is changed that is there.
func agree(ctx context.Context, s *session.Session, yes bool, changes []string) error {
	if len(changes) == 0 || yes {
		return nil
	}
	for _, change := range changes {
		s.App.Notice(change)
	}
	if !s.App.Terminal || s.Flags.NoInput {
		return failure.Errorf(failure.Usage, "this would change what already exists, and nobody can be asked here: --yes changes it without asking")
	}
	return s.App.Confirm(ctx, "change this?")
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

// managementAdvice is what to do about an error of Auth0's Management API.
func managementAdvice(err error) string {
	const grant = "grant the token's application these scopes of the Auth0 Management API: "
	if lacking, ok := errors.AsType[*management.ScopeError](err); ok {
		return grant + strings.Join(lacking.Missing, ", ")
	}
	if refused, ok := errors.AsType[*management.Error](err); ok {
		switch scopes := refused.Scopes(); {
		case len(scopes) > 0:
			return grant + strings.Join(scopes, " or ")
		case refused.Status == http.StatusUnauthorized:
			return "get a new token: this one may have expired, or belong to another tenant"
		case refused.Transient():
			return "run it again: it continues where it stopped"
		}
	}
	switch {
	case failure.Is[*management.TransportError](err):
		return "run it again: it continues where it stopped"
	case failure.Is[*management.TokenError](err):
		return "create one in the dashboard: Applications → APIs → Auth0 Management API → API Explorer"
	case failure.Is[*management.ConflictError](err):
		return "choose another name with --name, --machine or --native, or rename the application in the dashboard"
	}
	return ""
}
