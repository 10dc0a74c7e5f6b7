// The Management API (version 2), as far as the setup of a tenant needs it: APIs,
// applications and client grants are listed, read, made and changed. What is made works
// at once in all of the tenant, and ends with it.

package auth0

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

// document is something of the tenant's as the Management API has it.
type document = map[string]any

// managed answers a request that the token allows: with a status and a document.
type managed func(r *http.Request, token managementToken) (status int, answer any, err error)

// management is Auth0's Management API.
type management struct {
	*state
	changing sync.Mutex // held by a change
}

func (m *management) routes(mux *http.ServeMux) {
	for pattern, route := range map[string]struct {
		scopes string // any of them
		answer managed
	}{
		"GET resource-servers":        {"read:resource_servers", m.listAPIs},
		"GET resource-servers/{id}":   {"read:resource_servers", m.readAPI},
		"POST resource-servers":       {"create:resource_servers", m.createAPI},
		"PATCH resource-servers/{id}": {"update:resource_servers", m.changeAPI},
		"GET clients":                 {"read:clients read:client_keys", m.listClients},
		"GET clients/{id}":            {"read:clients read:client_keys", m.readClient},
		"POST clients":                {"create:clients", m.createClient},
		"PATCH clients/{id}":          {"update:clients", m.changeClient},
		"GET client-grants":           {"read:client_grants", m.listGrants},
		"POST client-grants":          {"create:client_grants", m.createGrant},
		"PATCH client-grants/{id}":    {"update:client_grants", m.changeGrant},
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+ManagementAPI+path, m.managed(strings.Fields(route.scopes), route.answer))
	}
	mux.HandleFunc(ManagementAPI, func(w http.ResponseWriter, _ *http.Request) {
		writeManagementError(w, refuseManaged(http.StatusNotFound, "", "Not Found"))
	})
}

func (m *management) managed(scopes []string, answer managed) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		noStore(w)
		token, err := m.managementToken(r)
		if err == nil && !slices.ContainsFunc(scopes, token.has) {
			err = refuseManaged(http.StatusForbidden, "insufficient_scope",
				"Insufficient scope, expected any of: "+strings.Join(scopes, ","))
		}
		if err != nil {
			writeManagementError(w, err)
			return
		}
		if r.Method != http.MethodGet { // a change reads what it changes
			m.changing.Lock()
			defer m.changing.Unlock()
		}
		status, body, err := answer(r, token)
		if err != nil {
			writeManagementError(w, err)
			return
		}
		writeJSON(w, status, body)
	}
}

// managementToken is what a token of the Management API allows.
type managementToken struct{ scopes []string }

func (m managementToken) has(scope string) bool { return slices.Contains(m.scopes, scope) }

// managementToken reads the token of a request. Only one that this tenant gave for its
// Management API will do.
func (m *management) managementToken(r *http.Request) (managementToken, error) {
	header := r.Header.Get("Authorization")
	scheme, token, _ := strings.Cut(header, " ")
	switch {
	case header == "":
		return managementToken{}, refuseManaged(http.StatusUnauthorized, "", "Missing authentication")
	case !strings.EqualFold(scheme, "Bearer") || strings.Count(token, ".") != 2:
		return managementToken{}, refuseManaged(http.StatusBadRequest, "Bearer", "Bad HTTP authentication header format")
	}
	var claims jwt.Claims
	var scope struct {
		Scope string `json:"scope"`
	}
	if err := m.signer.verify(token, &claims, &scope); err != nil {
		return managementToken{}, refuseManaged(http.StatusUnauthorized, "", "Invalid token")
	}
	switch {
	case claims.Expiry == nil || m.now().After(claims.Expiry.Time()):
		return managementToken{}, refuseManaged(http.StatusUnauthorized, "", "Expired token received for JSON Web Token validation")
	case !claims.Audience.Contains(m.config.managementAPI()):
		return managementToken{}, refuseManaged(http.StatusUnauthorized, "", "Bad audience: "+strings.Join(claims.Audience, ","))
	}
	return managementToken{strings.Fields(scope.Scope)}, nil
}

// managementRefusal is an error as the Management API writes it.
type managementRefusal struct {
	Status  int    `json:"statusCode"`
	Name    string `json:"error"`
	Message string `json:"message"`
	Code    string `json:"errorCode,omitempty"`
}

func (e *managementRefusal) Error() string { return e.Message }

func refuseManaged(status int, code, message string) error {
	return &managementRefusal{status, http.StatusText(status), message, code}
}

// refusePayload refuses a body for what is wrong with one of its properties, or with
// all of it.
func refusePayload(problem, property string) error {
	message := "Payload validation error: '" + problem + "'"
	if property != "" {
		message += " on property " + property
	}
	return refuseManaged(http.StatusBadRequest, "invalid_body", message+".")
}

func writeManagementError(w http.ResponseWriter, err error) {
	var refused *managementRefusal
	if !errors.As(err, &refused) {
		refused = &managementRefusal{http.StatusInternalServerError, "Internal Server Error", "An internal server error occurred", ""}
	}
	writeJSON(w, refused.Status, refused)
}

// readDocument reads the JSON object of a request.
func readDocument(r *http.Request) (document, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, managementBody))
	if err != nil {
		return nil, refuseManaged(http.StatusRequestEntityTooLarge, "", "Payload content length greater than maximum allowed")
	}
	var doc document
	if err := json.Unmarshal(body, &doc); err != nil || doc == nil {
		return nil, refuseManaged(http.StatusBadRequest, "", "Invalid request payload JSON format")
	}
	return doc, nil
}

const managementBody = 1 << 20 // bytes, of "a maximum payload size of 1 megabyte"

// managementLifetime is Auth0's for the Management API's tokens.
const managementLifetime = 24 * time.Hour

// ManagementScopes are those that the Management API gives here.
func ManagementScopes() []string {
	var all []string
	for _, kind := range []string{"resource_servers", "clients", "client_grants"} {
		all = append(all, "read:"+kind, "create:"+kind, "update:"+kind)
	}
	return append(all, "read:client_keys")
}

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

// Client grants: which application may have which scopes of which API as a machine.

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
func (m *management) grants() []document {
	m.registry.mu.RLock()
	defer m.registry.mu.RUnlock()
	var all []document
	for _, client := range m.registry.clients {
		granted := m.registry.granted(client)
		for _, audience := range slices.Sorted(maps.Keys(granted)) {
			all = append(all, describeGrant(client.ID, audience, granted[audience]))
		}
	}
	return all
}

func (m *management) listGrants(r *http.Request, _ managementToken) (int, any, error) {
	query := r.URL.Query()
	all := slices.DeleteFunc(m.grants(), func(grant document) bool {
		for _, filter := range []string{"client_id", "audience", "subject_type"} {
			if query.Get(filter) != "" && query.Get(filter) != grant[filter] {
				return true
			}
		}
		return false
	})
	return listed(r, "client_grants", all)
}

func (m *management) createGrant(r *http.Request, _ managementToken) (int, any, error) {
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
	if _, known := m.registry.client(clientID); !known {
		return 0, nil, errNoClient()
	}
	if err := m.checkGrant(audience, scopes); err != nil {
		return 0, nil, err
	}
	if !m.registry.putGrant(clientID, audience, scopes, true) {
		return 0, nil, refuseManaged(http.StatusConflict, "", "A resource server grant with that client_id and audience already exists")
	}
	return http.StatusCreated, describeGrant(clientID, audience, scopes), nil
}

func (m *management) changeGrant(r *http.Request, _ managementToken) (int, any, error) {
	all := m.grants()
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
	if err := m.checkGrant(audience, scopes); err != nil {
		return 0, nil, err
	}
	m.registry.putGrant(clientID, audience, scopes, false)
	return http.StatusOK, describeGrant(clientID, audience, scopes), nil
}

// checkGrant refuses an API that is not there and scopes that it does not have. Those
// of the Management API are not told in its document.
func (m *management) checkGrant(audience string, scopes []string) error {
	api, known := m.registry.api(audience)
	switch {
	case !known:
		return errNoAPI()
	case !api.System && !api.knowsScopes(scopes):
		return refuseManaged(http.StatusBadRequest, "invalid_body",
			"Payload validation error: scope must be a subset of resource server scopes")
	}
	return nil
}

// Lists of the Management API: by pages, whole or with some members only.

const (
	managementPage     = 50 // entries, when nobody asks for another number
	managementPageMost = 100
)

// listed answers a request for a list of documents: an array, or with include_totals an
// object that holds it under name.
func listed(r *http.Request, name string, all []document) (int, any, error) {
	query := r.URL.Query()
	page, err := number(query, "page", 0, 0)
	if err != nil {
		return 0, nil, err
	}
	size, err := number(query, "per_page", managementPage, managementPageMost)
	if err != nil {
		return 0, nil, err
	}
	start := min(page*size, len(all))
	shown := []document{}
	for _, doc := range all[start:min(start+size, len(all))] {
		shown = append(shown, only(doc, query))
	}
	if query.Get("include_totals") != "true" {
		return http.StatusOK, shown, nil
	}
	return http.StatusOK, document{"total": len(all), "start": page * size, "limit": size, name: shown}, nil
}

func number(query url.Values, name string, otherwise, most int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || n < 0:
		return 0, refuseQuery("Invalid value", name)
	case most > 0 && n > most:
		return 0, refuseQuery(fmt.Sprintf("Value %d is greater than maximum %d", n, most), name)
	}
	return n, nil
}

func refuseQuery(problem, name string) error {
	return refuseManaged(http.StatusBadRequest, "invalid_query_string",
		fmt.Sprintf("Query validation error: '%s' on property %s.", problem, name))
}

// only returns the members of a document that fields and include_fields ask for.
func only(doc document, query url.Values) document {
	fields := strings.Split(query.Get("fields"), ",")
	if query.Get("fields") == "" {
		return doc
	}
	include := query.Get("include_fields") != "false"
	shown := document{}
	for name, value := range doc {
		if slices.Contains(fields, name) == include {
			shown[name] = value
		}
	}
	return shown
}

// flagged reports whether a document fits a filter such as is_global=false.
func flagged(query url.Values, filter string, value bool) bool {
	return query.Get(filter) == "" || query.Get(filter) == strconv.FormatBool(value)
}
