package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Khan/genqlient/graphql"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/checkup"
)

type smokeOptions struct {
	format       format
	emulator     bool
	readOnly     bool
	keep         bool
	subscribe    bool
	table        string    // of DynamoDB; empty if nobody asked for it
	expiredToken string    // the file with a token that has expired; may be empty
	latencies    latencies // limits
}

func (app *App) smokeCommand(flags *globals) *cobra.Command {
	var options smokeOptions
	cmd := &cobra.Command{
		Use:   "smoke",
		Short: "Check the whole path: token, create, list, clean up",
		Long: `Run the checks of "appsyncctl doctor", then see that tampered, expired and absent
tokens are refused, create customer1 (Boston, MA, USA) and customer2 (Dallas, TX,
USA), list, get and update them, and delete them again, also after a failure or
Ctrl-C. The exit code is that of the first step that failed, 0 when all passed.

Both customers carry a mark of this run in their names, so that runs do not
disturb each other; what a killed run leaves behind, "appsyncctl smoke clean"
deletes. On an API in production, --read-only creates nothing.

A request is sent again only when it surely was not executed. "failed" means that
the API did wrong, "error" that nobody could tell, as after a timeout; both fail
the test.

It runs against the API of the profile. With --emulator it brings its own tenant
and API, needs no settings and leaves nothing behind.`,
		Example: `  appsyncctl smoke --emulator
  appsyncctl smoke --profile staging
  appsyncctl smoke --table Customer --subscribe --max-latency p95=800ms`,
		Args: noArguments,
	}
	smokeFlags(cmd.Flags(), &options)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		options.format = flags.output
		if options.format != asJSON && options.format.String() != string(table) {
			return &formatError{fmt.Sprintf("smoke reports as a table or as json, not as %s", options.format)}
		}
		if options.emulator {
			return app.smokeEmulator(cmd.Context(), flags, options)
		}
		return app.smoke(cmd.Context(), flags, options)
	}
	cmd.AddCommand(app.smokeCleanCommand(flags))
	return cmd
}

func smokeFlags(set *pflag.FlagSet, options *smokeOptions) {
	set.SortFlags = false
	set.BoolVar(&options.emulator, "emulator", false, "run against an emulator that is started for it")
	set.BoolVar(&options.readOnly, "read-only", false, "create nothing, for an API in production")
	set.BoolVar(&options.keep, "keep", false, "do not delete the two customers")
	set.StringVar(&options.table, "table", "", "`NAME` of the API's DynamoDB table, to look for both customers in, with AWS credentials")
	set.BoolVar(&options.subscribe, "subscribe", false, "see that a subscription tells of both customers")
	set.StringVar(&options.expiredToken, "expired-token", "", "`FILE` with a token that has expired, which must be refused")
	set.Var(&options.latencies, "max-latency", "longest time for the API's answers, such as p95=800ms or max=2s (repeatable)")
}

// latencies is the value of --max-latency.
type latencies []checkup.Latency

// String implements pflag.Value.
func (l *latencies) String() string {
	var texts []string
	for _, limit := range *l {
		texts = append(texts, limit.Name+"="+limit.Most.String())
	}
	return strings.Join(texts, ",")
}

// Set implements pflag.Value.
func (l *latencies) Set(text string) error {
	limit, err := checkup.ParseLatency(text)
	*l = append(*l, limit)
	return err
}

// Type implements pflag.Value.
func (l *latencies) Type() string { return "limit" }

func (app *App) smoke(ctx context.Context, flags *globals, options smokeOptions) error {
	settings, err := app.settings(flags)
	if err != nil {
		return err
	}
	endpoint, err := endpoint(settings)
	if err != nil {
		return err
	}
	meter := &checkup.Meter{Base: app.attempt(flags), Now: app.Now}
	access, err := app.authorizedOver(ctx, flags, settings, endpoint, meter)
	if err != nil {
		return err
	}
	report := newSmokeReport(app.Out, options.format)
	smoke := &checkup.Smoke{
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
	start := app.Now()
	findings := smoke.Run(ctx)
	report.view.Elapsed = milliseconds(app.Now().Sub(start))
	return report.finish(ctx, findings)
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

// leftoverAge is how old a run must be before its customers count as left behind.
const leftoverAge = 15 * time.Minute
