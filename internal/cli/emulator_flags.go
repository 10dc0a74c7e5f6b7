package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// emulatorOptions are what start and exec have in common.
type emulatorOptions struct {
	listen      string
	allowRemote bool
	publicURL   string
	tls         bool
	caFile      string

	tenant          string
	autoApprove     bool
	schema          schemaVariant
	modes           []string
	clientIDPattern string
	iatTTL, authTTL tokenLimit
	introspection   bool

	data          string
	dynamoDBTable string
	seed          string

	clockSkew time.Duration
	faults    faultList
	log       bool
}

func emulatorFlags(set *pflag.FlagSet, options *emulatorOptions) {
	set.SortFlags = false
	set.StringVar(&options.listen, "listen", "127.0.0.1:0", "loopback address to listen on; port 0 takes a free one")
	set.BoolVar(&options.allowRemote, "allow-remote", false, "let --listen name an address that other machines reach, as a container must; whoever reaches it gets tokens")
	set.StringVar(&options.publicURL, "public-url", "", "`URL` by which clients know it, when that is not its address")
	set.BoolVar(&options.tls, "tls", false, "serve HTTPS, by an authority made for this run")
	set.StringVar(&options.caFile, "ca-file", "", "`FILE` for that authority's certificate, which clients must trust")
	set.StringVar(&options.tenant, "tenant", "", "YAML `FILE` with the tenant's apis, clients, users and organizations")
	set.BoolVar(&options.autoApprove, "auto-approve", false, "approve every device and every login by itself")
	set.Var(&options.schema, "schema", "schema of the API: wizard, extended (customers create takes --id), or a `FILE` with a part of them")
	set.StringSliceVar(&options.modes, "auth-mode", []string{"oidc"}, "authorization `mode` of the API: oidc, cognito, api-key, iam or lambda (repeatable); the first is the client's")
	set.StringVar(&options.clientIDPattern, "client-id-pattern", "", "regular `expression` that a token's aud or azp must match")
	set.Var(&options.iatTTL, "iat-ttl", "`milliseconds` that the API takes a token after its iat; 0 is no bound")
	set.Var(&options.authTTL, "auth-ttl", "`milliseconds` that the API takes a token after its auth_time; 0 is no bound")
	set.BoolVar(&options.introspection, "introspection", true, "let the API show its schema")
	set.StringVar(&options.data, "data", "", "`FILE` to keep the customers in; default is memory")
	set.StringVar(&options.dynamoDBTable, "dynamodb-table", "", "DynamoDB table to keep the customers in, found as the AWS CLI finds it")
	set.StringVar(&options.seed, "seed", "", "customers to begin with: a `FILE|N` of JSON, or how many to make")
	set.DurationVar(&options.clockSkew, "clock-skew", 0, "how far the emulator's clock is ahead, or behind if negative, such as -5m")
	set.Var(&options.faults, "fault", "a `NAME[,SETTING=VALUE...]` to go wrong with, such as throttled,count=2,retry_after=1 (repeatable)")
	set.BoolVar(&options.log, "log", false, "write a line for each request on standard error")
}

// check finds what does not go together.
func (o *emulatorOptions) check() error {
	for _, mode := range o.modes {
		if !slices.Contains(emulator.ModeNames(), mode) {
			return fmt.Errorf("--auth-mode %q: must be one of %s", mode, strings.Join(emulator.ModeNames(), ", "))
		}
	}
	_, err := regexp.Compile(o.clientIDPattern)
	switch {
	case err != nil && o.clientIDPattern != "*": // AppSync's own word for all clients
		return fmt.Errorf("--client-id-pattern: the emulator takes Go's regular expressions, without a lookahead: %w", err)
	case o.data != "" && o.dynamoDBTable != "":
		return errors.New("--data and --dynamodb-table exclude each other")
	case o.caFile != "" && !o.tls:
		return errors.New("--ca-file is for --tls")
	}
	return nil
}

// config is what the emulator is told; it reads the files that are named.
func (app *App) emulatorConfig(options emulatorOptions) (emulator.Config, error) {
	config := emulator.Config{
		Listen:          options.listen,
		AllowRemote:     options.allowRemote,
		PublicURL:       options.publicURL,
		TLS:             options.tls,
		AutoApprove:     options.autoApprove,
		Modes:           options.modes,
		ClientIDPattern: options.clientIDPattern,
		IatTTL:          time.Duration(options.iatTTL) * time.Millisecond,
		AuthTTL:         time.Duration(options.authTTL) * time.Millisecond,
		NoIntrospection: !options.introspection,
		DataFile:        options.data,
		DynamoDBTable:   options.dynamoDBTable,
		Faults:          options.faults,
		Version:         app.Build.Version,
		Now:             func() time.Time { return app.Now().Add(options.clockSkew) },
	}
	if options.log {
		config.Log = requestLines(app.Err)
	}
	var err error
	if config.Schema, err = options.schema.text(); err != nil {
		return config, err
	}
	if options.tenant != "" {
		if config.TenantYAML, err = os.ReadFile(options.tenant); err != nil {
			return config, err
		}
	}
	if options.seed == "" {
		return config, nil
	}
	if n, err := strconv.ParseUint(options.seed, 10, 31); err == nil {
		config.Seed = emulator.GenerateCustomers(int(n))
		return config, nil
	}
	seed, err := os.ReadFile(options.seed)
	config.Seed = emulator.ReadCustomers(bytes.NewReader(seed))
	return config, err
}

// faultList is the value of --fault.
type faultList []emulator.Fault

// String implements pflag.Value.
func (l *faultList) String() string {
	var names []string
	for _, fault := range *l {
		names = append(names, fault.Name)
	}
	return strings.Join(names, " ")
}

// Set implements pflag.Value.
func (l *faultList) Set(text string) error {
	fault, err := emulator.ParseFault(text)
	if err != nil {
		return err
	}
	*l = append(*l, fault)
	return nil
}

// Type implements pflag.Value.
func (l *faultList) Type() string { return "fault" }

// schemaVariant is the value of --schema.
type schemaVariant string

// String implements pflag.Value.
func (v *schemaVariant) String() string {
	if *v == "" {
		return "wizard"
	}
	return string(*v)
}

// Set implements pflag.Value.
func (v *schemaVariant) Set(text string) error {
	if text == "" {
		return errors.New("must be wizard, extended or a file")
	}
	*v = schemaVariant(text)
	return nil
}

// Type implements pflag.Value.
func (v *schemaVariant) Type() string { return "schema" }

func (v *schemaVariant) text() (string, error) {
	switch v.String() {
	case "wizard":
		return schema.Wizard(), nil
	case "extended":
		return schema.Extended(), nil
	default:
		sdl, err := os.ReadFile(string(*v))
		return schema.Declared(string(sdl)), err
	}
}
