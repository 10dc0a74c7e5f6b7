// The tenant's APIs and applications as the documents of the Management API, and back.

package auth0

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0/management"
)

// document is something of the tenant's as the Management API has it.
type document = management.Document

// documents lets the Management API read and change the registry.
type documents struct{ registry *registry }

// NewAPI implements management.Tenant.
func (documents) NewAPI() document { return apiDefaults() }

// NewClient implements management.Tenant.
func (documents) NewClient() document { return clientDefaults() }

// APIs implements management.Tenant.
func (d documents) APIs() []document {
	d.registry.mu.RLock()
	defer d.registry.mu.RUnlock()
	var all []document
	for _, api := range d.registry.apis {
		all = append(all, api.document)
	}
	return all
}

// Clients implements management.Tenant.
func (d documents) Clients() []document {
	d.registry.mu.RLock()
	defer d.registry.mu.RUnlock()
	var all []document
	for _, client := range d.registry.clients {
		all = append(all, client.document)
	}
	return all
}

// API implements management.Tenant.
func (d documents) API(name string) (document, bool) {
	api, known := d.registry.apiNamed(name)
	if !known {
		return nil, false
	}
	return api.document, true
}

// Client implements management.Tenant.
func (d documents) Client(id string) (document, bool) {
	client, known := d.registry.client(id)
	if !known {
		return nil, false
	}
	return client.document, true
}

// PutAPI implements management.Tenant.
func (d documents) PutAPI(doc document) error {
	old, _ := d.registry.apiNamed(management.Text(doc, "id"))
	api, err := apiOf(doc, old)
	if err != nil {
		return err
	}
	if !d.registry.putAPI(api) {
		return management.ErrTaken
	}
	return nil
}

// PutClient implements management.Tenant.
func (d documents) PutClient(doc document) error {
	old, _ := d.registry.client(management.Text(doc, "client_id"))
	client, err := clientOf(doc, old)
	if err != nil {
		return err
	}
	d.registry.putClient(client)
	return nil
}

// Grants implements management.Tenant.
func (d documents) Grants() []management.Grant {
	d.registry.mu.RLock()
	defer d.registry.mu.RUnlock()
	var all []management.Grant
	for _, client := range d.registry.clients {
		granted := d.registry.granted(client)
		for _, audience := range slices.Sorted(maps.Keys(granted)) {
			all = append(all, management.Grant{ClientID: client.ID, Audience: audience, Scopes: granted[audience]})
		}
	}
	return all
}

// PutGrant implements management.Tenant.
func (d documents) PutGrant(grant management.Grant, makes bool) bool {
	return d.registry.putGrant(grant.ClientID, grant.Audience, grant.Scopes, makes)
}

// describe writes an API of the configuration as the Management API has it. The id
// follows from the identifier, so that it is the same after a reset.
func (a *API) describe() document {
	scopes := []any{}
	for _, scope := range a.Scopes {
		scopes = append(scopes, document{"value": scope, "description": scope})
	}
	sum := sha256.Sum256([]byte(a.Identifier))
	doc := apiDefaults()
	doc["id"], doc["identifier"], doc["name"] = hex.EncodeToString(sum[:12]), a.Identifier, a.Name
	doc["scopes"], doc["signing_alg"], doc["allow_offline_access"] = scopes, a.Algorithm, a.OfflineAccess
	doc["token_lifetime"], doc["token_dialect"] = a.Lifetime.Seconds(), string(a.Dialect)
	return management.Plain(doc)
}

// apiDefaults are those that Auth0 answers for a new API.
func apiDefaults() document {
	return document{
		"signing_alg": RS256, "allow_offline_access": false, "token_lifetime": defaultLifetime.Seconds(),
		"token_lifetime_for_web": (2 * time.Hour).Seconds(), "skip_consent_for_verifiable_first_party_clients": false,
		"enforce_policies": false, "token_dialect": string(DialectAccessToken),
		"subject_type_authorization": document{
			"user":   document{"policy": "allow_all"},
			"client": document{"policy": "require_client_grant"},
		},
	}
}

// apiOf makes the API that a document describes. What no member tells stays as it was in
// old, which may be nil.
func apiOf(doc document, old *API) (*API, error) {
	api := &API{
		Identifier: management.Text(doc, "identifier"),
		Name:       management.Text(doc, "name"),
		Algorithm:  management.Text(doc, "signing_alg"),
		Dialect:    Dialect(management.Text(doc, "token_dialect")),
		Scopes:     management.ScopesOf(doc),
		document:   doc,
	}
	api.OfflineAccess, _ = doc["allow_offline_access"].(bool)
	if seconds, ok := doc["token_lifetime"].(float64); ok {
		api.Lifetime = time.Duration(seconds) * time.Second
	}
	if err := api.complete(); err != nil {
		return nil, err
	}
	if old != nil && old.Algorithm == api.Algorithm {
		api.secret = old.secret
	}
	api.System = old != nil && old.System
	return api, nil
}

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
	return management.Plain(doc)
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
		ID:           management.Text(doc, "client_id"),
		Name:         management.Text(doc, "name"),
		Secret:       Secret(management.Text(doc, "client_secret")),
		Method:       AuthMethod(management.Text(doc, "token_endpoint_auth_method")),
		RedirectURIs: management.Texts(doc, "callbacks"),
		LogoutURIs:   management.Texts(doc, "allowed_logout_urls"),
		PublicKey:    old.PublicKey,
		Audiences:    old.Audiences,
		Quota:        old.Quota,
		Organization: Usage(management.Text(doc, "organization_usage")),
		NonRotating:  management.Text(refresh, "rotation_type") != "rotating",
		leeway:       time.Duration(leeway) * time.Second,
		document:     doc,
	}
	for _, kind := range management.Texts(doc, "grant_types") {
		switch kind {
		case GrantClientCredentials, GrantDeviceCode, GrantAuthorizationCode, GrantRefreshToken:
			client.Grants = append(client.Grants, kind) // what the tenant has no flow for is kept in the document
		}
	}
	if kind := management.Text(doc, "app_type"); client.Method == "" && (kind == appNative || kind == appSPA) {
		client.Method = None
	}
	if err := client.complete(""); err != nil {
		return nil, err
	}
	return client, nil
}

// managementLifetime is Auth0's for the Management API's tokens.
const managementLifetime = 24 * time.Hour

// managementAPI is the Management API as an API of the tenant.
func managementAPI(config Config) API {
	api := API{
		Identifier: config.managementAPI(), Name: "Auth0 Management API", Algorithm: RS256,
		Lifetime: managementLifetime, Dialect: DialectAccessToken, System: true,
	}
	api.document = api.describe()
	api.document["is_system"] = true
	return api
}

// ManagementScopes are those that the Management API gives here.
func ManagementScopes() []string { return management.Scopes() }
