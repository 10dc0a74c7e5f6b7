// What the API does with APIs, which it calls resource servers, with applications, which
// it calls clients, and with client grants.

package management

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
)

func (a *api) listAPIs(r *http.Request, _ token) (int, any, error) {
	wanted := r.URL.Query()["identifiers"]
	var all []Document
	for _, doc := range a.tenant.APIs() {
		if len(wanted) == 0 || slices.Contains(wanted, Text(doc, "identifier")) {
			all = append(all, doc)
		}
	}
	return listed(r, "resource_servers", all)
}

func (a *api) readAPI(r *http.Request, _ token) (int, any, error) {
	doc, known := a.tenant.API(r.PathValue("id"))
	if !known {
		return 0, nil, errNoAPI()
	}
	return http.StatusOK, only(doc, r.URL.Query()), nil
}

func errNoAPI() error {
	return refuse(http.StatusNotFound, "inexistent_resource_server", "The resource server does not exist")
}

func (a *api) createAPI(r *http.Request, _ token) (int, any, error) {
	given, err := readDocument(r)
	if err != nil {
		return 0, nil, err
	}
	identifier := Text(given, "identifier")
	if identifier == "" {
		return 0, nil, refusePayload("Missing required property: identifier", "")
	}
	delete(given, "identifier") // it cannot be changed later
	if err := checkMembers(given, apiMembers()); err != nil {
		return 0, nil, err
	}
	id := make([]byte, 12)
	_, _ = rand.Read(id) // it does not fail
	doc := merged(Plain(a.tenant.NewAPI()), given)
	doc["id"], doc["identifier"] = hex.EncodeToString(id), identifier
	if doc["name"] == nil {
		doc["name"] = identifier
	}
	err = a.tenant.PutAPI(doc)
	if errors.Is(err, ErrTaken) {
		return 0, nil, refuse(http.StatusConflict, "resource_server_conflict",
			"A resource server with the same identifier already exists")
	}
	if err != nil {
		return 0, nil, refusePayload(err.Error(), "")
	}
	return http.StatusCreated, doc, nil
}

func (a *api) changeAPI(r *http.Request, _ token) (int, any, error) {
	old, known := a.tenant.API(r.PathValue("id"))
	if !known {
		return 0, nil, errNoAPI()
	}
	change, err := readDocument(r)
	if err != nil {
		return 0, nil, err
	}
	members := apiMembers()
	if isSystem(old) { // all else of it is Auth0's own
		members = map[string]string{"token_lifetime": aNumber, "skip_consent_for_verifiable_first_party_clients": aFlag}
	}
	if err := checkMembers(change, members); err != nil {
		return 0, nil, err
	}
	doc := merged(old, change)
	if err := a.tenant.PutAPI(doc); err != nil {
		return 0, nil, refusePayload(err.Error(), "")
	}
	return http.StatusOK, doc, nil
}

// isSystem tells whether an API is the Management API itself.
func isSystem(doc Document) bool {
	system, _ := doc["is_system"].(bool)
	return system
}

// seen is a client as a token may see it: its secret needs a scope of its own.
func seen(doc Document, token token) Document {
	if token.has("read:client_keys") {
		return doc
	}
	return merged(doc, Document{"client_secret": nil})
}

func (a *api) listClients(r *http.Request, token token) (int, any, error) {
	query := r.URL.Query()
	var all []Document
	for _, doc := range a.tenant.Clients() {
		firstParty, _ := doc["is_first_party"].(bool)
		kind := query.Get("app_type")
		if flagged(query, "is_global", false) && flagged(query, "is_first_party", firstParty) &&
			(kind == "" || kind == Text(doc, "app_type")) {
			all = append(all, seen(doc, token))
		}
	}
	return listed(r, "clients", all)
}

func (a *api) readClient(r *http.Request, token token) (int, any, error) {
	doc, known := a.tenant.Client(r.PathValue("id"))
	if !known {
		return 0, nil, errNoClient()
	}
	return http.StatusOK, only(seen(doc, token), r.URL.Query()), nil
}

func errNoClient() error {
	return refuse(http.StatusNotFound, "inexistent_client", "The client does not exist")
}

func (a *api) createClient(r *http.Request, _ token) (int, any, error) {
	given, err := readDocument(r)
	if err == nil {
		err = checkMembers(given, clientMembers())
	}
	if err != nil {
		return 0, nil, err
	}
	if Text(given, "name") == "" {
		return 0, nil, refusePayload("Missing required property: name", "")
	}
	doc := merged(Plain(a.tenant.NewClient()), given)
	doc["client_id"] = rand.Text() + rand.Text()[:6] // 32 characters, as Auth0's
	if Text(doc, "client_secret") == "" {
		doc["client_secret"] = rand.Text() + rand.Text()
	}
	if err := a.tenant.PutClient(doc); err != nil {
		return 0, nil, refusePayload(err.Error(), "")
	}
	return http.StatusCreated, doc, nil
}

func (a *api) changeClient(r *http.Request, token token) (int, any, error) {
	old, known := a.tenant.Client(r.PathValue("id"))
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
	doc := merged(old, change)
	if err := a.tenant.PutClient(doc); err != nil {
		return 0, nil, refusePayload(err.Error(), "")
	}
	return http.StatusOK, seen(doc, token), nil
}

// describe writes a client grant. Its id follows from what it is about.
func (g Grant) describe() Document {
	sum := sha256.Sum256([]byte(g.ClientID + " " + g.Audience))
	list := []any{}
	for _, scope := range g.Scopes {
		list = append(list, scope)
	}
	return Document{
		"id": "cgr_" + hex.EncodeToString(sum[:8]), "client_id": g.ClientID, "audience": g.Audience,
		"scope": list, "subject_type": "client",
	}
}

// grants returns all client grants as documents.
func (a *api) grants() []Document {
	var all []Document
	for _, grant := range a.tenant.Grants() {
		all = append(all, grant.describe())
	}
	return all
}

func (a *api) listGrants(r *http.Request, _ token) (int, any, error) {
	query := r.URL.Query()
	all := slices.DeleteFunc(a.grants(), func(grant Document) bool {
		for _, filter := range []string{"client_id", "audience", "subject_type"} {
			if query.Get(filter) != "" && query.Get(filter) != grant[filter] {
				return true
			}
		}
		return false
	})
	return listed(r, "client_grants", all)
}

func (a *api) createGrant(r *http.Request, _ token) (int, any, error) {
	given, err := readDocument(r)
	if err == nil {
		err = checkMembers(given, map[string]string{"client_id": aText, "audience": aText, "scope": aList, "subject_type": aText})
	}
	if err != nil {
		return 0, nil, err
	}
	if kind := Text(given, "subject_type"); kind != "" && kind != "client" {
		return 0, nil, refusePayload("only client is emulated", "subject_type")
	}
	if given["scope"] == nil {
		return 0, nil, refusePayload("Missing required property: scope", "")
	}
	grant := Grant{Text(given, "client_id"), Text(given, "audience"), Texts(given, "scope")}
	if _, known := a.tenant.Client(grant.ClientID); !known {
		return 0, nil, errNoClient()
	}
	if err := a.checkGrant(grant); err != nil {
		return 0, nil, err
	}
	if !a.tenant.PutGrant(grant, true) {
		return 0, nil, refuse(http.StatusConflict, "", "A resource server grant with that client_id and audience already exists")
	}
	return http.StatusCreated, grant.describe(), nil
}

func (a *api) changeGrant(r *http.Request, _ token) (int, any, error) {
	all := a.grants()
	i := slices.IndexFunc(all, func(grant Document) bool { return grant["id"] == r.PathValue("id") })
	if i < 0 {
		return 0, nil, refuse(http.StatusNotFound, "inexistent_client_grant", "The grant does not exist.")
	}
	change, err := readDocument(r)
	if err == nil {
		err = checkMembers(change, map[string]string{"scope": aList})
	}
	if err != nil {
		return 0, nil, err
	}
	grant := Grant{Text(all[i], "client_id"), Text(all[i], "audience"), Texts(change, "scope")}
	if err := a.checkGrant(grant); err != nil {
		return 0, nil, err
	}
	a.tenant.PutGrant(grant, false)
	return http.StatusOK, grant.describe(), nil
}

// checkGrant refuses an API that is not there and scopes that it does not have. Those
// of the Management API are not told in its document.
func (a *api) checkGrant(grant Grant) error {
	all := a.tenant.APIs()
	i := slices.IndexFunc(all, func(doc Document) bool { return doc["identifier"] == grant.Audience })
	switch {
	case i < 0:
		return errNoAPI()
	case !isSystem(all[i]) && !knowsScopes(all[i], grant.Scopes):
		return refuse(http.StatusBadRequest, "invalid_body",
			"Payload validation error: scope must be a subset of resource server scopes")
	}
	return nil
}

// knowsScopes reports whether an API has all scopes.
func knowsScopes(doc Document, scopes []string) bool {
	known := ScopesOf(doc)
	return !slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(known, s) })
}
