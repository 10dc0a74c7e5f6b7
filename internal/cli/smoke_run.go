package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
	"github.com/appsyncctl/appsyncctl/internal/checkup"
	"github.com/appsyncctl/appsyncctl/internal/config"
)

// smoke takes all steps and reports them, whatever goes wrong: a setting that is
// missing is a failed step, and a signal skips those that are left.
func (app *App) smoke(ctx context.Context, flags *globals, options smokeOptions) (err error) {
	settings, problem := app.doctorSettings(flags)
	subject := app.subject(ctx, flags, settings)
	subject.Problem, subject.Remedy = problem.err, problem.remedy
	profile := subject.Profile
	if options.emulator {
		profile = "emulator"
	}
	report := app.newSmokeReport(profile, subject.secrets, options)
	defer func() {
		if cause := recover(); cause != nil {
			err = report.abandon(ctx, fmt.Errorf("the program broke down: %v", cause))
		}
	}()
	var expired auth.Secret
	if options.expiredToken != "" {
		if expired, _, err = app.savedToken(ctx, options.expiredToken); err != nil {
			return report.abandon(ctx, err)
		}
		subject.secrets.add(string(expired))
	}
	checkup.Examine(ctx, subject.Subject, report.step)
	subject.tokens.settle(app.notice)
	app.mask(options.github, subject.secrets.all())
	if ctx.Err() != nil {
		report.skipSteps("interrupted")
		return report.finish(ctx)
	}
	smoke, err := app.smokeSteps(ctx, flags, settings, options, report)
	if err != nil {
		report.skipSteps(err.Error()) // the checks have said why, and more
		return report.finish(ctx)
	}
	smoke.Expired = string(expired)
	smoke.Run(ctx)
	return report.finish(ctx)
}

// smokeSteps puts together what comes after the checks.
func (app *App) smokeSteps(ctx context.Context, flags *globals, settings config.Resolved, options smokeOptions, report *smokeReport) (*checkup.Smoke, error) {
	endpoint, err := endpoint(settings)
	if err != nil {
		return nil, err
	}
	meter := &checkup.Meter{Base: app.attempt(flags), Now: app.Now}
	access, err := app.authorizedOver(ctx, flags, settings, endpoint, &rehearsal{meter})
	if err != nil {
		return nil, err
	}
	smoke := &checkup.Smoke{
		Checks:    report.findings,
		API:       app.explained(access, settings, client(endpoint, access.chain)),
		Mark:      checkup.NewMark(app.Now()),
		ReadOnly:  options.readOnly,
		Keep:      options.keep,
		Meter:     meter,
		Latencies: options.latencies,
		Now:       app.Now,
		Done:      report.step,
	}
	if access.source != nil {
		smoke.Token = access.source.Token
		smoke.Presented = func(token string) graphql.Client {
			return client(endpoint, &presented{token, authScheme(settings), app.chain(flags, meter)})
		}
	}
	if options.subscribe {
		link := app.linkTo(settings, endpoint, access, customersWatchOptions{operations: []appsync.Operation{appsync.Created}})
		smoke.Follow = func(ctx context.Context) (*appsync.Feed, error) {
			feed, _, err := link.open(ctx)
			return feed, err
		}
	}
	if options.table != "" {
		smoke.Table = &dynamoTable{options.table, accountOptions(settings, endpoint)}
	}
	return smoke, nil
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

// dynamoTable is a table of DynamoDB in the account that AWS's own settings name,
// which are read when it is first looked at.
type dynamoTable struct {
	name    string
	options awsaccount.Options
}

// Item implements checkup.Table.
func (t *dynamoTable) Item(ctx context.Context, id string) (map[string]string, bool, error) {
	account, err := awsaccount.Open(ctx, t.options)
	if err != nil {
		return nil, false, err
	}
	return account.Item(ctx, t.name, id)
}

// accountOptions are those for the account that an API is in.
func accountOptions(settings config.Resolved, endpoint *url.URL) awsaccount.Options {
	return awsaccount.Options{Region: firstOf(settings.Text(config.Region), regionOf(endpoint))}
}
