package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

// Paths of the emulator that faults strike.
const (
	graphqlPath  = "/graphql"
	metadataPath = "/.well-known/openid-configuration"
	keysPath     = "/.well-known/jwks.json"
	tokenPath    = "/oauth/token"
)

// then does something once the emulator runs.
func then(do func(*scene)) change {
	return func(s *scene) { s.ready = append(s.ready, func() { do(s) }) }
}

// all are the changes of a row, in their order.
func all(changes ...change) []change { return changes }

// both are changes that belong together.
func both(changes ...change) change {
	return func(s *scene) {
		for _, change := range changes {
			change(s)
		}
	}
}

// env sets a variable.
func env(name, value string) change {
	return then(func(s *scene) { s.variables[name] = value })
}

// respelled changes the value that a variable has.
func respelled(name string, spell func(string) string) change {
	return then(func(s *scene) { s.variables[name] = spell(s.variables[name]) })
}

// without takes variables away.
func without(names ...string) change {
	return then(func(s *scene) {
		for _, name := range names {
			delete(s.variables, name)
		}
	})
}

// flags are given to doctor.
func flags(arguments ...string) change {
	return func(s *scene) { s.arguments = append(s.arguments, arguments...) }
}

// configured changes the emulator's configuration.
func configured(set func(*emulator.Config)) change {
	return func(s *scene) { s.own = true; set(&s.config) }
}

// atTenant changes the provider.
func atTenant(set func(*auth0.Config)) change {
	return func(s *scene) { s.own, s.tenants = true, append(s.tenants, set) }
}

// atMachine changes the demo's machine client at the provider.
func atMachine(set func(*auth0.Client)) change {
	return atTenant(func(t *auth0.Config) { set(&t.Clients[0]) })
}

// atAPI changes the API.
func atAPI(set func(*appsync.Config)) change {
	return func(s *scene) { s.own, s.apis = true, append(s.apis, set) }
}

// fault lets the emulator misbehave.
func fault(f emulator.Fault) change {
	return configured(func(c *emulator.Config) { c.Faults = append(c.Faults, f) })
}

// faults are those that need no more than a name.
func faults(names ...string) change {
	return configured(func(c *emulator.Config) {
		for _, name := range names {
			c.Faults = append(c.Faults, emulator.Fault{Name: name})
		}
	})
}

// hung lets a path of the emulator answer nothing; the checks give up when it was asked.
func hung(path string, checks ...string) change {
	hour := emulator.Duration(time.Hour)
	return both(
		fault(emulator.Fault{Name: "slow", Path: path, Delay: hour, Count: 1}), // gone when it was asked
		fault(emulator.Fault{Name: "slow", Path: path, Delay: hour}),
		then(func(s *scene) {
			asked := s.givesUp(checks...)
			go func() {
				for s.armed() > 1 {
					select {
					case <-s.t.Context().Done():
						return
					case <-time.After(10 * time.Millisecond):
					}
				}
				asked()
			}()
		}),
	)
}

// answers lets a path of the emulator answer otherwise.
func answers(path string, status int, body string, headers ...string) change {
	all := map[string]string{}
	for i := 0; i+1 < len(headers); i += 2 {
		all[headers[i]] = headers[i+1]
	}
	return fault(emulator.Fault{Name: "answer", Path: path, Status: status, Body: body, Headers: all})
}

// fieldAnswers lets the API answer what is asked of one field otherwise.
func fieldAnswers(field, body string) change {
	return fault(emulator.Fault{Name: "answer", Path: graphqlPath, Operation: field, Status: 200, Body: body})
}

// claims gives the tokens other claims, by their JSON; null takes one away.
func claims(text string) change {
	return func(s *scene) { fault(emulator.Fault{Name: "altered-token", Claims: members(text)})(s) }
}

// header gives the tokens another header.
func header(text string) change {
	return fault(emulator.Fault{Name: "altered-token", Header: members(text)})
}

// ago is a time claim that lies so far back when its row is played.
func ago(d time.Duration) string { return `"ago ` + d.String() + `"` }

func members(text string) map[string]json.RawMessage {
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		panic(err)
	}
	for name, value := range all {
		if since, isTime := strings.CutPrefix(strings.Trim(string(value), `"`), "ago "); isTime {
			d, err := time.ParseDuration(since)
			if err != nil {
				panic(err)
			}
			all[name] = strconv.AppendInt(nil, time.Now().Add(-d).Unix(), 10)
		}
	}
	return all
}

// account gives the client AWS credentials of the account around the API.
func account(modes ...string) change {
	if len(modes) == 0 {
		modes = []string{"oidc", "iam"}
	}
	return configured(func(c *emulator.Config) { c.Modes = modes })
}

// metadata are the provider's own, but for one text in them.
func metadata(old, replacement string) change {
	return both(configured(nothing), then(func(s *scene) {
		issuer, err := url.Parse(strings.TrimSuffix(s.variables["APPSYNCCTL_ISSUER"], "/") + "/")
		if err != nil {
			s.t.Fatal(err)
		}
		text, err := json.Marshal(map[string]any{
			"issuer": issuer.String(), "authorization_endpoint": issuer.String() + "authorize", "token_endpoint": issuer.String() + "oauth/token",
			"device_authorization_endpoint": issuer.String() + "oauth/device/code", "jwks_uri": issuer.String() + ".well-known/jwks.json",
			"grant_types_supported": []string{"client_credentials", "authorization_code", "urn:ietf:params:oauth:grant-type:device_code"},
		})
		if err != nil {
			s.t.Fatal(err)
		}
		altered := strings.ReplaceAll(string(text), old, replacement)
		if altered == string(text) {
			s.t.Fatalf("the metadata has no %s", old)
		}
		s.arm(emulator.Fault{Name: "answer", Path: issuer.Path + strings.TrimPrefix(metadataPath, "/"), Status: 200, Body: altered})
	}))
}

func nothing(*emulator.Config) {}

// device makes the client the native one, which a person logs in with.
func device(s *scene) {
	then(func(s *scene) {
		s.variables["APPSYNCCTL_CLIENT_ID"] = emulator.DeviceClientID
		s.variables["APPSYNCCTL_CLIENT_SECRET"] = ""
	})(s)
}

// loggedIn has a person log in by a device code.
func loggedIn(s *scene) {
	configured(func(c *emulator.Config) { c.AutoApprove = true })(s)
	device(s)
	then(func(s *scene) { s.must("login", "--grant", "device") })(s)
}

// given sets a token, made from one of the demo's machine.
func given(spell func(token string) string) change {
	return then(func(s *scene) { s.variables["APPSYNCCTL_TOKEN"] = spell(s.token(s.emulator)) })
}

// elsewhere lets another emulator, whose clock is off, be the provider.
func elsewhere(ahead time.Duration) change {
	return func(s *scene) {
		provider := started(s.t, emulator.Config{Now: func() time.Time { return time.Now().Add(ahead) }})
		provided(provider)(s)
		atAPI(func(a *appsync.Config) { a.Issuer = provider.URL() + "/" })(s)
	}
}

// provided lets the client have its tokens from the tenant of another emulator.
func provided(by *emulator.Emulator) change {
	return then(func(s *scene) {
		for _, variable := range by.Environment() {
			if variable.Name != "APPSYNCCTL_ENDPOINT" {
				s.variables[variable.Name] = variable.Value
			}
		}
	})
}

// nowhere is a proxy that leads nowhere, so that no test asks the internet.
func nowhere(s *scene) { proxied(status(http.StatusBadGateway))(s) }

// status answers everybody with one status.
func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// clientKey lets the machine prove itself with a key in place of its secret.
func clientKey(s *scene) {
	file, public := s.keyPair("client.pem")
	atMachine(func(c *auth0.Client) { c.Method, c.Secret, c.PublicKey = auth0.PrivateKeyJWT, "", public })(s)
	then(func(s *scene) {
		s.variables["APPSYNCCTL_CLIENT_ID"], s.variables["APPSYNCCTL_AUDIENCE"] = emulator.MachineClientID, emulator.Audience
		s.variables["APPSYNCCTL_CLIENT_SECRET"], s.variables["APPSYNCCTL_CLIENT_KEY_FILE"] = "", file
	})(s)
}

// keyPair makes a key, writes it into a file and returns its public half.
func (s *scene) keyPair(name string) (file, public string) {
	s.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		s.t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		s.t.Fatal(err)
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return s.file(name, string(private)), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// armClaims gives the tokens other claims from now on.
func (s *scene) armClaims(text string) {
	s.t.Helper()
	s.arm(emulator.Fault{Name: "altered-token", Claims: members(text)})
}

// later is when the emulator and the client have aged by d, both by their own clocks.
func later(d time.Duration) change {
	var passed atomic.Bool
	return both(
		configured(func(c *emulator.Config) {
			c.Now = func() time.Time {
				if passed.Load() {
					return time.Now().Add(d)
				}
				return time.Now()
			}
		}),
		then(func(s *scene) {
			passed.Store(true)
			s.variables["TEST_AHEAD"] = d.String()
		}),
	)
}

// standing stops the clocks of everybody, for what is told to the second.
func standing(s *scene) {
	now := time.Now()
	configured(func(c *emulator.Config) { c.Now = func() time.Time { return now } })(s)
	env("TEST_NOW", now.Format(time.RFC3339Nano))(s)
}

// halfPast is when an hour is half over, for everybody: quotas begin anew with it.
func halfPast(s *scene) {
	now := time.Now()
	ahead := now.Truncate(time.Hour).Add(30 * time.Minute).Sub(now)
	configured(func(c *emulator.Config) { c.Now = func() time.Time { return time.Now().Add(ahead) } })(s)
	env("TEST_AHEAD", ahead.String())(s)
}
