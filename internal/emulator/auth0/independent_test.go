package auth0_test

// These tests let clients that others wrote speak to the tenant: x/oauth2 runs its
// flows, go-oidc verifies what comes out.

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

// provider discovers the tenant as go-oidc does.
func (tn tenant) provider(t *testing.T) *oidc.Provider {
	t.Helper()
	provider, err := oidc.NewProvider(t.Context(), tn.issuer)
	if err != nil {
		t.Fatal(err)
	}
	return provider
}

func (tn tenant) native(t *testing.T, scopes ...string) *oauth2.Config {
	t.Helper()
	endpoint := tn.provider(t).Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	return &oauth2.Config{ClientID: "native", Endpoint: endpoint, Scopes: scopes, RedirectURL: "http://127.0.0.1:4321/callback"}
}

func TestIndependentClientCredentials(t *testing.T) {
	tn := start(t, nil)
	for name, style := range map[string]oauth2.AuthStyle{"post": oauth2.AuthStyleInParams, "basic": oauth2.AuthStyleInHeader} {
		t.Run(name, func(t *testing.T) {
			config := clientcredentials.Config{
				ClientID: "machine", ClientSecret: secret, TokenURL: tn.provider(t).Endpoint().TokenURL,
				AuthStyle: style, EndpointParams: url.Values{"audience": {audience}},
			}
			token, err := config.Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			verifier := tn.provider(t).Verifier(&oidc.Config{ClientID: audience})
			verified, err := verifier.Verify(t.Context(), token.AccessToken)
			if err != nil {
				t.Fatal(err)
			}
			if verified.Subject != "machine@clients" {
				t.Errorf("subject %q", verified.Subject)
			}
		})
	}
	t.Run("wrong secret", func(t *testing.T) {
		config := clientcredentials.Config{
			ClientID: "machine", ClientSecret: "wrong", TokenURL: tn.provider(t).Endpoint().TokenURL,
			AuthStyle: oauth2.AuthStyleInParams, EndpointParams: url.Values{"audience": {audience}},
		}
		_, err := config.Token(t.Context())
		var refused *oauth2.RetrieveError
		if !errors.As(err, &refused) || refused.ErrorCode != "access_denied" || refused.Response.StatusCode != http.StatusUnauthorized {
			t.Errorf("got %v", err)
		}
	})
}

// handlerTransport serves requests without a network, so that a test can run under
// synctest's clock.
type handlerTransport struct{ handler http.Handler }

func (h handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	reader, writer := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: writer, started: make(chan int, 1)}
	go func() {
		h.handler.ServeHTTP(w, r)
		w.WriteHeader(http.StatusOK)
		_ = writer.Close()
	}()
	status := <-w.started
	return &http.Response{StatusCode: status, Header: w.header, Body: reader, Request: r}, nil
}

type pipeWriter struct {
	header  http.Header
	body    io.Writer
	started chan int
	begun   bool
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	if !w.begun {
		w.begun = true
		w.started <- status
	}
}

func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// TestIndependentDeviceFlow runs x/oauth2's polling loop at Auth0's pace of five
// seconds, in no time.
func TestIndependentDeviceFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const issuer = "https://tenant.example/"
		handler, err := auth0.New(auth0.Config{
			Issuer:  issuer,
			APIs:    []auth0.API{{Identifier: audience}},
			Clients: []auth0.Client{{ID: "native", Grants: []string{auth0.GrantDeviceCode}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Transport: handlerTransport{handler}}
		ctx := context.WithValue(t.Context(), oauth2.HTTPClient, client)
		config := oauth2.Config{ClientID: "native", Endpoint: oauth2.Endpoint{
			DeviceAuthURL: issuer + "oauth/device/code", TokenURL: issuer + "oauth/token", AuthStyle: oauth2.AuthStyleInParams,
		}}
		begin, err := config.DeviceAuth(ctx, oauth2.SetAuthURLParam("audience", audience))
		if err != nil {
			t.Fatal(err)
		}
		approved := make(chan error, 1)
		go func() { // the person takes twelve seconds: two polls are pending
			time.Sleep(12 * time.Second)
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, issuer+"activate",
				strings.NewReader(url.Values{"user_code": {begin.UserCode}, "action": {"approve"}}.Encode()))
			if err != nil {
				approved <- err
				return
			}
			resp, err := client.Do(r)
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			approved <- err
		}()
		token, err := config.DeviceAccessToken(ctx, begin)
		if err != nil {
			t.Fatal(err)
		}
		if err := <-approved; err != nil {
			t.Error(err)
		}
		if sub := claims(t, token.AccessToken)["sub"]; sub != "auth0|demo" {
			t.Errorf("sub %v", sub)
		}
	})
}

// browser follows an authorization URL, answers the login page and returns the query
// that the redirect carries to the client.
func (tn tenant) browser(t *testing.T, authURL string, pairs ...string) url.Values {
	t.Helper()
	u, err := url.Parse(authURL)
	if err != nil {
		t.Fatal(err)
	}
	path := "/authorize?" + u.RawQuery
	page := tn.get(t, path)
	if page.status == http.StatusOK {
		page = tn.post(t, path, pairs...)
	}
	if page.status != http.StatusFound {
		t.Fatalf("no redirect: %d %s", page.status, page.body)
	}
	target, err := url.Parse(page.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return target.Query()
}

func TestIndependentAuthorizationCode(t *testing.T) {
	tn := start(t, nil)
	config := tn.native(t, oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess, "read:customers")
	verifier := oauth2.GenerateVerifier()
	authURL := config.AuthCodeURL("the-state", oauth2.S256ChallengeOption(verifier), oidc.Nonce("the-nonce"),
		oauth2.SetAuthURLParam("audience", audience), oauth2.SetAuthURLParam("organization", "acme"))
	query := tn.browser(t, authURL, "action", "approve", "user", "auth0|ann")
	if query.Get("state") != "the-state" {
		t.Errorf("state %q", query.Get("state"))
	}
	token, err := config.Exchange(t.Context(), query.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := tn.provider(t).Verifier(&oidc.Config{ClientID: "native"}).Verify(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	var profile struct {
		Name  string
		OrgID string `json:"org_id"`
	}
	if err := id.Claims(&profile); err != nil {
		t.Fatal(err)
	}
	if id.Nonce != "the-nonce" || id.Subject != "auth0|ann" || profile.Name != "Ann" || profile.OrgID != "org_1" {
		t.Errorf("id token %+v %+v", id, profile)
	}
	access, err := tn.provider(t).Verifier(&oidc.Config{ClientID: audience}).Verify(t.Context(), token.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(access.Audience, []string{audience, tn.issuer + "userinfo"}) {
		t.Errorf("aud %v", access.Audience)
	}
	info, err := tn.provider(t).UserInfo(t.Context(), oauth2.StaticTokenSource(token))
	if err != nil || info.Email != "ann@example.com" || !info.EmailVerified {
		t.Errorf("userinfo %+v %v", info, err)
	}
	token.Expiry = time.Now().Add(-time.Minute)
	renewed, err := config.TokenSource(t.Context(), token).Token()
	if err != nil || renewed.RefreshToken == token.RefreshToken {
		t.Errorf("refresh: rotated %v, %v", err == nil, err)
	}
}
