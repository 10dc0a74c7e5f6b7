package doctor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
)

// inAccount is an account that says always the same.
type inAccount struct {
	api *awsaccount.API
	err error
}

func (a inAccount) API(context.Context, string) (*awsaccount.API, error) { return a.api, a.err }

// TestAPIAccount compares what the account says with the token, whether the API
// accepts it or not.
func TestAPIAccount(t *testing.T) {
	oidc := func(change func(*awsaccount.Mode)) func(issuer string) []awsaccount.Mode {
		return func(issuer string) []awsaccount.Mode {
			mode := awsaccount.Mode{Type: awsaccount.OpenIDConnect, Issuer: issuer}
			if change != nil {
				change(&mode)
			}
			return []awsaccount.Mode{mode}
		}
	}
	key := awsaccount.Mode{Type: awsaccount.APIKey}
	tests := []struct {
		name   string
		config *emulator.Config // of a sound one if nil
		modes  func(issuer string) []awsaccount.Mode
		change func(*setup)
		first  doctor.ID // that fails
		id     doctor.ID
		want   doctor.Result
		words  []string
	}{
		{name: "sound", modes: oidc(nil), id: "API-005", want: doctor.OK, words: []string{"default mode"}},
		{name: "an additional mode", modes: func(issuer string) []awsaccount.Mode { return append([]awsaccount.Mode{key}, oidc(nil)(issuer)...) }, id: "API-005", want: doctor.OK, words: []string{"additional mode"}},
		{
			name: "not its mode", config: &emulator.Config{Modes: []string{"api-key"}}, modes: func(string) []awsaccount.Mode { return []awsaccount.Mode{key} },
			change: person, first: "API-005", id: "API-005", want: doctor.Failure,
			words: []string{"the API's modes are API_KEY, and OPENID_CONNECT is not one of them", "appsyncctl profile set default --auth api-key"},
		},
		{name: "not its mode, but accepted", modes: func(string) []awsaccount.Mode { return []awsaccount.Mode{key} }, id: "API-005", want: doctor.Warning, words: []string{"but the API accepts"}},

		{name: "issuer", modes: oidc(nil), id: "API-006", want: doctor.OK},
		{
			name: "issuer without its slash", modes: oidc(func(m *awsaccount.Mode) { m.Issuer = m.Issuer[:len(m.Issuer)-1] }),
			id: "API-006", want: doctor.OK, words: []string{"slash"},
		},
		{
			name: "another issuer", config: &emulator.Config{API: func(c *appsync.Config) { c.Issuer = "https://127.0.0.1:1/" }},
			modes: oidc(func(m *awsaccount.Mode) { m.Issuer = "https://127.0.0.1:1/" }),
			first: "API-006", id: "API-006", want: doctor.Failure, words: []string{"the API's issuer is https://127.0.0.1:1/, and the token's is http://127.0.0.1:"},
		},
		{
			name: "the token's issuer among several", id: "API-006", want: doctor.OK,
			modes: func(issuer string) []awsaccount.Mode {
				return append(oidc(func(m *awsaccount.Mode) { m.Issuer = "https://other.example/" })(""), oidc(nil)(issuer)...)
			},
		},
		{
			name: "another user pool", config: &emulator.Config{Modes: []string{"cognito"}, API: func(c *appsync.Config) { c.CognitoIssuer = "https://127.0.0.1:1/" }},
			modes: func(string) []awsaccount.Mode {
				return []awsaccount.Mode{{Type: awsaccount.UserPools, UserPool: "cn-north-1_x", PoolRegion: "cn-north-1"}}
			},
			first: "API-006", id: "API-006", want: doctor.Failure, words: []string{"https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_x", "user pool"},
		},
		{
			name: "a user pool that accepts the token", config: &emulator.Config{Modes: []string{"cognito"}},
			modes: func(string) []awsaccount.Mode {
				return []awsaccount.Mode{{Type: awsaccount.UserPools, UserPool: "eu-west-1_x", PoolRegion: "eu-west-1", PoolClients: "demo-machine"}}
			},
			id: "API-006", want: doctor.OK,
		},
		{name: "another issuer, but accepted", modes: oidc(func(m *awsaccount.Mode) { m.Issuer = "https://custom.example/" }), id: "API-006", want: doctor.Warning},

		{name: "every client", modes: oidc(func(m *awsaccount.Mode) { m.Client = "*" }), id: "API-007", want: doctor.OK, words: []string{"every client"}},
		{name: "this client", modes: oidc(func(m *awsaccount.Mode) { m.Client = "x|demo-machine" }), id: "API-007", want: doctor.OK},
		{name: "this client in part, which was enough", modes: oidc(func(m *awsaccount.Mode) { m.Client = "demo" }), id: "API-007", want: doctor.OK, words: []string{"a part"}},
		{
			name: "another client", config: &emulator.Config{ClientIDPattern: "other"}, modes: oidc(func(m *awsaccount.Mode) { m.Client = "other" }),
			first: "API-007", id: "API-007", want: doctor.Failure, words: []string{"client id expression  other", "azp  demo-machine"},
		},
		{
			name: "an expression of Java", config: &emulator.Config{ClientIDPattern: "other"}, modes: oidc(func(m *awsaccount.Mode) { m.Client = "(?!other)x++" }),
			first: "API-007", id: "API-007", want: doctor.Failure, words: []string{"matches neither"},
		},
		{
			name: "not the client after all", config: &emulator.Config{ClientIDPattern: "other"}, modes: oidc(nil),
			first: "API-011", id: "API-011", want: doctor.Failure, words: []string{"Unauthorized", "get-graphql-api --api-id a1"},
		},

		{name: "no bound", modes: oidc(nil), id: "API-008", want: doctor.OK, words: []string{"no bound"}},
		{name: "bounded", modes: oidc(func(m *awsaccount.Mode) { m.IatTTL = 48 * time.Hour }), id: "API-008", want: doctor.OK, words: []string{"takes it for 48h0m0s"}},
		{
			name: "seconds for milliseconds", config: &emulator.Config{IatTTL: 3600 * time.Millisecond},
			modes: oidc(func(m *awsaccount.Mode) { m.IatTTL = 3600 * time.Millisecond }),
			id:    "API-008", want: doctor.Warning, words: []string{"lives 24h0m0s", "3.6s", "3600 milliseconds", "it would be 3600000"},
		},
		{
			name: "too old", config: &emulator.Config{IatTTL: time.Nanosecond}, modes: oidc(func(m *awsaccount.Mode) { m.IatTTL = time.Nanosecond }),
			first: "API-008", id: "API-008", want: doctor.Failure, words: []string{"the API takes none that is older", "to 86400000"},
		},

		{
			name: "no time of a login", config: &emulator.Config{AuthTTL: time.Hour}, modes: oidc(func(m *awsaccount.Mode) { m.AuthTTL = time.Hour }),
			first: "API-009", id: "API-009", want: doctor.Failure, words: []string{"3600000 ms (1h0m0s)", "no auth_time"},
		},
		{
			name: "no time of a login, which is the cause", config: &emulator.Config{AuthTTL: time.Hour}, modes: oidc(func(m *awsaccount.Mode) { m.AuthTTL = time.Hour }),
			first: "API-009", id: "API-011", want: doctor.Failure, words: []string{"see API-009"},
		},
		{
			name: "an account that names no function", config: &emulator.Config{Modes: []string{"lambda"}},
			modes: func(string) []awsaccount.Mode {
				return []awsaccount.Mode{{Type: awsaccount.Lambda, Function: "arn:aws:lambda:eu-west-1:123456789012:function:authorizer"}}
			},
			change: func(s *setup) { s.give("function-does-not-know", "") },
			first:  "API-011", id: "API-011", want: doctor.Failure, words: []string{"aws logs tail /aws/lambda/authorizer"},
		},
	}
	sound := newSetup(t, emulator.Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := sound.again()
			if tt.config != nil {
				s = newSetup(t, *tt.config)
			}
			if tt.change != nil {
				tt.change(s)
			}
			s.Account = inAccount{api: &awsaccount.API{ID: "a1", Name: "customers", Modes: tt.modes(s.env["APPSYNCCTL_ISSUER"]), Introspection: true}}
			findings, first := examine(t, s.Subject)
			if first != tt.first {
				t.Errorf("%q is named first (%s), want %q", first, findings[first].Message, tt.first)
			}
			wantFinding(t, findings["API-004"], doctor.OK, "api id  a1")
			wantFinding(t, findings[tt.id], tt.want, tt.words...)
		})
	}
}

// TestAPIAccountUnread says why an account could not be read, and makes nothing of it.
func TestAPIAccountUnread(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want doctor.Result
		word string
	}{
		{"no credentials", &awsaccount.Error{Reason: awsaccount.NoCredentials}, doctor.Skipped, "no AWS credentials"},
		{"no region", &awsaccount.Error{Reason: awsaccount.NoRegion}, doctor.Skipped, "no AWS region"},
		{"another account", &awsaccount.Error{Reason: awsaccount.NotFound, What: "API"}, doctor.Skipped, "an account without this API"},
		{"denied", &awsaccount.Error{Reason: awsaccount.Denied, Action: "appsync:GetGraphqlApi", What: "API"}, doctor.Unknown, "allow appsync:GetGraphqlApi"},
		{"expired", &awsaccount.Error{Reason: awsaccount.Refused, Action: "appsync:ListGraphqlApis"}, doctor.Unknown, "refuses the credentials"},
		{"throttled", &awsaccount.Error{Reason: awsaccount.Throttled, Action: "appsync:ListGraphqlApis"}, doctor.Unknown, "throttled"},
		{"something else", errors.New("no\x1b[2J idea"), doctor.Unknown, "no\ufffd[2J idea"},
	}
	sound := newSetup(t, emulator.Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := sound.again()
			s.Account = inAccount{err: tt.err}
			findings, first := examine(t, s.Subject)
			if first != "" {
				t.Errorf("%q failed", first)
			}
			wantFinding(t, findings["API-004"], tt.want, tt.word)
			wantFinding(t, findings["API-007"], doctor.OK)
		})
	}
}
