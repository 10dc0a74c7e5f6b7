package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/signature"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// signingKey signs for every emulator of these tests: making a key takes longer than
// all the rest of a start.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// A setUp is an emulator in the making.
type setUp struct {
	ts      *testscript.TestScript
	config  emulator.Config
	tenants []func(*auth0.Config)
	apis    []func(*appsync.Config)
}

// scriptEmulator starts an emulator for the rest of the script and sets the
// variables that lead to it: emulator [OPTION[=VALUE]]...
func scriptEmulator(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("emulator cannot be expected to fail")
	}
	s := &setUp{ts: ts, config: emulator.Config{SigningKey: signingKey()}}
	s.tenant(func(t *auth0.Config) { t.DeviceInterval = time.Second }) // scripts wait for polls
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		option := s.option(name)
		if option == nil {
			ts.Fatalf("emulator: unknown option %q", name)
		}
		option(value)
	}
	s.config.Tenant = func(t *auth0.Config) {
		for _, change := range s.tenants {
			change(t)
		}
	}
	s.config.API = func(a *appsync.Config) {
		for _, change := range s.apis {
			change(a)
		}
	}
	running, err := emulator.Start(context.Background(), s.config)
	ts.Check(err)
	ts.Defer(func() { _ = running.Close() })
	for _, variable := range running.Environment() {
		ts.Setenv(variable.Name, variable.Value)
	}
}

func (s *setUp) tenant(change func(*auth0.Config)) { s.tenants = append(s.tenants, change) }
func (s *setUp) api(change func(*appsync.Config))  { s.apis = append(s.apis, change) }

func (s *setUp) duration(value string) time.Duration {
	d, err := time.ParseDuration(value)
	s.ts.Check(err)
	return d
}

// option returns what an option of the command does.
func (s *setUp) option(name string) func(value string) {
	const machine, device = 0, 1
	switch name {
	case "extended":
		return func(string) { s.config.Schema = schema.Extended() }
	case "schema":
		return func(file string) { s.config.Schema = schema.Declared(s.ts.ReadFile(file)) }
	case "auto-approve":
		return func(string) { s.config.AutoApprove = true }
	case "client-id-pattern":
		return func(value string) { s.config.ClientIDPattern = value }
	case "token-lifetime":
		return func(value string) {
			s.tenant(func(t *auth0.Config) { t.APIs[0].Lifetime = s.duration(value) })
		}
	case "keep-alive":
		return func(value string) { s.api(func(a *appsync.Config) { a.KeepAlive = s.duration(value) }) }
	case "connection-timeout": // after which the client takes silence for a loss
		return func(value string) { s.api(func(a *appsync.Config) { a.ConnectionTimeout = s.duration(value) }) }
	case "iat-ttl":
		return func(value string) { s.api(func(a *appsync.Config) { a.IatTTL = s.duration(value) }) }
	case "no-introspection":
		return func(string) { s.api(func(a *appsync.Config) { a.IntrospectionOff = true }) }
	case "strict-raw":
		return func(string) { s.api(func(a *appsync.Config) { a.StrictRaw = true }) }
	case "machine-auth": // the one method that the tenant takes from the machine
		return func(value string) {
			s.tenant(func(t *auth0.Config) { t.Clients[machine].Method = auth0.AuthMethod(value) })
		}
	case "machine-key": // a file for the private key, made now
		return s.machineKey
	case "machine-quota": // one token an hour, and the hour is half over
		return func(string) {
			halfPast := time.Now().Truncate(time.Hour).Add(30 * time.Minute)
			ahead := time.Until(halfPast)
			s.config.Now = func() time.Time { return time.Now().Add(ahead) }
			s.tenant(func(t *auth0.Config) { t.Clients[machine].Quota = auth0.Quota{PerHour: 1} })
		}
	case "callback": // a redirect URI of the native client
		return func(value string) {
			s.tenant(func(t *auth0.Config) { t.Clients[device].RedirectURIs = []string{value} })
		}
	case "api-key":
		return func(string) {
			s.ts.Setenv("APPSYNCCTL_API_KEY", "da2-scriptscriptscriptscriptsc")
			s.api(func(a *appsync.Config) { a.APIKeys = []redact.Secret{"da2-scriptscriptscriptscriptsc"} })
		}
	case "iam":
		return func(string) {
			s.ts.Setenv("AWS_ACCESS_KEY_ID", "AKIASCRIPT")
			s.ts.Setenv("AWS_SECRET_ACCESS_KEY", "script-secret")
			s.api(func(a *appsync.Config) { a.IAM = &signature.Key{ID: "AKIASCRIPT", Secret: "script-secret"} })
		}
	case "account": // the AWS account around the API, with the key that reads it
		return func(string) { s.config.Modes = []string{"oidc", "iam"} }
	case "cognito": // the tenant stands in for a user pool
		return func(string) {
			s.api(func(a *appsync.Config) { a.CognitoIssuer, a.Issuer = a.Issuer, "" })
		}
	case "lambda":
		return func(value string) {
			s.api(func(a *appsync.Config) { a.LambdaToken = redact.Secret(value) })
		}
	default:
		return nil
	}
}

// machineKey registers a new key of the machine client and writes its private
// half for the client.
func (s *setUp) machineKey(file string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	s.ts.Check(err)
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	s.ts.Setenv("APPSYNCCTL_CLIENT_ID", emulator.MachineClientID)
	s.ts.Setenv("APPSYNCCTL_AUDIENCE", emulator.Audience)
	s.ts.Check(os.WriteFile(s.ts.MkAbs(file), pem.EncodeToMemory(block), 0o600))
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	s.ts.Check(err)
	s.tenant(func(t *auth0.Config) {
		t.Clients[0].Method = auth0.PrivateKeyJWT
		t.Clients[0].Secret = ""
		t.Clients[0].PublicKey = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	})
}
