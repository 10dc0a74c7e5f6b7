package doctor_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const metadataPlace = providerHost + "/.well-known/openid-configuration"

func TestProviderIsSound(t *testing.T) {
	for _, issuer := range []string{"https://id.example.com/", "https://id.example.com", "ID.example.com"} {
		t.Run(issuer, func(t *testing.T) {
			s := newSite()
			s.set("issuer", issuer)
			s.start(t, true)
			matches := "ok: the provider calls itself https://id.example.com/"
			if issuer != "https://id.example.com/" {
				matches += ", and so must the API's configuration, to the slash"
			}
			wantSaid(t, examined(t, s.Subject), map[string]string{
				"OIDC-001": "ok: the provider publishes its metadata", "OIDC-002": matches, "OIDC-003": "ok: the provider offers the grant device",
				"OIDC-004": "ok: the provider publishes 1 key", "OIDC-005": "ok: AppSync can check signatures with the provider's keys",
			})
		})
	}
}

// The metadata, the clock and the connection are looked at with one request.
func TestProviderIsAskedOnce(t *testing.T) {
	s := newSite()
	asked := make(chan struct{}, 10)
	answer := s.pages[metadataPlace]
	s.pages[metadataPlace] = func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		answer(w, r)
	}
	s.start(t, true)
	examined(t, s.Subject)
	if len(asked) != 1 {
		t.Errorf("the metadata was fetched %d times, want once", len(asked))
	}
}

func TestMetadata(t *testing.T) {
	const remedy = "\npass --issuer or set APPSYNCCTL_ISSUER"
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	tests := []struct {
		name   string
		issuer string
		answer http.HandlerFunc // instead of the metadata; nil: 404
		want   string
	}{
		{"nothing there", "https://id.example.com/realms/a", nil, "failure: there is no OpenID metadata below the issuer https://id.example.com/realms/a" + remedy},
		{"no such tenant", "https://tennant.eu.auth0.com/", nil, "failure: Auth0 has no tenant called tennant.eu" + remedy},
		{"a path at Auth0", "https://tenant.eu.auth0.com/oauth/token", nil, "failure: Auth0 has no tenant called tenant.eu\nappsyncctl profile set test --issuer https://tenant.eu.auth0.com/"},
		{"a login page", "https://id.example.com/", page(200, "<!doctype html>"), "failure: below the issuer https://id.example.com/ is a page and no OpenID metadata" + remedy},
		{"half of it", "https://id.example.com/", page(200, `{"issuer":"https://id.example.com/"}`), "failure: its OpenID metadata names no issuer or no token endpoint" + remedy},
		{
			"an endpoint without TLS", "https://id.example.com/", page(200, strings.Replace(goodMetadata, "https://id.example.com/oauth/token", "http://id.example.com/t", 1)),
			"failure: its OpenID metadata names an endpoint that is refused" + remedy,
		},
		{"moved", "https://id.example.com/", redirect("https://login.example.com/.well-known/openid-configuration"), "failure: the issuer's metadata is somewhere else\nappsyncctl profile set test --issuer https://login.example.com/"},
		{"moved to nowhere", "https://id.example.com/", redirect("/login?next=1"), "failure: the issuer's metadata is somewhere else" + remedy},
		{"forbidden", "https://id.example.com/", page(403, ""), "failure: the provider does not show its metadata: 403" + remedy},
		{"throttled", "https://id.example.com/", page(429, `{"error":"too_many_requests"}`), "unknown: the provider answered 429: it is busy or out of order"},
		{"out of order", "https://id.example.com/", page(503, "<html>"), "unknown: the provider answered 503: it is busy or out of order"},
		{"cut short", "https://id.example.com/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(200)
		}, "unknown: the provider's answer did not arrive whole"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite()
			s.set("issuer", tt.issuer)
			delete(s.pages, metadataPlace)
			if tt.answer != nil {
				s.pages[metadataPlace] = tt.answer
			}
			s.start(t, false)
			plainTLS(s)
			wantSaid(t, examined(t, s.Subject), map[string]string{
				"OIDC-001": tt.want, "OIDC-002": "skipped:  <OIDC-001>", "OIDC-004": "skipped:  <OIDC-001>", "OIDC-005": "skipped:  <OIDC-001>",
			})
		})
	}
}

// plainTLS lets s be asked by every name: TLS is not what the test is about.
func plainTLS(s *site) {
	s.Provider = &http.Client{Transport: withoutTLS{s.transport}}
}

type withoutTLS struct{ base http.RoundTripper }

func (w withoutTLS) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Scheme = "http"
	return w.base.RoundTrip(req)
}

func TestIssuerMismatch(t *testing.T) {
	tests := []struct {
		name       string
		set, found string
		want       string
	}{
		{
			"a custom domain", "https://id.example.com/", "https://tenant.eu.auth0.com/",
			"failure: the provider calls itself https://tenant.eu.auth0.com/: id.example.com is another name for it, and its tokens are refused where that one is expected\nappsyncctl profile set test --issuer https://tenant.eu.auth0.com/",
		},
		{
			"upper and lower case", "https://id.example.com/realms/a", "https://id.example.com/realms/A",
			"failure: the provider calls itself https://id.example.com/realms/A: the issuer that is set differs in upper and lower case\nappsyncctl profile set test --issuer https://id.example.com/realms/A",
		},
		{
			"upper and lower case, and the slash", "https://id.example.com/realms/A", "https://id.example.com/realms/a/",
			"failure: the provider calls itself https://id.example.com/realms/a/: the issuer that is set differs in upper and lower case\nappsyncctl profile set test --issuer https://id.example.com/realms/a/",
		},
		{
			"another path", "https://id.example.com/realms/a", "https://id.example.com/",
			"failure: the provider calls itself https://id.example.com/: the issuer that is set has another path\nappsyncctl profile set test --issuer https://id.example.com/",
		},
		{
			"no TLS", "https://id.example.com/", "http://id.example.com/",
			"failure: the provider calls itself http://id.example.com/: the issuer that is set begins with https\npass --issuer or set APPSYNCCTL_ISSUER",
		},
		{
			"a placeholder", "https://id.example.com/common/v2.0", "https://id.example.com/{tenantid}/v2.0",
			"failure: the provider calls itself https://id.example.com/{tenantid}/v2.0: the issuer that is set has another path\npass --issuer or set APPSYNCCTL_ISSUER",
		},
		{
			"a quote", "https://id.example.com/", "https://id.example.com/o'neill",
			"failure: the provider calls itself https://id.example.com/o'neill: the issuer that is set has another path\n" + `appsyncctl profile set test --issuer 'https://id.example.com/o'\''neill'`,
		},
		{
			"no URL", "https://id.example.com/", "example",
			"failure: the provider calls itself example: this is not the issuer that is set\nappsyncctl profile set test --issuer example",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite()
			s.set("issuer", tt.set)
			place := strings.TrimSuffix(strings.TrimPrefix(tt.set, "https://"), "/") + "/.well-known/openid-configuration"
			s.pages[place] = page(200, strings.Replace(goodMetadata, `"https://id.example.com/"`, `"`+tt.found+`"`, 1))
			s.start(t, true)
			wantSaid(t, examined(t, s.Subject), map[string]string{
				"OIDC-001": "ok: the provider publishes its metadata", "OIDC-002": tt.want, "OIDC-003": "skipped:  <OIDC-002>", "OIDC-004": "skipped:  <OIDC-002>",
			})
		})
	}
}

// A slash more than the provider writes makes no difference to this program, and is
// told for the sake of the API's configuration.
func TestIssuerSlash(t *testing.T) {
	s := newSite()
	s.set("issuer", "https://id.example.com/realms/a/")
	s.pages[providerHost+"/realms/a/.well-known/openid-configuration"] = page(200, strings.Replace(goodMetadata, `"https://id.example.com/"`, `"https://id.example.com/realms/a"`, 1))
	s.start(t, true)
	wantSaid(t, examined(t, s.Subject), map[string]string{
		"OIDC-002": "ok: the provider calls itself https://id.example.com/realms/a, and so must the API's configuration, to the slash",
	})
}

func TestGrantOffered(t *testing.T) {
	tests := []struct {
		name    string
		grant   string
		without string // what the metadata lacks
		want    string
	}{
		{"device", "device", "", "ok: the provider offers the grant device"},
		{"browser", "browser", "", "ok: the provider offers the grant browser"},
		{"client credentials", "client-credentials", "", "ok: the provider offers the grant client-credentials"},
		{"a given token", "", "", "skipped: the token was given"},
		{"no device endpoint", "device", `"device_authorization_endpoint":"https://id.example.com/oauth/device/code",`, "failure: the provider does not offer the grant device\nappsyncctl profile set test --grant browser"},
		{"no page to log in", "browser", `"authorization_endpoint":"https://id.example.com/authorize",`, "failure: the provider does not offer the grant browser\nappsyncctl profile set test --grant device"},
		{"not listed", "client-credentials", `"client_credentials",`, "warning: the provider does not list the grant client-credentials\nturn the grant client_credentials on at the provider"},
		{"no list", "client-credentials", `,"grant_types_supported":["client_credentials","authorization_code","urn:ietf:params:oauth:grant-type:device_code"]`, "ok: the provider offers the grant client-credentials"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite()
			s.Grant = tt.grant
			metadata := strings.Replace(goodMetadata, tt.without, "", 1)
			if tt.without != "" && metadata == goodMetadata {
				t.Fatal("the metadata has no such part")
			}
			s.pages[metadataPlace] = page(200, metadata)
			s.start(t, true)
			wantSaid(t, examined(t, s.Subject), map[string]string{"OIDC-003": tt.want})
		})
	}
}

func TestProviderKeys(t *testing.T) {
	const show = "\ncurl -sSi https://id.example.com/keys"
	const fix = "\nlet the provider sign with RS256 and publish the key with a kid"
	key := func(members string) http.HandlerFunc { return page(200, `{"keys":[`+members+`]}`) }
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   map[string]string
	}{
		{"a key without an algorithm", key(`{"kty":"RSA","kid":"1","n":"AQAB","e":"AQAB"}`), map[string]string{"OIDC-005": "ok: AppSync can check signatures with the provider's keys"}},
		{"one of two", key(`{"kty":"OKP","alg":"EdDSA","kid":"1"},{"kty":"EC","alg":"ES384","kid":"2"}`), map[string]string{
			"OIDC-004": "ok: the provider publishes 2 keys", "OIDC-005": "ok: AppSync can check signatures with the provider's keys",
		}},
		{"EdDSA only", key(`{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`), map[string]string{"OIDC-005": "failure: none of the provider's keys is of a kind that AppSync takes" + fix}},
		{"no kid", key(`{"kty":"RSA","alg":"RS256","n":"AQAB","e":"AQAB"}`), map[string]string{"OIDC-005": "failure: the provider's keys have no kid, by which AppSync finds them" + fix}},
		{"the kid of another kind", key(`{"kty":"RSA","alg":"RS256"},{"kty":"EC","alg":"ES256K","kid":"1"}`), map[string]string{"OIDC-005": "failure: none of the provider's keys is of a kind that AppSync takes" + fix}},
		{"for encryption only", key(`{"kty":"RSA","alg":"RSA-OAEP","use":"enc","kid":"1"}`), map[string]string{
			"OIDC-004": "ok: the provider publishes 0 keys", "OIDC-005": "failure: the provider publishes no key for signatures" + fix,
		}},
		{"nothing there", nil, map[string]string{"OIDC-004": "failure: the provider does not show its keys: 404" + show, "OIDC-005": "skipped:  <OIDC-004>"}},
		{"a page", page(200, "<html>"), map[string]string{"OIDC-004": "failure: the provider's keys cannot be read" + show}},
		{"throttled", page(429, ""), map[string]string{"OIDC-004": "unknown: the provider answered 429 when asked for its keys", "OIDC-005": "skipped:  <OIDC-004>"}},
		{"cut off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, map[string]string{"OIDC-004": "unknown: no answer with the provider's keys"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite()
			s.pages[providerHost+"/keys"] = tt.answer
			s.start(t, true)
			wantSaid(t, examined(t, s.Subject), tt.want)
		})
	}
	t.Run("no place for keys", func(t *testing.T) {
		s := newSite()
		s.pages[metadataPlace] = page(200, strings.Replace(goodMetadata, `"jwks_uri":"https://id.example.com/keys",`, "", 1))
		s.start(t, true)
		wantSaid(t, examined(t, s.Subject), map[string]string{"OIDC-004": "failure: the provider's metadata names no place for its keys\npass --issuer or set APPSYNCCTL_ISSUER"})
	})
}

// withoutKeys is a provider that hangs when it is asked for its keys.
type withoutKeys struct{ *site }

func (w withoutKeys) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Path == "/keys" {
		return hanging{}.RoundTrip(req)
	}
	recorder := httptest.NewRecorder()
	recorder.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	w.pages[req.URL.Host+req.URL.Path](recorder, req)
	return recorder.Result(), nil
}

func TestProviderKeysHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := offline()
		s.Provider = client(withoutKeys{s})
		finding := examined(t, s.Subject)["OIDC-004"]
		if got, want := said(finding), "unknown: no answer with the provider's keys"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got := evidence(finding, "jwks_uri"); got != "https://id.example.com/keys" {
			t.Errorf("the evidence is %q", got)
		}
	})
}
