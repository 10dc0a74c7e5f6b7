// Applications, which the Management API calls clients.

package auth0

import (
	"crypto/rand"
	"net/http"
	"slices"
	"time"
)

// The app types that decide something here.
const (
	appNative  = "native"
	appMachine = "non_interactive"
	appSPA     = "spa"
)

// describe writes a client of the configuration as the Management API has it.
func (c *Client) describe() document {
	doc := clientDefaults()
	doc["client_id"], doc["name"], doc["oidc_conformant"] = c.ID, c.Name, true
	doc["app_type"] = appMachine
	if c.Method == None {
		doc["app_type"] = appNative
	}
	doc["grant_types"], doc["callbacks"], doc["allowed_logout_urls"] = c.Grants, c.RedirectURIs, c.LogoutURIs
	doc["organization_usage"] = string(c.Organization)
	if c.Method != AnySecret {
		doc["token_endpoint_auth_method"] = string(c.Method)
	}
	if c.Secret != "" {
		doc["client_secret"] = string(c.Secret)
	}
	if !c.NonRotating {
		doc["refresh_token"] = document{"rotation_type": "rotating", "expiration_type": "expiring", "leeway": 0}
	}
	for name, value := range doc {
		if list, ok := value.([]string); ok && list == nil {
			delete(doc, name)
		}
	}
	return plain(doc)
}

// clientDefaults are those that Auth0 answers for a new client.
func clientDefaults() document {
	return document{
		"global": false, "is_first_party": true, "is_token_endpoint_ip_header_trusted": false, "oidc_conformant": false,
		"jwt_configuration": document{"secret_encoded": false, "lifetime_in_seconds": (10 * time.Hour).Seconds()},
		"sso_disabled":      false, "cross_origin_authentication": false, "custom_login_page_on": true,
		"grant_types": []string{GrantAuthorizationCode, "implicit", GrantRefreshToken, GrantClientCredentials},
		"refresh_token": document{
			"rotation_type": "non-rotating", "expiration_type": "non-expiring", "leeway": 0,
			"token_lifetime": familyLifetime.Seconds(), "idle_token_lifetime": (15 * 24 * time.Hour).Seconds(),
			"infinite_token_lifetime": true, "infinite_idle_token_lifetime": true,
		},
	}
}

// clientOf makes the client that a document describes. What the Management API has no
// member for here stays as it was in old, which may be nil.
func clientOf(doc document, old *Client) (*Client, error) {
	if old == nil {
		old = &Client{Audiences: map[string][]string{}}
	}
	refresh, _ := doc["refresh_token"].(document)
	leeway, _ := refresh["leeway"].(float64)
	client := &Client{
		ID:           textOf(doc, "client_id"),
		Name:         textOf(doc, "name"),
		Secret:       Secret(textOf(doc, "client_secret")),
		Method:       AuthMethod(textOf(doc, "token_endpoint_auth_method")),
		RedirectURIs: textsOf(doc, "callbacks"),
		LogoutURIs:   textsOf(doc, "allowed_logout_urls"),
		PublicKey:    old.PublicKey,
		Audiences:    old.Audiences,
		Quota:        old.Quota,
		Organization: Usage(textOf(doc, "organization_usage")),
		NonRotating:  textOf(refresh, "rotation_type") != "rotating",
		leeway:       time.Duration(leeway) * time.Second,
		document:     doc,
	}
	for _, kind := range textsOf(doc, "grant_types") {
		switch kind {
		case GrantClientCredentials, GrantDeviceCode, GrantAuthorizationCode, GrantRefreshToken:
			client.Grants = append(client.Grants, kind) // what the tenant has no flow for is kept in the document
		}
	}
	if kind := textOf(doc, "app_type"); client.Method == "" && (kind == appNative || kind == appSPA) {
		client.Method = None
	}
	if err := client.complete(""); err != nil {
		return nil, refusePayload(err.Error(), "")
	}
	return client, nil
}

// seen is a client as a token may see it: its secret needs a scope of its own.
func (c *Client) seen(token managementToken) document {
	if token.has("read:client_keys") {
		return c.document
	}
	return merged(c.document, document{"client_secret": nil})
}

func (t *Tenant) listClients(r *http.Request, token managementToken) (int, any, error) {
	query := r.URL.Query()
	t.registry.mu.RLock()
	var all []document
	for _, client := range t.registry.clients {
		firstParty, _ := client.document["is_first_party"].(bool)
		kind := query.Get("app_type")
		if flagged(query, "is_global", false) && flagged(query, "is_first_party", firstParty) &&
			(kind == "" || kind == textOf(client.document, "app_type")) {
			all = append(all, client.seen(token))
		}
	}
	t.registry.mu.RUnlock()
	return listed(r, "clients", all)
}

func (t *Tenant) readClient(r *http.Request, token managementToken) (int, any, error) {
	client, known := t.registry.client(r.PathValue("id"))
	if !known {
		return 0, nil, errNoClient()
	}
	return http.StatusOK, only(client.seen(token), r.URL.Query()), nil
}

func errNoClient() error {
	return refuseManaged(http.StatusNotFound, "inexistent_client", "The client does not exist")
}

func (t *Tenant) createClient(r *http.Request, _ managementToken) (int, any, error) {
	given, err := readDocument(r)
	if err == nil {
		err = checkMembers(given, clientMembers())
	}
	if err != nil {
		return 0, nil, err
	}
	if textOf(given, "name") == "" {
		return 0, nil, refusePayload("Missing required property: name", "")
	}
	doc := merged(plain(clientDefaults()), given)
	doc["client_id"] = rand.Text() + rand.Text()[:6] // 32 characters, as Auth0's
	if textOf(doc, "client_secret") == "" {
		doc["client_secret"] = rand.Text() + rand.Text()
	}
	client, err := clientOf(doc, nil)
	if err != nil {
		return 0, nil, err
	}
	t.registry.putClient(client)
	return http.StatusCreated, client.document, nil
}

func (t *Tenant) changeClient(r *http.Request, token managementToken) (int, any, error) {
	old, known := t.registry.client(r.PathValue("id"))
	if !known {
		return 0, nil, errNoClient()
	}
	change, err := readDocument(r)
	if err == nil {
		err = checkMembers(change, clientMembers())
	}
	if err != nil {
		return 0, nil, err
	}
	client, err := clientOf(merged(old.document, change), old)
	if err != nil {
		return 0, nil, err
	}
	t.registry.putClient(client)
	return http.StatusOK, client.seen(token), nil
}

// knowsScopes reports whether an API has all scopes.
func (a *API) knowsScopes(scopes []string) bool {
	return !slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(a.Scopes, s) })
}
