package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/cloudformation"
	"github.com/appsyncctl/appsyncctl/internal/config"
)

type setupAWSOptions struct {
	clientIDPattern string
	iatTTL, authTTL tokenLimit
	schema          schemaVariant
	outputs         string // file with the description of a stack, or -
	yes             bool   // replace what the profile has without asking
}

func (app *App) setupAWSCommand(flags *globals) *cobra.Command {
	var options setupAWSOptions
	cmd := &cobra.Command{
		Use:   "aws",
		Short: "Print a CloudFormation template of the API",
		Long: `Print a CloudFormation template for an AppSync API in OPENID_CONNECT mode: its schema,
a DynamoDB table with on-demand billing, a role that can reach only that table, a
resolver for each query and mutation, and logs. Nothing is sent to AWS. With -o json
the template is JSON.

The flags and the issuer setting become the defaults of the template's parameters; the
other parameters, such as TableName and LogLevel, are described in the template. An
existing stack keeps its values: aws cloudformation deploy changes them with
--parameter-overrides NAME=VALUE. If you delete the stack, the table and its customers
stay.

With --outputs the command reads the description of the finished stack and writes the
endpoint, the issuer and the region to the profile. The profile for machines that setup
auth0 adds, PROFILE-machine, gets them too if it has the same issuer. Before it replaces
a value it asks; where nobody can be asked it needs --yes. A new issuer takes away what
belonged to the old one, such as the client ID.`,
		Example: `  appsyncctl setup aws --issuer https://TENANT.auth0.com/ > template.yaml
  aws cloudformation deploy --stack-name customers --template-file template.yaml --capabilities CAPABILITY_IAM
  aws cloudformation describe-stacks --stack-name customers | appsyncctl setup aws --outputs -`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := options.check(cmd.Flags()); err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			if options.outputs != "" {
				return app.setupAWSProfile(cmd.Context(), flags, options)
			}
			return app.setupAWS(flags, options)
		},
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.StringVar(&options.clientIDPattern, "client-id-pattern", "", "regular `expression` for the client IDs that may call the API, such as ID1|ID2 (default: all clients of the issuer)")
	set.Var(&options.iatTTL, "iat-ttl", "how many `milliseconds` after its iat a token is accepted; 0 means no limit")
	set.Var(&options.authTTL, "auth-ttl", "how many `milliseconds` after its auth_time a token is accepted; 0 means no limit; Auth0's access tokens have no auth_time")
	set.Var(&options.schema, "schema", "schema of the API: wizard, or extended (customers create accepts --id)")
	set.StringVar(&options.outputs, "outputs", "", "`FILE` with the output of aws cloudformation describe-stacks, or - for standard input: write the profile")
	set.BoolVarP(&options.yes, "yes", "y", false, "with --outputs: replace values in the profile without asking")
	return cmd
}

// check finds what does not go together.
func (o *setupAWSOptions) check(set *pflag.FlagSet) error {
	if !set.Changed("outputs") {
		if o.yes {
			return errors.New("--yes can only be used with --outputs")
		}
		return nil
	}
	if o.outputs == "" {
		return errors.New("--outputs names no file")
	}
	for _, name := range []string{"client-id-pattern", "iat-ttl", "auth-ttl", "schema"} {
		if set.Changed(name) {
			return fmt.Errorf("--%s is for the template and cannot be used with --outputs", name)
		}
	}
	return nil
}

func (app *App) setupAWS(flags *globals, options setupAWSOptions) error {
	_, settings, err := app.readSettings(flags)
	if err != nil {
		return err
	}
	defaults := cloudformation.Defaults{
		ClientIDPattern: options.clientIDPattern,
		IatTTL:          int64(options.iatTTL),
		AuthTTL:         int64(options.authTTL),
		Extended:        options.schema == "extended",
	}
	if defaults.Issuer, err = publicIssuer(settings.Text(config.Issuer)); err != nil {
		return err
	}
	if err := app.writeTemplate(flags.Output, defaults); err != nil {
		return err
	}
	for _, warning := range options.limitWarnings() {
		app.Notice(warning)
	}
	app.tellDeploy(defaults, settings.Get(config.Profile))
	return nil
}

// publicIssuer returns an issuer that AppSync can ask for its keys, as its tokens name
// it; none is none.
func publicIssuer(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	issuer, err := auth.ParseIssuer(text)
	if err == nil && !strings.HasPrefix(issuer, "https://") {
		err = &auth.IssuerError{Input: issuer, Reason: "AppSync accepts only https"}
	}
	return issuer, err
}

func (app *App) writeTemplate(format format, defaults cloudformation.Defaults) error {
	switch format {
	case table, asYAML, "":
		template, err := cloudformation.YAML(defaults)
		if err == nil {
			_, err = app.Out.Write(template)
		}
		return err
	case asJSON, asJSONL:
		document, err := cloudformation.Document(defaults)
		if err != nil {
			return err
		}
		return format.Write(app.Out, document, nil)
	default:
		return &formatError{fmt.Sprintf("a template is YAML or JSON: -o %s cannot write it", format)}
	}
}

// tellDeploy says what makes the stack, and what comes after.
func (app *App) tellDeploy(defaults cloudformation.Defaults, profile config.Value) {
	missing := ""
	if defaults.Issuer == "" {
		missing = " --parameter-overrides Issuer=https://TENANT.auth0.com/"
	}
	named := ""
	if profile.Source == config.FromFlag {
		named = " --profile " + profile.Text
	}
	app.Notice("to make the API, save the template as template.yaml and run")
	app.Notice("  aws cloudformation deploy --stack-name customers --template-file template.yaml --capabilities CAPABILITY_IAM" + missing)
	app.Notice("  aws cloudformation describe-stacks --stack-name customers | appsyncctl setup aws --outputs -" + named)
}
