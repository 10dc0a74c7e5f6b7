package cli

import (
	"context"
	"errors"
	"io"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/management"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// auth0Setup is a plan for a tenant and for the profiles that lead to it.
type auth0Setup struct {
	client   *management.Client
	scopes   []string // of its token
	file     *config.ProfileFile
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
	if setup.client, setup.scopes, err = app.managementClient(ctx, flags, setup.issuer); err != nil {
		return err
	}
	lock := "" // a dry run makes nothing twice
	if !options.dryRun {
		lock = app.tenantLock(setup.client.Base)
	}
	return tokencache.Exclusively(ctx, lock, app.Notice, func() error {
		return app.setupTenant(ctx, flags, setup, options)
	})
}

// setupTenant plans a setup and carries it out.
func (app *App) setupTenant(ctx context.Context, flags *globals, setup *auth0Setup, options setupAuth0Options) (err error) {
	if setup.file, err = app.profiles(); err != nil { // another setup may just have written it
		return err
	}
	setup.plan, err = setup.client.Plan(ctx, management.Want{
		Audience: setup.audience, APIName: options.name,
		Machine: options.machine, Native: options.native, Callbacks: callbacks(),
	})
	if err != nil {
		return err
	}
	if err := setup.planProfiles(options); err != nil {
		return err
	}
	for _, note := range setup.plan.Notes {
		app.Notice(note)
	}
	if options.dryRun {
		if err := setup.plan.Check(setup.scopes); err != nil {
			app.Notice(err.Error())
		}
		return app.reportSetup(flags, setup, true)
	}
	if err := setup.plan.Check(setup.scopes); err != nil {
		return err
	}
	if err := app.agree(ctx, flags, options.yes, setup.changes()); err != nil {
		return err
	}
	return app.makeSetup(ctx, flags, setup)
}

// checkSetup finds before anything is made what would fail afterwards.
func (app *App) checkSetup(flags *globals, file *config.ProfileFile, settings config.Resolved) error {
	if err := flags.Output.Write(io.Discard, setupView{}, func(io.Writer) error { return nil }); err != nil {
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
func (app *App) makeSetup(ctx context.Context, flags *globals, setup *auth0Setup) error {
	keeper, err := app.secretKeeper(ctx, flags, setup)
	if err != nil {
		return err
	}
	secret, err := setup.client.Apply(ctx, setup.plan)
	made := context.WithoutCancel(ctx) // what was made is kept also after Ctrl-C
	if setup.plan.Machine.Done {
		err = errors.Join(err, keeper.keep(made, secret, setup), app.writeProfile(ctx, setup.file, setup.machine, setup.plan.Machine))
	}
	if setup.plan.Native.Done {
		err = errors.Join(err, app.writeProfile(ctx, setup.file, setup.people, setup.plan.Native))
	}
	app.tellSetup(setup, err)
	return errors.Join(err, app.reportSetup(flags, setup, false))
}

// tellSetup says what comes next.
func (app *App) tellSetup(setup *auth0Setup, err error) {
	native := setup.plan.Native
	if native.Done && native.Action == management.Create {
		app.Notice("people log in through the connections enabled for " + native.Name + ": see its Connections in the dashboard")
	}
	switch {
	case err != nil:
	case !setup.does():
		app.Notice("nothing to do")
	default:
		app.Notice("next: appsyncctl login --profile " + setup.people.name + ", or any command with --profile " + setup.machine.name)
	}
}
