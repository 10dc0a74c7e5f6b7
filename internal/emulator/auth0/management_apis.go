// APIs, which the Management API calls resource servers.

package auth0

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"time"
)

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

func (t *Tenant) listAPIs(r *http.Request, _ managementToken) (int, any, error) {
	wanted := r.URL.Query()["identifiers"]
	t.registry.mu.RLock()
	var all []document
	for _, api := range t.registry.apis {
		if len(wanted) == 0 || slices.Contains(wanted, api.Identifier) {
			all = append(all, api.document)
		}
	}
	t.registry.mu.RUnlock()
	return listed(r, "resource_servers", all)
}

func (t *Tenant) readAPI(r *http.Request, _ managementToken) (int, any, error) {
	api, known := t.registry.apiNamed(r.PathValue("id"))
	if !known {
		return 0, nil, errNoAPI()
	}
	return http.StatusOK, only(api.document, r.URL.Query()), nil
}

func errNoAPI() error {
	return refuseManaged(http.StatusNotFound, "inexistent_resource_server", "The resource server does not exist")
}

func (t *Tenant) createAPI(r *http.Request, _ managementToken) (int, any, error) {
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
	if !t.registry.putAPI(api) {
		return 0, nil, refuseManaged(http.StatusConflict, "resource_server_conflict",
			"A resource server with the same identifier already exists")
	}
	return http.StatusCreated, api.document, nil
}

func (t *Tenant) changeAPI(r *http.Request, _ managementToken) (int, any, error) {
	old, known := t.registry.apiNamed(r.PathValue("id"))
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
	t.registry.putAPI(api)
	return http.StatusOK, api.document, nil
}
