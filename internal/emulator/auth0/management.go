// The Management API (version 2), as far as the setup of a tenant needs it: APIs,
// applications and client grants are listed, read, made and changed. What is made works
// at once in all of the tenant, and ends with it.

package auth0

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

// document is something of the tenant's as the Management API has it.
type document = map[string]any

// managed answers a request that the token allows: with a status and a document.
type managed func(r *http.Request, token managementToken) (status int, answer any, err error)

func (t *Tenant) managementRoutes(mux *http.ServeMux) {
	for pattern, route := range map[string]struct {
		scopes string // any of them
		answer managed
	}{
		"GET resource-servers":        {"read:resource_servers", t.listAPIs},
		"GET resource-servers/{id}":   {"read:resource_servers", t.readAPI},
		"POST resource-servers":       {"create:resource_servers", t.createAPI},
		"PATCH resource-servers/{id}": {"update:resource_servers", t.changeAPI},
		"GET clients":                 {"read:clients read:client_keys", t.listClients},
		"GET clients/{id}":            {"read:clients read:client_keys", t.readClient},
		"POST clients":                {"create:clients", t.createClient},
		"PATCH clients/{id}":          {"update:clients", t.changeClient},
		"GET client-grants":           {"read:client_grants", t.listGrants},
		"POST client-grants":          {"create:client_grants", t.createGrant},
		"PATCH client-grants/{id}":    {"update:client_grants", t.changeGrant},
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+ManagementAPI+path, t.managed(strings.Fields(route.scopes), route.answer))
	}
	mux.HandleFunc(ManagementAPI, func(w http.ResponseWriter, _ *http.Request) {
		writeManagementError(w, refuseManaged(http.StatusNotFound, "", "Not Found"))
	})
}

func (t *Tenant) managed(scopes []string, answer managed) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		noStore(w)
		token, err := t.managementToken(r)
		if err == nil && !slices.ContainsFunc(scopes, token.has) {
			err = refuseManaged(http.StatusForbidden, "insufficient_scope",
				"Insufficient scope, expected any of: "+strings.Join(scopes, ","))
		}
		if err != nil {
			writeManagementError(w, err)
			return
		}
		if r.Method != http.MethodGet { // a change reads what it changes
			t.changing.Lock()
			defer t.changing.Unlock()
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
func (t *Tenant) managementToken(r *http.Request) (managementToken, error) {
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
	if err := t.signer.verify(token, &claims, &scope); err != nil {
		return managementToken{}, refuseManaged(http.StatusUnauthorized, "", "Invalid token")
	}
	switch {
	case claims.Expiry == nil || t.now().After(claims.Expiry.Time()):
		return managementToken{}, refuseManaged(http.StatusUnauthorized, "", "Expired token received for JSON Web Token validation")
	case !claims.Audience.Contains(t.config.managementAPI()):
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
