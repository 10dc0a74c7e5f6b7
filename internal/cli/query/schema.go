package query

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// NewSchemaCommand returns the command schema.
func NewSchemaCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the API's schema",
		Long: `Ask the API for its schema by introspection and print it in the schema definition
language (SDL). With -o json it is the answer to the introspection query.

AppSync leaves its own directives out, and its scalars in. An API may have
introspection turned off; no other command of this program needs it.`,
		Example: `  appsyncctl schema > schema.graphql
  appsyncctl schema -o json`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSchema(cmd.Context(), s)
		},
	}
}

func runSchema(ctx context.Context, s *session.Session) error {
	api, err := s.API(ctx, session.Options{})
	if err != nil {
		return err
	}
	introspected, err := appsync.Introspect(ctx, api)
	if answer, ok := errors.AsType[*appsync.ResponseError](err); ok && failure.Is[*appsync.Error](err) && !answer.Unauthorized() {
		return app.Advise(fmt.Errorf("the API does not show its schema: %w", answer),
			"introspection may be turned off: whoever owns the API finds the schema in AppSync's console")
	}
	if err != nil {
		return err
	}
	return s.Flags.Output.Write(s.App.Out, introspected.JSON, func(w io.Writer) error {
		_, err := io.WriteString(w, output.Lines(introspected.SDL()))
		return err
	})
}
