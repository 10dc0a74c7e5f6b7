package cli

import (
	"context"
	"errors"
	"io"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/management"
)

// auth0Setup is a plan for a tenant and for the profiles that lead to it.
type auth0Setup struct {
	plan     *management.Plan
	machine  *profilePlan
	people   *profilePlan
	settings config.Resolved
	issuer   string
	audience string
}

func (app *App) setupAuth0(ctx context.Context, flags *globals, options setupAuth0Options) error {
	file, settings, err := app.readSettings(flags)
	if err != nil {
		return err
	}
	setup := &auth0Setup{settings: settings}
	issuer, err := settings.Require(config.Issuer)
	if err != nil {
		return err
	}
	if setup.issuer, err = auth.ParseIssuer(issuer); err != nil {
		return err
	}
	if setup.audience, err = settings.Require(config.Audience); err != nil {
		return err
	}
	if err := app.checkSetup(flags, file, settings); err != nil {
		return err
	}
	client, scopes, err := app.managementClient(ctx, flags, setup.issuer)
	if err != nil {
		return err
	}
	setup.plan, err = client.Plan(ctx, management.Want{
		Audience: setup.audience, APIName: options.name,
		Machine: options.machine, Native: options.native, Callbacks: callbacks(),
	})
	if err != nil {
		return err
	}
	if err := setup.planProfiles(file, options); err != nil {
		return err
	}
	for _, note := range setup.plan.Notes {
		app.notice(note)
	}
	if options.dryRun {
		if err := setup.plan.Check(scopes); err != nil {
			app.notice(err.Error())
		}
		return app.reportSetup(flags, setup, true)
	}
	if err := setup.plan.Check(scopes); err != nil {
		return err
	}
	if err := app.agree(ctx, flags, options.yes, setup.changes()); err != nil {
		return err
	}
	return app.makeSetup(ctx, flags, client, file, setup)
}

// checkSetup finds before anything is made what would fail afterwards.
func (app *App) checkSetup(flags *globals, file *config.ProfileFile, settings config.Resolved) error {
	if err := flags.output.write(io.Discard, setupView{}, func(io.Writer) error { return nil }); err != nil {
		return err
	}
	if file.Path == "" { // there is no home for the profiles
		_, err := config.Path(app.LookupEnv)
		return err
	}
	return checkEndpoint(settings)
}

// makeSetup carries a setup out. After an error it keeps what was made by then, and says
// it: the next run goes on from there.
func (app *App) makeSetup(ctx context.Context, flags *globals, client *management.Client, file *config.ProfileFile, setup *auth0Setup) error {
	keeper, err := app.secretKeeper(ctx, flags, setup)
	if err != nil {
		return err
	}
	secret, err := client.Apply(ctx, setup.plan)
	made := context.WithoutCancel(ctx) // what was made is kept also after Ctrl-C
	if setup.plan.Machine.Done {
		err = errors.Join(err, keeper.keep(made, client, secret, setup), app.writeProfile(file, setup.machine, setup.plan.Machine))
	}
	if setup.plan.Native.Done {
		err = errors.Join(err, app.writeProfile(file, setup.people, setup.plan.Native))
	}
	app.tellSetup(setup, err)
	return errors.Join(err, app.reportSetup(flags, setup, false))
}

// tellSetup says what comes next.
func (app *App) tellSetup(setup *auth0Setup, err error) {
	native := setup.plan.Native
	if native.Done && native.Action == management.Create {
		app.notice("people log in through the connections enabled for " + native.Name + ": see its Connections in the dashboard")
	}
	switch {
	case err != nil:
	case !setup.does():
		app.notice("nothing to do")
	default:
		app.notice("next: appsyncctl login --profile " + setup.people.name + ", or any command with --profile " + setup.machine.name)
	}
}
