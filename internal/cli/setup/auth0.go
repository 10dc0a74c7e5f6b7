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
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/management"
	"github.com/appsyncctl/appsyncctl/internal/output"
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
		Token:  token,
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

// callbacks are where a browser login may come back to.
func callbacks() []string {
	var addresses []string
	for _, port := range session.CallbackPorts() {
		addresses = append(addresses, fmt.Sprintf("http://127.0.0.1:%d/callback", port))
	}
	return addresses
}

// machineProfile is the name of the profile for machines beside that for people, unless
// another is asked for.
func machineProfile(people string) string { return people + "-machine" }

// planProfiles plans the profiles that lead to what the setup makes.
func (s *auth0Setup) planProfiles(options auth0Options) error {
	people := s.settings.Text(config.Profile)
	machine := cmp.Or(options.machineProfile, machineProfile(people))
	if err := config.CheckProfileName(machine); err != nil {
		return err
	}
	if machine == people {
		return config.ProfileNameError(machine)
	}
	scopes := s.settings.Scopes()
	if len(scopes) == 0 {
		scopes = []string{"openid"}
	}
	if !slices.Contains(scopes, "offline_access") {
		scopes = append(scopes, "offline_access")
	}
	s.people = s.planProfile(people, s.plan.Native.ID, map[config.Name]string{
		config.Grant: session.Device, config.Scopes: strings.Join(scopes, " "),
	})
	s.machine = s.planProfile(machine, s.plan.Machine.ID, map[config.Name]string{config.Grant: session.ClientCredentials})
	return nil
}

// planProfile plans one profile. What belongs to another client of it goes.
func (s *auth0Setup) planProfile(name, clientID string, values map[config.Name]string) *profilePlan {
	old := s.file.Profiles[name]
	values[config.Issuer], values[config.Audience], values[config.ClientID] = s.issuer, s.audience, clientID
	endpoint := s.settings.Get(config.Endpoint)
	if old.Endpoint == "" || endpoint.Source == config.FromFlag || endpoint.Source == config.FromEnvironment {
		values[config.Endpoint] = endpoint.Text
	}
	if old.ClientID != clientID {
		for _, of := range []config.Name{config.ClientSecretFile, config.SecretCommand, config.ClientKeyFile, config.ClientAuth} {
			values[of] = ""
		}
	}
	if old.Auth == session.ModeAPIKey || old.Auth == session.ModeIAM { // which take no token
		values[config.Auth] = ""
	}
	return newProfilePlan(s.file, name, values)
}

// writeProfile writes the profile of an application that is there by now.
func writeProfile(ctx context.Context, s *session.Session, file *config.ProfileFile, p *profilePlan, application *management.Step) error {
	p.values[config.ClientID] = application.ID
	return writePlanned(ctx, s, file, p)
}

// setupView is the result of a setup, or its plan.
type setupView struct {
	DryRun bool        `json:"dry_run"`
	Steps  []setupStep `json:"steps"`
}

// setupStep is what a setup has for one object.
type setupStep struct {
	Action  management.Action   `json:"action"`
	Kind    string              `json:"kind"`
	Name    string              `json:"name"`
	ID      string              `json:"id,omitempty"` // a client ID for an application
	Changes []management.Change `json:"changes,omitempty"`
	Done    bool                `json:"done"`
}

// steps returns all steps, those of the profiles last.
func (s *auth0Setup) steps() []setupStep {
	var steps []setupStep
	for _, step := range s.plan.Steps() {
		steps = append(steps, setupStep{step.Action, string(step.Kind), step.Name, step.ID, step.Changes, step.Done})
	}
	for _, p := range []*profilePlan{s.machine, s.people} {
		steps = append(steps, setupStep{p.action, "profile", p.name, "", p.changes, p.done})
	}
	return steps
}

// does reports whether there is anything to do.
func (s *auth0Setup) does() bool {
	for _, step := range s.steps() {
		if step.Action != management.Keep {
			return true
		}
	}
	return false
}

// changes says what a person is to agree to: what is there and gets another value.
func (s *auth0Setup) changes() []string {
	var lines []string
	for _, step := range s.steps() {
		asked := step.Action == management.Update
		if step.Kind == "profile" {
			asked = (step.Name == s.machine.name && s.machine.replaces()) || (step.Name == s.people.name && s.people.replaces())
		}
		if asked {
			lines = append(lines, changeLine(step.Kind, step.Name, step.summary()))
		}
	}
	return lines
}

// summary is the changes of a step on one line.
func (s setupStep) summary() string { return summary(s.Changes, "(the new one)") }

// word is a step's action: what is to be done, or what became of it.
func (s setupStep) word(dryRun bool) string {
	switch {
	case dryRun:
		return string(s.Action)
	case !s.Done:
		return "not done"
	default:
		return map[management.Action]string{management.Create: "created", management.Update: "changed", management.Keep: "kept"}[s.Action]
	}
}

// reportSetup writes the result: what was done, or with dryRun what would be.
func reportSetup(s *session.Session, setup *auth0Setup, dryRun bool) error {
	view := setupView{DryRun: dryRun, Steps: setup.steps()}
	return s.Flags.Output.Write(s.App.Out, view, func(w io.Writer) error {
		var rows [][]string
		for _, step := range view.Steps {
			rows = append(rows, []string{step.word(dryRun), step.Kind, step.Name, step.ID, step.summary()})
		}
		return output.Table(w, []string{"ACTION", "KIND", "NAME", "ID", "CHANGES"}, rows)
	})
}

// secretKeeper puts the secret of a machine's application where login would.
type secretKeeper struct {
	session *session.Session
	stores  *tokencache.Stores
	usable  bool // there is a store that keeps secrets
}

// newSecretKeeper tries the store out before there is a secret to lose. A store that is
// locked is an error; where there is none the secret is not kept.
func newSecretKeeper(ctx context.Context, s *session.Session, setup *auth0Setup) (*secretKeeper, error) {
	stores, err := s.Stores(tokencache.Seal{})
	if err != nil {
		return nil, err
	}
	store := stores.Find(setup.machineKey())
	err = store.Ready(ctx)
	if failure.Is[*tokencache.UnavailableError](err) || failure.Is[tokencache.NoSealError](err) {
		return &secretKeeper{s, stores, false}, nil
	}
	return &secretKeeper{s, stores, store.KeepsSecrets()}, err
}

// machineKey names the token that the machine's profile gets.
func (s *auth0Setup) machineKey() tokencache.Key {
	return tokencache.Key{
		Grant:    session.ClientCredentials,
		Issuer:   s.issuer,
		ClientID: s.plan.Machine.ID,
		Audience: s.audience,
	}
}

// keep stores a new secret, or the one of an application that was there unless it is
// stored already.
func (k *secretKeeper) keep(ctx context.Context, secret management.Secret, setup *auth0Setup) error {
	key := setup.machineKey()
	store := k.stores.Find(key)
	if !k.usable {
		k.unkept(setup, "no token store here can keep it")
		return nil
	}
	if secret == "" {
		_, err := store.Get(ctx, key.Secret())
		if !errors.Is(err, tokencache.ErrNotFound) {
			return err
		}
		secret, err = setup.client.MachineSecret(ctx, key.ClientID)
		if refused, ok := errors.AsType[*management.Error](err); ok && refused.Unauthorized() {
			err = nil
		}
		if err != nil {
			return err
		}
		if secret == "" {
			k.unkept(setup, "the token lacks read:client_keys")
			return nil
		}
	}
	if err := store.SetAlone(ctx, key.Secret(), []byte(secret), k.session.App.Notice); err != nil {
		return fmt.Errorf("the client secret could not be stored: %w", err)
	}
	// logout --all finds by the index what is to be forgotten.
	k.session.Record(ctx, k.stores, store, key.Token(), session.TokenRecord(key, tokencache.Entry{Obtained: k.session.App.Now()}))
	k.session.App.Notice(fmt.Sprintf("the client secret of %s is stored in the %s", setup.plan.Machine.Name, session.StoreName(store)))
	return nil
}

// unkept says where the secret is to come from.
func (k *secretKeeper) unkept(setup *auth0Setup, reason string) {
	k.session.App.Notice(fmt.Sprintf("the client secret of %s is not stored: %s", setup.plan.Machine.Name, reason))
	k.session.App.Notice(fmt.Sprintf("copy it from the dashboard: set %s, or run appsyncctl login --profile %s --client-secret-stdin",
		config.Describe(config.ClientSecret).Variable, setup.machine.name))
}
