package setup

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/management"
	"github.com/appsyncctl/appsyncctl/internal/session"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

type auth0Options struct {
	name           string // from which the others follow
	machine        string // name of the application for machines
	native         string // name of the application for people
	machineProfile string
	dryRun         bool
	yes            bool
}

func newAuth0Command(s *session.Session) *cobra.Command {
	var options auth0Options
	cmd := &cobra.Command{
		Use:   "auth0",
		Short: "Create the API and the applications in an Auth0 tenant",
		Long: `Create what a login needs in an Auth0 tenant, through its Management API: the API that
--audience names (RS256, offline access), an application for machines with a grant for
that API, and a native application for people, for device flow and the browser. Two
profiles are written: --profile for people, and the same name with -machine for
machines. The machines' client secret goes into the keyring and is never shown.

The token for the Management API is read from standard input and sent only to the tenant.
You can create one in the dashboard (Applications → APIs → Auth0 Management API → API
Explorer), or get one with appsyncctl token, for an application that is granted that API.
It needs these scopes:
` + scopeLines() + `
(read:client_keys only to store the secret of an application that already exists).

Existing objects are found by the API's identifier and the applications' names. A second
run has nothing to do, and a run after an error continues where the first one stopped.
Lists such as callbacks only grow. Objects are created without asking. Before it changes
existing ones it asks; where nobody can be asked it needs --yes. With --dry-run it only
reads, and prints what it would do.`,
		Example: `  appsyncctl setup auth0 --issuer https://TENANT.auth0.com/ --audience https://customers.example.com --dry-run <token
  appsyncctl token --profile management | appsyncctl setup auth0 --issuer https://TENANT.auth0.com/ --audience https://customers.example.com`,
		Args: command.NoArguments,
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.StringVar(&options.name, "name", "appsyncctl", "`name` of the API; the applications get \" machine\" and \" device\" appended")
	set.StringVar(&options.machine, "machine", "", "`name` of the application for machines (default: NAME machine)")
	set.StringVar(&options.native, "native", "", "`name` of the application for people (default: NAME device)")
	set.StringVar(&options.machineProfile, "machine-profile", "", "`profile` for machines (default: PROFILE-machine)")
	set.BoolVar(&options.dryRun, "dry-run", false, "print what would be done, and change nothing")
	set.BoolVarP(&options.yes, "yes", "y", false, "change existing objects without asking")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		options.machine = cmp.Or(options.machine, options.name+" machine")
		options.native = cmp.Or(options.native, options.name+" device")
		switch {
		case options.name == "":
			return app.Usagef("--name cannot be empty")
		case options.machine == options.native:
			return app.Usagef("the two applications need different names")
		case s.App.InTerminal && s.Flags.NoInput:
			return app.Usagef("nobody can be asked here: pipe the token to standard input")
		}
		err := runAuth0(cmd.Context(), s, options)
		return app.Advise(err, managementAdvice(err))
	}
	return cmd
}

// scopeLines are the scopes that a token needs, for the help.
func scopeLines() string {
	var lines []string
	for line := range slices.Chunk(management.Scopes(), 3) {
		lines = append(lines, "    "+strings.Join(line, " "))
	}
	return strings.Join(lines, "\n")
}

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

func runAuth0(ctx context.Context, s *session.Session, options auth0Options) error {
	settings, err := s.NewSettings()
	if err != nil {
		return err
	}
	file, err := s.Profiles()
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
	if err := checkSetup(s, file); err != nil {
		return err
	}
	if setup.client, setup.scopes, err = managementClient(ctx, s, setup.issuer); err != nil {
		return err
	}
	lock := "" // a dry run makes nothing twice
	if !options.dryRun {
		// Auth0 lets two applications have one name: two setups of a tenant at once would
		// make everything twice.
		lock = s.LockFile(fmt.Sprintf("setup-%x.lock", sha256.Sum256([]byte(setup.client.Base))))
	}
	return tokencache.Exclusively(ctx, lock, s.App.Notice, func() error {
		return setupTenant(ctx, s, setup, options)
	})
}

// setupTenant plans a setup and carries it out.
func setupTenant(ctx context.Context, s *session.Session, setup *auth0Setup, options auth0Options) (err error) {
	if setup.file, err = s.ReadProfilesAgain(); err != nil { // another setup may just have written it
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
		s.App.Notice(note)
	}
	if options.dryRun {
		if err := setup.plan.Check(setup.scopes); err != nil {
			s.App.Notice(err.Error())
		}
		return reportSetup(s, setup, true)
	}
	if err := setup.plan.Check(setup.scopes); err != nil {
		return err
	}
	if err := agree(ctx, s, options.yes, setup.changes()); err != nil {
		return err
	}
	return makeSetup(ctx, s, setup)
}

// checkSetup finds before anything is made what would fail afterwards.
func checkSetup(s *session.Session, file *config.ProfileFile) error {
	if err := s.Flags.Output.Write(io.Discard, setupView{}, func(io.Writer) error { return nil }); err != nil {
		return err
	}
	if file.Path == "" { // there is no home for the profiles
		_, err := config.Path(s.App.LookupEnv)
		return err
	}
	return s.CheckEndpoint()
}

// makeSetup carries a setup out. After an error it keeps what was made by then, and says
// it: the next run goes on from there.
func makeSetup(ctx context.Context, s *session.Session, setup *auth0Setup) error {
	keeper, err := newSecretKeeper(ctx, s, setup)
	if err != nil {
		return err
	}
	secret, err := setup.client.Apply(ctx, setup.plan)
	made := context.WithoutCancel(ctx) // what was made is kept also after Ctrl-C
	if setup.plan.Machine.Done {
		err = errors.Join(err, keeper.keep(made, secret, setup), writeProfile(ctx, s, setup.file, setup.machine, setup.plan.Machine))
	}
	if setup.plan.Native.Done {
		err = errors.Join(err, writeProfile(ctx, s, setup.file, setup.people, setup.plan.Native))
	}
	tellSetup(s, setup, err)
	return errors.Join(err, reportSetup(s, setup, false))
}

// tellSetup says what comes next.
func tellSetup(s *session.Session, setup *auth0Setup, err error) {
	native := setup.plan.Native
	if native.Done && native.Action == management.Create {
		s.App.Notice("people log in through the connections enabled for " + native.Name + ": see its Connections in the dashboard")
	}
	switch {
	case err != nil:
	case !setup.does():
		s.App.Notice("nothing to do")
	default:
		s.App.Notice("next: appsyncctl login --profile " + setup.people.name + ", or any command with --profile " + setup.machine.name)
	}
}

// managementClient reads the token and returns a client for the tenant of issuer, with the
// scopes that the token names.
func managementClient(ctx context.Context, s *session.Session, issuer string) (*management.Client, []string, error) {
	token, err := session.SecretFromStdin(ctx, s.App, "Token of the Management API: ")
	if err != nil {
		return nil, nil, err
	}
	claims, err := auth.ParseClaims(string(token))
	switch {
	case err != nil:
		return nil, nil, &management.TokenError{Reason: err.Error()}
	case claims.Format != auth.JWT || strings.ContainsFunc(string(token), func(c rune) bool { return c <= ' ' || c > '~' }):
		return nil, nil, &management.TokenError{Reason: "it is not a JWT"}
	}
	base, err := management.Base(claims.Audience)
	if err != nil {
		return nil, nil, err
	}
	client := s.ProviderClient()
	if err := sameTenant(ctx, s, client, issuer, base, string(token)); err != nil {
		return nil, nil, err
	}
	return &management.Client{
		Base:   base,
		Token:  management.Secret(token),
		HTTP:   client,
		Now:    s.App.Now,
		Notice: s.App.Notice,
	}, claims.Scopes, nil
}

// sameTenant makes sure that the token is one of the tenant that the profiles will name.
// Behind a custom domain the Management API is at the tenant's own domain; the keys are
// the same, and the token is not sent to find that out.
func sameTenant(ctx context.Context, s *session.Session, client *http.Client, issuer, base, token string) error {
	if strings.TrimSuffix(issuer, "/") == strings.TrimSuffix(base, "/api/v2/") {
		return nil
	}
	provider, err := s.Provider(ctx, client, issuer)
	if err != nil {
		return err
	}
	keys, err := auth.FetchKeys(ctx, client, provider)
	if err != nil {
		return err
	}
	if !keys.Verify(token) {
		return &management.TokenError{Reason: "it is for " + base + " and not signed by " + issuer}
	}
	s.App.Notice("the Management API is at " + base + ", the tenant's own domain")
	return nil
}
