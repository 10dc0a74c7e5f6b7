package emulator

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

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// sharedOptions are what start and exec have in common.
type sharedOptions struct {
	listen      string
	allowRemote bool
	publicURL   string
	tls         bool
	caFile      string

	tenant          string
	autoApprove     bool
	schema          string // wizard, extended or a file
	modes           []string
	clientIDPattern string
	iatTTL, authTTL int64 // milliseconds; 0 is no bound
	introspection   bool

	data          string
	dynamoDBTable string
	seed          string

	clockSkew time.Duration
	faults    []emulator.Fault
	log       bool
}

func addFlags(set *pflag.FlagSet, options *sharedOptions) {
	set.SortFlags = false
	set.StringVar(&options.listen, "listen", "127.0.0.1:0", "loopback address to listen on; port 0 takes a free one")
	set.BoolVar(&options.allowRemote, "allow-remote", false, "let --listen name an address that other machines reach, as a container must; whoever reaches it gets tokens")
	set.StringVar(&options.publicURL, "public-url", "", "`URL` by which clients know it, when that is not its address")
	set.BoolVar(&options.tls, "tls", false, "serve HTTPS, by an authority made for this run")
	set.StringVar(&options.caFile, "ca-file", "", "`FILE` for that authority's certificate, which clients must trust")
	set.StringVar(&options.tenant, "tenant", "", "YAML `FILE` with the tenant's apis, clients, users and organizations")
	set.BoolVar(&options.autoApprove, "auto-approve", false, "approve every device and every login by itself")
	options.schema = "wizard"
	set.Var(schemaName(&options.schema), "schema", "schema of the API: wizard, extended (customers create takes --id), or a `FILE` with a part of them")
	set.StringSliceVar(&options.modes, "auth-mode", []string{"oidc"}, "authorization `mode` of the API: oidc, cognito, api-key, iam or lambda (repeatable); the first is the client's")
	set.StringVar(&options.clientIDPattern, "client-id-pattern", "", "regular `expression` that a token's aud or azp must match")
	set.Var(command.Milliseconds(&options.iatTTL), "iat-ttl", "`milliseconds` that the API takes a token after its iat; 0 is no bound")
	set.Var(command.Milliseconds(&options.authTTL), "auth-ttl", "`milliseconds` that the API takes a token after its auth_time; 0 is no bound")
	set.BoolVar(&options.introspection, "introspection", true, "let the API show its schema")
	set.StringVar(&options.data, "data", "", "`FILE` to keep the customers in; default is memory")
	set.StringVar(&options.dynamoDBTable, "dynamodb-table", "", "DynamoDB table to keep the customers in, found as the AWS CLI finds it")
	set.StringVar(&options.seed, "seed", "", "customers to begin with: a `FILE|N` of JSON, or how many to make")
	set.DurationVar(&options.clockSkew, "clock-skew", 0, "how far the emulator's clock is ahead, or behind if negative, such as -5m")
	set.Var(faults(&options.faults), "fault", "a `NAME[,SETTING=VALUE...]` to go wrong with, such as throttled,count=2,retry_after=1 (repeatable)")
	set.BoolVar(&options.log, "log", false, "write a line for each request on standard error")
}

// check finds what does not go together.
func (o *sharedOptions) check() error {
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
func configure(world *app.App, options sharedOptions) (emulator.Config, error) {
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
		Version:         world.Build.Version,
		Now:             func() time.Time { return world.Now().Add(options.clockSkew) },
	}
	if options.log {
		config.Log = requestLines(world.Err)
	}
	var err error
	if config.Schema, err = schemaText(options.schema); err != nil {
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

// faults is the value of --fault.
func faults(target *[]emulator.Fault) pflag.Value {
	return command.Parsed(target, "fault", func(text string) ([]emulator.Fault, error) {
		fault, err := emulator.ParseFault(text)
		return append(*target, fault), err
	}, func(list []emulator.Fault) string {
		var names []string
		for _, fault := range list {
			names = append(names, fault.Name)
		}
		return strings.Join(names, " ")
	})
}

// schemaName is the value of --schema: a name, or a file.
func schemaName(target *string) pflag.Value {
	return command.Parsed(target, "schema", func(text string) (string, error) {
		if text == "" {
			return "", errors.New("must be wizard, extended or a file")
		}
		return text, nil
	}, func(name string) string { return name })
}

func schemaText(name string) (string, error) {
	switch name {
	case "wizard":
		return schema.Wizard(), nil
	case "extended":
		return schema.Extended(), nil
	default:
		sdl, err := os.ReadFile(name)
		return schema.Declared(string(sdl)), err
	}
}
