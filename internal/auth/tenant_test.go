// The grants against the emulated tenant, which shares no code with this package:
// what the two agree on, they agree on by Auth0's documents.

package auth_test

import (
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

const audience = "https://customers.example.com"

// handled is a transport without a network, so that it works on synctest's clock.
type handled struct{ handler http.Handler }

func (h handled) RoundTrip(req *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	h.handler.ServeHTTP(recorder, req)
	return recorder.Result(), nil
}

// tenant returns a client at an emulated tenant, where clients are registered. The
// first of them is the one.
func tenant(t *testing.T, clients ...auth0.Client) *auth.Client {
	t.Helper()
	emulated, err := auth0.New(auth0.Config{
		Issuer:      issuer,
		APIs:        []auth0.API{{Identifier: audience, OfflineAccess: true}},
		Clients:     clients,
		AutoApprove: true,
		SigningKey:  rsaKey(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := emulated.Close(); err != nil {
			t.Error(err)
		}
	})
	httpClient := &http.Client{Transport: handled{emulated}, Timeout: patience}
	provider, err := auth.Discover(t.Context(), httpClient, "Tenant.example.com")
	if err != nil {
		t.Fatal(err)
	}
	return &auth.Client{HTTP: httpClient, Provider: provider, ID: clients[0].ID}
}

func TestTenantClientCredentials(t *testing.T) {
	key, err := auth.NewPrivateKeyJWT(encodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey())), "", "PS256")
	if err != nil {
		t.Fatal(err)
	}
	public := string(encodePEM("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(rsaKey().Public()))))
	const secret = "s3cret-s3cret"
	tests := []struct {
		name           string
		registered     auth0.Client
		authentication auth.Authentication
		refused        bool
	}{
		{"post", auth0.Client{Secret: secret, Method: auth0.SecretPost}, auth.SecretPost{Secret: secret}, false},
		{"basic", auth0.Client{Secret: secret, Method: auth0.SecretBasic}, auth.SecretBasic{Secret: secret}, false},
		{"private key", auth0.Client{Method: auth0.PrivateKeyJWT, PublicKey: public}, key, false},
		{"wrong secret", auth0.Client{Secret: secret, Method: auth0.SecretPost}, auth.SecretPost{Secret: "wrong"}, true},
		{"wrong way", auth0.Client{Secret: secret, Method: auth0.SecretPost}, auth.SecretBasic{Secret: secret}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.registered.ID = "machine"
			tt.registered.Grants = []string{auth0.GrantClientCredentials}
			client := tenant(t, tt.registered)
			client.Authentication = tt.authentication
			token, err := client.ClientCredentials(t.Context(), auth.Parameters{Audience: audience})
			var refused *auth.Error
			if tt.refused {
				if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
					t.Errorf("%v; want a refusal", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			claims, err := auth.ParseClaims(token.AccessToken)
			if err != nil || claims.Issuer != issuer || claims.ClientID != "machine" || claims.GrantType != "client-credentials" {
				t.Errorf("claims %+v, %v", claims, err)
			}
		})
	}
}

func TestTenantDeviceLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := tenant(t, auth0.Client{
			ID: "native", Grants: []string{auth0.GrantDeviceCode, auth0.GrantRefreshToken},
		})
		code, err := client.DeviceCode(t.Context(), auth.Parameters{
			Audience: audience, Scopes: []string{"openid", "offline_access"},
		})
		if err != nil {
			t.Fatal(err)
		}
		first, err := client.PollDevice(t.Context(), code)
		if err != nil {
			t.Fatal(err)
		}
		second, err := client.Refresh(t.Context(), first.RefreshToken)
		if err != nil || second.RefreshToken == first.RefreshToken {
			t.Fatalf("the refresh token was not rotated, or %v", err)
		}
		if err := client.Revoke(t.Context(), second.RefreshToken); err != nil {
			t.Fatal(err)
		}
		_, err = client.Refresh(t.Context(), second.RefreshToken)
		var refused *auth.Error
		if !errors.As(err, &refused) || refused.Code != auth.InvalidGrant {
			t.Errorf("%v; want %s, as the token was revoked", err, auth.InvalidGrant)
		}
	})
}

func TestTenantBrowserLogin(t *testing.T) {
	client := tenant(t, auth0.Client{
		ID: "native", Grants: []string{auth0.GrantAuthorizationCode}, RedirectURIs: []string{redirect},
	})
	a, err := auth.NewAuthorization(client, auth.Parameters{Audience: audience, Scopes: []string{"openid"}}, redirect)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{
		Transport:     client.HTTP.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	back := a.URL
	for range 5 { // hops within the tenant
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, back, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		next, err := resp.Location()
		if err != nil {
			t.Fatalf("%s answered %d and no redirect", req.URL.Path, resp.StatusCode)
		}
		back = next.String()
		if next.Host != must(url.Parse(issuer)).Host {
			break
		}
	}
	code, err := a.CodeFromURL(back)
	if err != nil {
		t.Fatal(err)
	}
	token, err := a.Exchange(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	if claims, err := auth.ParseClaims(token.AccessToken); err != nil || claims.Issuer != issuer {
		t.Errorf("claims %+v, %v", claims, err)
	}
	_, err = a.Exchange(t.Context(), code)
	var refused *auth.Error
	if !errors.As(err, &refused) || refused.Code != auth.InvalidGrant {
		t.Errorf("%v; want %s, as the code was used", err, auth.InvalidGrant)
	}
}
