// Client grants: which application may have which scopes of which API as a machine.

package auth0

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
)

// describeGrant writes a client grant. Its id follows from what it is about.
func describeGrant(clientID, audience string, scopes []string) document {
	sum := sha256.Sum256([]byte(clientID + " " + audience))
	list := []any{}
	for _, scope := range scopes {
		list = append(list, scope)
	}
	return document{
		"id": "cgr_" + hex.EncodeToString(sum[:8]), "client_id": clientID, "audience": audience,
		"scope": list, "subject_type": "client",
	}
}

// grants returns all client grants: by the client's age, then by audience.
func (t *Tenant) grants() []document {
	t.registry.mu.RLock()
	defer t.registry.mu.RUnlock()
	var all []document
	for _, client := range t.registry.clients {
		granted := t.registry.granted(client)
		for _, audience := range slices.Sorted(maps.Keys(granted)) {
			all = append(all, describeGrant(client.ID, audience, granted[audience]))
		}
	}
	return all
}

func (t *Tenant) listGrants(r *http.Request, _ managementToken) (int, any, error) {
	query := r.URL.Query()
	all := slices.DeleteFunc(t.grants(), func(grant document) bool {
		for _, filter := range []string{"client_id", "audience", "subject_type"} {
			if query.Get(filter) != "" && query.Get(filter) != grant[filter] {
				return true
			}
		}
		return false
	})
	return listed(r, "client_grants", all)
}

func (t *Tenant) createGrant(r *http.Request, _ managementToken) (int, any, error) {
	given, err := readDocument(r)
	if err == nil {
		err = checkMembers(given, map[string]string{"client_id": aText, "audience": aText, "scope": aList, "subject_type": aText})
	}
	if err != nil {
		return 0, nil, err
	}
	if kind := textOf(given, "subject_type"); kind != "" && kind != "client" {
		return 0, nil, refusePayload("only client is emulated", "subject_type")
	}
	if given["scope"] == nil {
		return 0, nil, refusePayload("Missing required property: scope", "")
	}
	clientID, audience, scopes := textOf(given, "client_id"), textOf(given, "audience"), textsOf(given, "scope")
	if _, known := t.registry.client(clientID); !known {
		return 0, nil, errNoClient()
	}
	if err := t.checkGrant(audience, scopes); err != nil {
		return 0, nil, err
	}
	if !t.registry.putGrant(clientID, audience, scopes, true) {
		return 0, nil, refuseManaged(http.StatusConflict, "", "A resource server grant with that client_id and audience already exists")
	}
	return http.StatusCreated, describeGrant(clientID, audience, scopes), nil
}

func (t *Tenant) changeGrant(r *http.Request, _ managementToken) (int, any, error) {
	all := t.grants()
	i := slices.IndexFunc(all, func(grant document) bool { return grant["id"] == r.PathValue("id") })
	if i < 0 {
		return 0, nil, refuseManaged(http.StatusNotFound, "inexistent_client_grant", "The grant does not exist.")
	}
	change, err := readDocument(r)
	if err == nil {
		err = checkMembers(change, map[string]string{"scope": aList})
	}
	if err != nil {
		return 0, nil, err
	}
	clientID, audience := textOf(all[i], "client_id"), textOf(all[i], "audience")
	scopes := textsOf(change, "scope")
	if err := t.checkGrant(audience, scopes); err != nil {
		return 0, nil, err
	}
	t.registry.putGrant(clientID, audience, scopes, false)
	return http.StatusOK, describeGrant(clientID, audience, scopes), nil
}

// checkGrant refuses an API that is not there and scopes that it does not have. Those
// of the Management API are not told in its document.
func (t *Tenant) checkGrant(audience string, scopes []string) error {
	api, known := t.registry.api(audience)
	switch {
	case !known:
		return errNoAPI()
	case !api.System && !api.knowsScopes(scopes):
		return refuseManaged(http.StatusBadRequest, "invalid_body",
			"Payload validation error: scope must be a subset of resource server scopes")
	}
	return nil
}
