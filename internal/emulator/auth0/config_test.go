package auth0_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

func TestNewRefuses(t *testing.T) {
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	client := func(c auth0.Client) auth0.Config {
		c.ID = "a"
		return auth0.Config{Issuer: "http://h/", Clients: []auth0.Client{c}}
	}
	tests := []struct {
		name   string
		config auth0.Config
		want   string
	}{
		{"issuer without slash", auth0.Config{Issuer: "http://127.0.0.1:1"}, "trailing slash"},
		{"issuer without host", auth0.Config{Issuer: "/"}, "absolute URL"},
		{"client without id", auth0.Config{Issuer: "http://h/", Clients: []auth0.Client{{}}}, "client 1 has no id"},
		{"client twice", auth0.Config{Issuer: "http://h/", Clients: []auth0.Client{{ID: "a"}, {ID: "a"}}}, "client a is there twice"},
		{"api twice", auth0.Config{Issuer: "http://h/", APIs: []auth0.API{{Identifier: "a"}, {Identifier: "a"}}}, "api a is there twice"},
		{"algorithm", auth0.Config{Issuer: "http://h/", APIs: []auth0.API{{Identifier: "a", Algorithm: "none"}}}, `unknown signing algorithm "none"`},
		{"dialect", auth0.Config{Issuer: "http://h/", APIs: []auth0.API{{Identifier: "a", Dialect: "x"}}}, `unknown token dialect "x"`},
		{"user without id", auth0.Config{Issuer: "http://h/", Users: []auth0.User{{Name: "Ann"}}}, "user 1 has no id"},
		{"method without secret", client(auth0.Client{Method: auth0.SecretPost}), "no secret"},
		{"method without key", client(auth0.Client{Method: auth0.PrivateKeyJWT}), "not PEM"},
		{"elliptic key", client(auth0.Client{Method: auth0.PrivateKeyJWT, PublicKey: publicPEM(t, ecKey.Public())}), "not an RSA key"},
		{"method", client(auth0.Client{Method: "smile"}), `unknown authentication method "smile"`},
		{"grant type", client(auth0.Client{Grants: []string{"device_code"}}), `unknown grant type "device_code"`},
		{"usage", client(auth0.Client{Organization: "x"}), `unknown organization usage "x"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := auth0.New(tt.config); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestReadYAML(t *testing.T) {
	config := auth0.Config{Clients: []auth0.Client{{ID: "old"}}, Users: []auth0.User{{ID: "auth0|stays"}}}
	err := config.ReadYAML(strings.NewReader(`
apis:
  - identifier: https://api.example/
    name: Customers
    signing_alg: HS256
    scopes: [read:customers]
    token_lifetime: 1h
    token_dialect: rfc9068_profile
    allow_offline_access: true
clients:
  - client_id: machine
    client_secret: abc
    token_endpoint_auth_method: client_secret_basic
    grant_types: [client_credentials]
    client_grants: {https://api.example/: [read:customers], /api/v2/: [read:clients]}
    token_quota: {per_hour: 5}
    organization_usage: require
organizations:
  - {id: org_1, name: acme}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := auth0.Config{
		APIs: []auth0.API{{
			Identifier: "https://api.example/", Name: "Customers", Algorithm: auth0.HS256,
			Scopes: []string{"read:customers"}, Lifetime: time.Hour,
			Dialect: auth0.DialectRFC9068, OfflineAccess: true,
		}},
		Clients: []auth0.Client{{
			ID: "machine", Secret: "abc", Method: auth0.SecretBasic, Grants: []string{auth0.GrantClientCredentials},
			Audiences: map[string][]string{"https://api.example/": {"read:customers"}, auth0.ManagementAPI: {"read:clients"}},
			Quota:     auth0.Quota{PerHour: 5}, Organization: auth0.OrganizationRequire,
		}},
		Users:         []auth0.User{{ID: "auth0|stays"}},
		Organizations: []auth0.Organization{{ID: "org_1", Name: "acme"}},
	}
	if !reflect.DeepEqual(config, want) {
		t.Errorf("got %+v\nwant %+v", config, want)
	}
	if err := config.ReadYAML(strings.NewReader("")); err != nil {
		t.Errorf("empty file: %v", err)
	}
	for file, want := range map[string]string{
		"clients:\n  - client_id: a\n    pasword: x\n": "line 3: field pasword not found",
		"clients: 7": "line 1",
		"apis: [\"":  "yaml",
	} {
		if err := config.ReadYAML(strings.NewReader(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", file, err, want)
		}
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	client := auth0.Client{ID: "a", Secret: "hidden"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", client.Secret)
	for _, got := range []string{fmt.Sprintf("%v %+v %#v %s %q", client, client, client, client.Secret, client.Secret), log.String()} {
		if strings.Contains(got, "hidden") || !strings.Contains(got, "[redacted]") {
			t.Errorf("got %s", got)
		}
	}
}
