// Applications, which the Management API calls clients.

package auth0

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
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

func (m *management) listClients(r *http.Request, token managementToken) (int, any, error) {
	query := r.URL.Query()
	m.registry.mu.RLock()
	var all []document
	for _, client := range m.registry.clients {
		firstParty, _ := client.document["is_first_party"].(bool)
		kind := query.Get("app_type")
		if flagged(query, "is_global", false) && flagged(query, "is_first_party", firstParty) &&
			(kind == "" || kind == textOf(client.document, "app_type")) {
			all = append(all, client.seen(token))
		}
	}
	m.registry.mu.RUnlock()
	return listed(r, "clients", all)
}

func (m *management) readClient(r *http.Request, token managementToken) (int, any, error) {
	client, known := m.registry.client(r.PathValue("id"))
	if !known {
		return 0, nil, errNoClient()
	}
	return http.StatusOK, only(client.seen(token), r.URL.Query()), nil
}

func errNoClient() error {
	return refuseManaged(http.StatusNotFound, "inexistent_client", "The client does not exist")
}

func (m *management) createClient(r *http.Request, _ managementToken) (int, any, error) {
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
	m.registry.putClient(client)
	return http.StatusCreated, client.document, nil
}

func (m *management) changeClient(r *http.Request, token managementToken) (int, any, error) {
	old, known := m.registry.client(r.PathValue("id"))
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
	m.registry.putClient(client)
	return http.StatusOK, client.seen(token), nil
}

// knowsScopes reports whether an API has all scopes.
func (a *API) knowsScopes(scopes []string) bool {
	return !slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(a.Scopes, s) })
}

// APIs, which the Management API calls resource servers.

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
	return plain(doc)
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

// apiOf makes the API that a document describes.
func apiOf(doc document, old *API) (*API, error) {
	api := &API{
		Identifier: textOf(doc, "identifier"),
		Name:       textOf(doc, "name"),
		Algorithm:  textOf(doc, "signing_alg"),
		Dialect:    Dialect(textOf(doc, "token_dialect")),
		document:   doc,
	}
	api.OfflineAccess, _ = doc["allow_offline_access"].(bool)
	if seconds, ok := doc["token_lifetime"].(float64); ok {
		api.Lifetime = time.Duration(seconds) * time.Second
	}
	list, _ := doc["scopes"].([]any)
	for _, entry := range list {
		scope, _ := entry.(document)
		api.Scopes = append(api.Scopes, textOf(scope, "value"))
	}
	if err := api.complete(); err != nil {
		return nil, refusePayload(err.Error(), "")
	}
	if old != nil && old.Algorithm == api.Algorithm {
		api.secret = old.secret
	}
	return api, nil
}

func (m *management) listAPIs(r *http.Request, _ managementToken) (int, any, error) {
	wanted := r.URL.Query()["identifiers"]
	m.registry.mu.RLock()
	var all []document
	for _, api := range m.registry.apis {
		if len(wanted) == 0 || slices.Contains(wanted, api.Identifier) {
			all = append(all, api.document)
		}
	}
	m.registry.mu.RUnlock()
	return listed(r, "resource_servers", all)
}

func (m *management) readAPI(r *http.Request, _ managementToken) (int, any, error) {
	api, known := m.registry.apiNamed(r.PathValue("id"))
	if !known {
		return 0, nil, errNoAPI()
	}
	return http.StatusOK, only(api.document, r.URL.Query()), nil
}

func errNoAPI() error {
	return refuseManaged(http.StatusNotFound, "inexistent_resource_server", "The resource server does not exist")
}

func (m *management) createAPI(r *http.Request, _ managementToken) (int, any, error) {
	given, err := readDocument(r)
	if err != nil {
		return 0, nil, err
	}
	identifier := textOf(given, "identifier")
	if identifier == "" {
		return 0, nil, refusePayload("Missing required property: identifier", "")
	}
	delete(given, "identifier") // it cannot be changed later
	if err := checkMembers(given, apiMembers()); err != nil {
		return 0, nil, err
	}
	id := make([]byte, 12)
	_, _ = rand.Read(id) // it does not fail
	doc := merged(plain(apiDefaults()), given)
	doc["id"], doc["identifier"] = hex.EncodeToString(id), identifier
	if doc["name"] == nil {
		doc["name"] = identifier
	}
	api, err := apiOf(doc, nil)
	if err != nil {
		return 0, nil, err
	}
	if !m.registry.putAPI(api) {
		return 0, nil, refuseManaged(http.StatusConflict, "resource_server_conflict",
			"A resource server with the same identifier already exists")
	}
	return http.StatusCreated, api.document, nil
}

func (m *management) changeAPI(r *http.Request, _ managementToken) (int, any, error) {
	old, known := m.registry.apiNamed(r.PathValue("id"))
	if !known {
		return 0, nil, errNoAPI()
	}
	change, err := readDocument(r)
	if err != nil {
		return 0, nil, err
	}
	members := apiMembers()
	if old.System { // all else of it is Auth0's own
		members = map[string]string{"token_lifetime": aNumber, "skip_consent_for_verifiable_first_party_clients": aFlag}
	}
	if err := checkMembers(change, members); err != nil {
		return 0, nil, err
	}
	api, err := apiOf(merged(old.document, change), old)
	if err != nil {
		return 0, nil, err
	}
	api.System = old.System
	m.registry.putAPI(api)
	return http.StatusOK, api.document, nil
}

// Which members the Management API takes, and of which kind. One that it does not know
// is refused, as at Auth0, so that a misspelt one is noticed.

// The kinds of members.
const (
	aText    = "string"
	aFlag    = "boolean"
	aNumber  = "number"
	aList    = "array"
	anObject = "object"
)

func apiMembers() map[string]string {
	return map[string]string{
		"name": aText, "scopes": aList, "signing_alg": aText, "signing_secret": aText,
		"allow_offline_access": aFlag, "token_lifetime": aNumber, "token_lifetime_for_web": aNumber,
		"skip_consent_for_verifiable_first_party_clients": aFlag, "enforce_policies": aFlag,
		"token_dialect": aText, "subject_type_authorization": anObject,
	}
}

func clientMembers() map[string]string {
	return map[string]string{
		"name": aText, "description": aText, "client_secret": aText, "app_type": aText, "logo_uri": aText,
		"is_first_party": aFlag, "oidc_conformant": aFlag, "callbacks": aList, "allowed_origins": aList,
		"web_origins": aList, "client_aliases": aList, "allowed_clients": aList, "allowed_logout_urls": aList,
		"grant_types": aList, "token_endpoint_auth_method": aText, "jwt_configuration": anObject, "sso": aFlag,
		"sso_disabled": aFlag, "cross_origin_authentication": aFlag, "custom_login_page_on": aFlag,
		"is_token_endpoint_ip_header_trusted": aFlag, "refresh_token": anObject, "organization_usage": aText,
		"organization_require_behavior": aText, "client_metadata": anObject, "initiate_login_uri": aText,
		"addons": anObject, "mobile": anObject, "native_social_login": anObject,
	}
}

// checkMembers refuses members that are unknown or of another kind. A null is of every
// kind: it removes.
func checkMembers(doc document, known map[string]string) error {
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		kind, ok := known[name]
		if !ok {
			unknown = append(unknown, name)
			continue
		}
		if got := kindOf(doc[name]); got != kind && got != "null" {
			return refusePayload(fmt.Sprintf("Expected type %s but found type %s", kind, got), name)
		}
	}
	if len(unknown) > 0 {
		return refusePayload("Additional properties not allowed: "+strings.Join(unknown, ","), "")
	}
	return nil
}

func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return aText
	case bool:
		return aFlag
	case float64:
		return aNumber
	case []any:
		return aList
	default:
		return anObject
	}
}

// merged is old with what change names: other values, or none for null.
func merged(old, change document) document {
	doc := maps.Clone(old)
	for name, value := range change {
		if value == nil {
			delete(doc, name)
			continue
		}
		doc[name] = value
	}
	return doc
}

// plain is a document with the types that encoding/json reads, whatever made it.
func plain(doc document) document {
	text, err := json.Marshal(doc)
	if err != nil {
		return document{}
	}
	var read document
	_ = json.Unmarshal(text, &read) // it was just written
	return read
}

func textOf(doc document, name string) string {
	text, _ := doc[name].(string)
	return text
}

func textsOf(doc document, name string) []string {
	list, _ := doc[name].([]any)
	var texts []string
	for _, value := range list {
		if text, ok := value.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}
