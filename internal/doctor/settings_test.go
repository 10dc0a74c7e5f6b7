package doctor_test

import (
	"errors"
	"strings"
	"testing"
)

func TestSettingsAreSound(t *testing.T) {
	s := offline()
	findings := examined(t, s.Subject)
	wantSaid(t, findings, map[string]string{
		"SET-001": "ok: 3 settings are needed, and all are there",
		"SET-002": "ok: requests go to api.example.com",
		"SET-003": "ok: api.example.com is not AppSync's own name: a custom domain, a proxy or an emulator",
		"SET-004": "ok: the provider is https://id.example.com/",
		"SET-005": "ok: the token is asked for https://api.example.com/",
	})
	for _, e := range findings["SET-001"].Evidence {
		if e.From != "profile test" || e.Found == "" {
			t.Errorf("%s is %q from %q, want its value from the profile", e.Name, e.Found, e.From)
		}
	}
}

func TestSettingsComplete(t *testing.T) {
	tests := []struct {
		name    string
		missing []string
		want    string
	}{
		{"one", []string{"client_id"}, "failure: no client id is set\nappsyncctl profile set test --client-id ID"},
		{"all", []string{"endpoint", "issuer", "client_id"}, "failure: no endpoint, issuer or client id is set\nappsyncctl profile set test --endpoint URL --issuer URL --client-id ID"},
		{"one that is not needed", []string{"audience"}, "ok: 3 settings are needed, and all are there"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := offline()
			for _, name := range tt.missing {
				s.set(name, "")
			}
			wantSaid(t, examined(t, s.Subject), map[string]string{"SET-001": tt.want})
		})
	}
}

func TestEndpointSettings(t *testing.T) {
	const (
		good   = "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql"
		remedy = "\npass --endpoint or set APPSYNCCTL_ENDPOINT"
		change = "\nappsyncctl profile set test --endpoint "
	)
	tests := []struct {
		name, endpoint, region string
		usable, shape          string
	}{
		{"AppSync's own", good, "", "ok: requests go to abc.appsync-api.eu-west-1.amazonaws.com", "ok: an API in eu-west-1"},
		{"its region", good, "eu-west-1", "", "ok: an API in eu-west-1"},
		{"another region", good, "us-east-1", "", "failure: the API is in eu-west-1, and the region that is set is us-east-1\nappsyncctl profile set test --region eu-west-1"},
		{"China", "https://abc.appsync-api.cn-north-1.amazonaws.com.cn/graphql", "", "", "ok: an API in cn-north-1"},
		{"upper case", "https://ABC.AppSync-API.eu-west-1.amazonaws.com/graphql", "", "", "ok: an API in eu-west-1"},
		{"on this machine", "http://127.0.0.1:4000/graphql", "", "ok: requests go to 127.0.0.1:4000", "ok: 127.0.0.1 is not AppSync's own name: a custom domain, a proxy or an emulator"},
		{"none", "", "", "skipped: no endpoint is set", "skipped: no endpoint is set"},
		{"no URL", "abc", "", "failure: the endpoint is not usable: it is not an https URL" + remedy, "skipped:  <SET-002>"},
		{"without TLS", "http://api.example.com/graphql", "", "failure: the endpoint is not usable: http to api.example.com would send the token in the clear; use https" + remedy, ""},
		{"a password", "https://ann:s3cret@api.example.com/graphql", "", "failure: the endpoint is not usable: it holds a user name or a password" + remedy, ""},
		{"a fragment", "https://api.example.com/graphql#x", "", "failure: the endpoint is not usable: it has a fragment" + remedy, ""},
		{"real-time", "https://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql", "", "", "failure: this is the API's real-time address" + change + good},
		{"real-time, for sockets", "wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql", "", "failure: this is the API's real-time address" + change + good, "skipped:  <SET-002>"},
		{"real-time in China", "https://abc.appsync-realtime-api.cn-north-1.amazonaws.com.cn/graphql", "", "", "failure: this is the API's real-time address" + change + "https://abc.appsync-api.cn-north-1.amazonaws.com.cn/graphql"},
		{"the console", "https://eu-west-1.console.aws.amazon.com/appsync/home#/apis", "", "failure: this is a page of the AWS console\n" + `aws appsync list-graphql-apis --query "graphqlApis[].uris.GRAPHQL"`, ""},
		{"AppSync's own without https", strings.TrimPrefix(good, "https://"), "", "failure: the endpoint is not usable: it is not an https URL: it lacks https://" + change + good, ""},
		{"AppSync's own by http", strings.Replace(good, "https:", "http:", 1), "", "failure: the endpoint is not usable: http to abc.appsync-api.eu-west-1.amazonaws.com would send the token in the clear; use https" + change + good, ""},
		{"in quotation marks", `"` + good + `"`, "", "failure: the endpoint is not usable: it is not a URL: see SET-001 <SET-001>", "skipped:  <SET-002>"},
		{"a tenant at Auth0", "https://tenant.eu.auth0.com/", "", "", "failure: this is the address of a tenant at Auth0, and not the API's\n" + `aws appsync list-graphql-apis --query "graphqlApis[].uris.GRAPHQL"`},
		{"the console without a fragment", "https://eu-west-1.console.aws.amazon.com/appsync/home", "", "", "failure: this is a page of the AWS console\n" + `aws appsync list-graphql-apis --query "graphqlApis[].uris.GRAPHQL"`},
		{"no path", "https://abc.appsync-api.eu-west-1.amazonaws.com", "", "", `failure: the path of AppSync's endpoints is /graphql, and this one's is ""` + change + good},
		{"a slash too many", good + "/", "", "", `failure: the path of AppSync's endpoints is /graphql, and this one's is "/graphql/"` + change + good},
		{"the sockets' path", good + "/realtime", "", "", `failure: the path of AppSync's endpoints is /graphql, and this one's is "/graphql/realtime"` + change + good},
		{"another domain with the same parts", "https://abc.appsync-api.eu-west-1.amazonaws.example.com/graphql", "", "", "ok: abc.appsync-api.eu-west-1.amazonaws.example.com is not AppSync's own name: a custom domain, a proxy or an emulator"},
		{"a port", "https://abc.appsync-api.eu-west-1.amazonaws.com:443/graphql", "", "", "ok: an API in eu-west-1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := offline()
			s.set("endpoint", tt.endpoint)
			s.set("region", tt.region)
			want := map[string]string{}
			for id, text := range map[string]string{"SET-002": tt.usable, "SET-003": tt.shape} {
				if text != "" {
					want[id] = text
				}
			}
			findings := examined(t, s.Subject)
			wantSaid(t, findings, want)
			wantNowhere(t, findings, "s3cret")
		})
	}
}

func TestIssuerSettings(t *testing.T) {
	const remedy = "\npass --issuer or set APPSYNCCTL_ISSUER"
	tests := []struct{ name, issuer, want string }{
		{"a host", "tenant.eu.auth0.com", "ok: the provider is https://tenant.eu.auth0.com/"},
		{"its metadata", "https://id.example.com/realms/a/.well-known/openid-configuration", "ok: the provider is https://id.example.com/realms/a"},
		{"none", "", "skipped: no issuer is set"},
		{"without TLS", "http://id.example.com/", `failure: issuer "http://id.example.com/": plain http is for loopback hosts only` + remedy},
		{"a query", "https://id.example.com/?a=b", `failure: issuer "https://id.example.com/?a=b": it has a query or a fragment` + remedy},
		{"a password", "https://ann:s3cret@id.example.com/", `failure: issuer "[redacted]": it holds a user name` + remedy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := offline()
			s.set("issuer", tt.issuer)
			findings := examined(t, s.Subject)
			wantSaid(t, findings, map[string]string{"SET-004": tt.want})
			wantNowhere(t, findings, "s3cret")
		})
	}
}

func TestAudienceSettings(t *testing.T) {
	tests := []struct{ name, issuer, audience, grant, want string }{
		{"set", "https://tenant.eu.auth0.com/", "https://api", "device", "ok: the token is asked for https://api"},
		{"a given token", "https://tenant.eu.auth0.com/", "", "", "skipped: the token was given"},
		{"another provider", "https://id.example.com/", "", "device", "skipped: only Auth0 needs one"},
		{"Auth0", "https://tenant.eu.auth0.com/", "", "device", "warning: Auth0 is asked for a token without an audience: it is opaque unless the tenant has a default audience\npass --audience or set APPSYNCCTL_AUDIENCE"},
		{"no issuer", "", "", "device", "skipped: no issuer is set"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := offline()
			s.Grant = tt.grant
			s.set("issuer", tt.issuer)
			s.set("audience", tt.audience)
			wantSaid(t, examined(t, s.Subject), map[string]string{"SET-005": tt.want})
		})
	}
}

// A fix goes where the value came from.
func TestFixesGoWhereTheValueIs(t *testing.T) {
	tests := []struct{ source, want string }{
		{"profile", "appsyncctl profile set test --region eu-west-1"},
		{"flag", "--region eu-west-1"},
		{"environment", "export APPSYNCCTL_REGION=eu-west-1"},
	}
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			s := offline()
			s.set("endpoint", "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql")
			s.set("region", "us-east-1")
			s.Settings[len(s.Settings)-1].Source = tt.source
			if got := examined(t, s.Subject)["SET-003"].Fix; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// What could not be resolved is told in the place of what would be missing then.
func TestSettingsProblem(t *testing.T) {
	s := offline()
	s.set("client_id", "")
	s.Problem, s.Remedy = errors.New("profile staging: line 3: unknown key"), "appsyncctl profile show staging"
	findings := examined(t, s.Subject)
	wantSaid(t, findings, map[string]string{"SET-001": "failure: profile staging: line 3: unknown key\nappsyncctl profile show staging"})
	if !errors.Is(findings["SET-001"].Err, s.Problem) {
		t.Errorf("the error is %v", findings["SET-001"].Err)
	}
}
