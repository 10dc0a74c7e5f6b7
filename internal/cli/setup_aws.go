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
	iatTTL, authTTL int64 // milliseconds
	schema          schemaVariant
	outputs         string // file with the description of a stack, or -
}

func (app *App) setupAWSCommand(flags *globals) *cobra.Command {
	var options setupAWSOptions
	cmd := &cobra.Command{
		Use:   "aws",
		Short: "Print a CloudFormation template of the API",
		Long: `Print a CloudFormation template: an AppSync API in OPENID_CONNECT mode, its schema,
a DynamoDB table with on-demand billing, a role that reaches this table only, a
resolver for each query and mutation, and logs. Nothing is sent to AWS. With -o json
the template is JSON.

The flags, and the issuer from the settings, become the defaults of its parameters;
the others, such as TableName and LogLevel, are described in the template. A stack that
is there already keeps the values it has: aws cloudformation deploy changes them with
--parameter-overrides NAME=VALUE. The table outlives the stack, with its customers.

With --outputs the command reads what the finished stack says of itself, and puts the
endpoint, the issuer and the region into the profile.`,
		Example: `  appsyncctl setup aws --issuer https://TENANT.auth0.com/ > template.yaml
  aws cloudformation deploy --stack-name customers --template-file template.yaml --capabilities CAPABILITY_IAM
  aws cloudformation describe-stacks --stack-name customers | appsyncctl setup aws --outputs -`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := options.check(cmd.Flags()); err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			if options.outputs != "" {
				return app.setupAWSProfile(flags, options)
			}
			return app.setupAWS(flags, options)
		},
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.StringVar(&options.clientIDPattern, "client-id-pattern", "", "regular `expression` for the client IDs that may call the API, such as ID1|ID2 (default: all of the issuer's)")
	set.Int64Var(&options.iatTTL, "iat-ttl", 0, "`milliseconds` that the API takes a token after its iat; 0 is no bound")
	set.Int64Var(&options.authTTL, "auth-ttl", 0, "`milliseconds` that the API takes a token after its auth_time, which Auth0's access tokens have not; 0 is no bound")
	set.Var(&options.schema, "schema", "schema of the API: wizard, or extended (customers create takes --id)")
	set.StringVar(&options.outputs, "outputs", "", "`FILE` with what aws cloudformation describe-stacks prints, or - for standard input: write the profile")
	return cmd
}

// check finds what does not go together.
func (o *setupAWSOptions) check(set *pflag.FlagSet) error {
	if o.iatTTL < 0 || o.authTTL < 0 {
		return errors.New("--iat-ttl and --auth-ttl cannot be negative")
	}
	if !set.Changed("outputs") {
		return nil
	}
	if o.outputs == "" {
		return errors.New("--outputs names no file")
	}
	for _, name := range []string{"client-id-pattern", "iat-ttl", "auth-ttl", "schema"} {
		if set.Changed(name) {
			return fmt.Errorf("--%s is for the template, and --outputs for the stack that was made of it", name)
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
		IatTTL:          options.iatTTL,
		AuthTTL:         options.authTTL,
		Extended:        options.schema == "extended",
	}
	if defaults.Issuer, err = publicIssuer(settings.Text(config.Issuer)); err != nil {
		return err
	}
	if err := app.writeTemplate(flags.output, defaults); err != nil {
		return err
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
		err = &auth.IssuerError{Input: issuer, Reason: "AppSync takes https only"}
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
		return format.write(app.Out, document, nil)
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
	app.notice("to make the API, save the template as template.yaml and run")
	app.notice("  aws cloudformation deploy --stack-name customers --template-file template.yaml --capabilities CAPABILITY_IAM" + missing)
	app.notice("  aws cloudformation describe-stacks --stack-name customers | appsyncctl setup aws --outputs -" + named)
}
