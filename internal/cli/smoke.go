package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/report"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
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
	junit        string    // the file to write a report to; empty for none
	github       report.GitHub
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
the API did wrong, "error" that it could not be tested, as with missing settings or
after a timeout; both fail the test.

It runs against the API of the profile. With --emulator it brings its own tenant
and API, needs no settings and leaves nothing behind.`,
		Example: `  appsyncctl smoke --emulator
  appsyncctl smoke --profile staging
  appsyncctl smoke --table Customer --subscribe --max-latency p95=800ms`,
		Args: noArguments,
	}
	smokeFlags(cmd.Flags(), &options)
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return app.smokeMisused(cmd, options, err)
	})
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		options.format, options.github = flags.Output, app.GitHub()
		if err := options.check(); err != nil {
			return app.smokeMisused(cmd, options, err)
		}
		return app.smoke(cmd.Context(), flags, options)
	}
	clean := app.smokeCleanCommand(flags)
	clean.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return &usageError{cmd.CommandPath(), err} })
	cmd.AddCommand(clean)
	return cmd
}

// check refuses what excludes each other.
func (o smokeOptions) check() error {
	switch {
	case o.format != asJSON && o.format != table:
		return fmt.Errorf("smoke reports as a table or as json, not as %s", o.format)
	case o.junit == "-":
		return errors.New("--junit takes the name of a file: what is not in one cannot be read back")
	case o.emulator && o.table != "":
		return errors.New("--table looks into an AWS account, which --emulator has not")
	case o.readOnly && (o.table != "" || o.subscribe || o.keep):
		return errors.New("--read-only creates nothing that --table, --subscribe or --keep could be about")
	default:
		return nil
	}
}

// smokeMisused leaves reports of a command line that cannot be understood, too: an old
// one in their place would read as if the test had passed. Flags before the broken one
// are known.
func (app *App) smokeMisused(cmd *cobra.Command, options smokeOptions, err error) error {
	misused := &usageError{cmd.CommandPath(), err}
	options.github = app.GitHub()
	if options.junit == "-" {
		options.junit = ""
	}
	report := app.newSmokeReport(options)
	report.out = io.Discard
	_ = report.abandon(cmd.Context(), misused) // the exit code is not 0 in any case
	return misused
}

func smokeFlags(set *pflag.FlagSet, options *smokeOptions) {
	set.SortFlags = false
	set.BoolVar(&options.emulator, "emulator", false, "run against an emulator that is started for it")
	set.BoolVar(&options.readOnly, "read-only", false, "create nothing, for an API in production")
	set.BoolVar(&options.keep, "keep", false, "do not delete the two customers")
	set.StringVar(&options.table, "table", "", "`NAME` of the API's DynamoDB table, to look for both customers in, with AWS credentials")
	set.BoolVar(&options.subscribe, "subscribe", false, "see that a subscription tells of both customers")
	set.StringVar(&options.expiredToken, "expired-token-file", "", "`FILE` with a token that has expired, which must be refused")
	set.StringVar(&options.junit, "junit", "", "write a JUnit report to this `FILE`")
	set.Var(&options.latencies, "max-latency", "longest time for the API's answers, such as p95=800ms or max=2s (repeatable)")
}

// latencies is the value of --max-latency.
type latencies []smoke.Latency

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
	limit, err := smoke.ParseLatency(text)
	*l = append(*l, limit)
	return err
}

// Type implements pflag.Value.
func (l *latencies) Type() string { return "limit" }
