package cli

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

func (app *App) schemaCommand(flags *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the API's schema",
		Long: `Ask the API for its schema by introspection and print it in the schema definition
language (SDL). With -o json it is the answer to the introspection query.

AppSync leaves its own directives out, and its scalars in. An API may have
introspection turned off; no other command of this program needs it.`,
		Example: `  appsyncctl schema > schema.graphql
  appsyncctl schema -o json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.schema(cmd.Context(), flags)
		},
	}
}

func (app *App) schema(ctx context.Context, flags *globals) error {
	api, err := app.connect(ctx, flags)
	if err != nil {
		return err
	}
	introspected, err := appsync.Introspect(ctx, api)
	if answer, ok := errors.AsType[*appsync.ResponseError](err); ok && is[*appsync.Error](err) && !answer.Unauthorized() {
		return &noSchemaError{answer}
	}
	if err != nil {
		return err
	}
	return flags.Output.Write(app.Out, introspected.JSON, func(w io.Writer) error {
		_, err := io.WriteString(w, output.Lines(introspected.SDL()))
		return err
	})
}

// noSchemaError says that an API refused to show its schema.
type noSchemaError struct{ err error }

func (e *noSchemaError) Error() string {
	return "the API does not show its schema: " + e.err.Error()
}
func (e *noSchemaError) Unwrap() error { return e.err }
