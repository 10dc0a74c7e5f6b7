package cli

import (
	"context"
	"net/http"
	"strings"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
)

// smoke takes all steps and reports them, whatever goes wrong: a setting that is
// missing is a failed step, and a signal skips those that are left.
func (app *App) smoke(ctx context.Context, flags *globals, options smokeOptions) (err error) {
	report := app.newSmokeReport(options)
	defer context.AfterFunc(ctx, report.interrupted)()
	defer func() {
		if thrown := recover(); thrown != nil {
			err = report.abandon(ctx, newBrokenError("smoke", thrown))
		}
	}()
	if options.emulator {
		report.profile = "emulator"
		inside, own, end, err := app.besideEmulator(ctx, flags)
		if err != nil {
			return report.abandon(ctx, err)
		}
		defer end()
		app, flags = inside, own
	}
	settings, problem := app.readableSettings(flags)
	if !options.emulator {
		report.profile = settings.Text(config.Profile)
	}
	examinee := app.examinee(ctx, flags, settings)
	examinee.Problem, examinee.Remedy = problem.err, problem.remedy
	report.secrets = examinee.secrets
	expired, err := app.expiredToken(ctx, flags, settings, examinee, options)
	if err != nil {
		return report.abandon(ctx, err)
	}
	examinee.secrets.Add(string(expired))
	report.begin()
	doctor.Examine(ctx, examinee.Subject, report.step)
	examinee.tokens.settle(app.Notice)
	app.mask(options.github)
	if ctx.Err() != nil {
		report.skipSteps("interrupted")
		return report.finish(ctx)
	}
	test, err := app.smokeSteps(ctx, flags, settings, examinee, options, report)
	if err != nil {
		report.skipSteps(err.Error()) // the checks have said why, and more
		return report.finish(ctx)
	}
	test.Expired = string(expired)
	if options.table != "" {
		test.Table = &accountTable{options.table, examinee.account}
	}
	test.Run(ctx)
	return report.finish(ctx)
}

// smokeSteps puts together what comes after the checks. The token is theirs.
func (app *App) smokeSteps(ctx context.Context, flags *globals, settings config.Resolved, examinee *examinee, options smokeOptions, report *smokeReport) (*smoke.Test, error) {
	endpoint, err := endpoint(settings)
	if err != nil {
		return nil, err
	}
	meter := &smoke.Meter{Base: app.attempt(flags), Now: app.Now}
	var access access
	if examinee.cached != nil {
		access = app.byToken(flags, settings, endpoint, examinee.cached.source, meter)
	} else if access, err = app.authorizedOver(ctx, flags, settings, endpoint, meter); err != nil {
		return nil, err
	}
	test := &smoke.Test{
		Checks:    report.findings,
		API:       app.explained(access, settings, client(endpoint, access.chain)),
		Mark:      smoke.NewMark(app.Now()),
		ReadOnly:  options.readOnly,
		Keep:      options.keep,
		Meter:     meter,
		Latencies: options.latencies,
		Now:       app.Now,
		Deadline:  app.Deadline,
		Done:      report.step,
	}
	if access.source != nil {
		test.Token = access.source.Token
		test.Presented = func(token string) graphql.Client {
			return client(endpoint, &presented{token, authScheme(settings), app.chain(flags, app.attempt(flags))})
		}
	}
	if options.subscribe {
		connector := app.connector(endpoint, access.authorizer) // without replacement: it is of use for seconds
		test.Follow = func(ctx context.Context) (*appsync.Stream, error) {
			stream, err := connector.Follow(ctx, []appsync.Operation{appsync.Created}, appsync.Match{})
			return stream, explainRefusal(ctx, err, access.source, settings, app.Now)
		}
	}
	return test, nil
}

// presented shows a token as it is.
type presented struct {
	token, scheme string
	base          http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (p *presented) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", strings.TrimSpace(p.scheme+" "+p.token))
	return p.base.RoundTrip(req)
}
