// Package management is Auth0's Management API (version 2), as far as the setup of a tenant
// needs it: APIs, applications and client grants are listed, read, made and changed. What
// is made works at once in all of the tenant, and ends with it.
//
// It knows Auth0's documents: which members there are, how they are checked, merged and
// shown, and who may see them. What a document means for logins and tokens is the
// tenant's, which it reads and changes through an interface.
package management

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

// Document is something of a tenant's as the API has it, of the types that encoding/json
// reads.
type Document = map[string]any

// Grant is a client grant: which application may have which scopes of which API as a
// machine.
type Grant struct {
	ClientID, Audience string
	Scopes             []string
}

// Tenant is what the API reads and changes.
type Tenant interface {
	// NewAPI and NewClient return what Auth0 answers for a new one of which nothing is said.
	NewAPI() Document
	NewClient() Document

	// APIs and Clients return all of them, the oldest first.
	APIs() []Document
	Clients() []Document
	API(name string) (Document, bool) // by its id or by its identifier
	Client(id string) (Document, bool)

	// PutAPI and PutClient make one, or change the one with the id. An error says what is
	// wrong with the document; PutAPI returns ErrTaken for a new API with the identifier
	// of another.
	PutAPI(doc Document) error
	PutClient(doc Document) error

	// Grants returns all of them: by the client's age, then by audience.
	Grants() []Grant
	// PutGrant makes a grant or changes it. makes says that there must be no such grant
	// yet; it returns false when there is one.
	PutGrant(grant Grant, makes bool) bool
}

// ErrTaken says that another API has an identifier.
var ErrTaken = errors.New("the identifier is taken")

// Config is what the API needs besides the tenant.
type Config struct {
	Identifier string                                  // of the API, the audience of its tokens
	Verify     func(token string, claims ...any) error // reads the claims of a token that the tenant signed
	Now        func() time.Time
}

// api answers on the paths below Path.
type api struct {
	Config
	tenant   Tenant
	changing sync.Mutex // held by a change
}

// Path is where the API begins.
const Path = "/api/v2/"

// New returns the Management API of a tenant.
func New(config Config, tenant Tenant) http.Handler {
	return (&api{Config: config, tenant: tenant}).routes()
}

// managed answers a request that the token allows: with a status and a document.
type managed func(r *http.Request, token token) (status int, answer any, err error)

func (a *api) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, route := range map[string]struct {
		scopes string // any of them
		answer managed
	}{
		"GET resource-servers":        {"read:resource_servers", a.listAPIs},
		"GET resource-servers/{id}":   {"read:resource_servers", a.readAPI},
		"POST resource-servers":       {"create:resource_servers", a.createAPI},
		"PATCH resource-servers/{id}": {"update:resource_servers", a.changeAPI},
		"GET clients":                 {"read:clients read:client_keys", a.listClients},
		"GET clients/{id}":            {"read:clients read:client_keys", a.readClient},
		"POST clients":                {"create:clients", a.createClient},
		"PATCH clients/{id}":          {"update:clients", a.changeClient},
		"GET client-grants":           {"read:client_grants", a.listGrants},
		"POST client-grants":          {"create:client_grants", a.createGrant},
		"PATCH client-grants/{id}":    {"update:client_grants", a.changeGrant},
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+Path+path, a.managed(strings.Fields(route.scopes), route.answer))
	}
	mux.HandleFunc(Path, func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, refuse(http.StatusNotFound, "", "Not Found"))
	})
	return mux
}

func (a *api) managed(scopes []string, answer managed) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Pragma", "no-cache")
		allowed, err := a.token(r)
		if err == nil && !slices.ContainsFunc(scopes, allowed.has) {
			err = refuse(http.StatusForbidden, "insufficient_scope",
				"Insufficient scope, expected any of: "+strings.Join(scopes, ","))
		}
		if err != nil {
			writeError(w, err)
			return
		}
		if r.Method != http.MethodGet { // a change reads what it changes
			a.changing.Lock()
			defer a.changing.Unlock()
		}
		status, body, err := answer(r, allowed)
		if err != nil {
			writeError(w, err)
			return
		}
		writeJSON(w, status, body)
	}
}

// token is what a token of the API allows.
type token struct{ scopes []string }

func (t token) has(scope string) bool { return slices.Contains(t.scopes, scope) }

// token reads the token of a request. Only one that this tenant gave for its
// Management API will do.
func (a *api) token(r *http.Request) (token, error) {
	header := r.Header.Get("Authorization")
	scheme, text, _ := strings.Cut(header, " ")
	switch {
	case header == "":
		return token{}, refuse(http.StatusUnauthorized, "", "Missing authentication")
	case !strings.EqualFold(scheme, "Bearer") || strings.Count(text, ".") != 2:
		return token{}, refuse(http.StatusBadRequest, "Bearer", "Bad HTTP authentication header format")
	}
	var claims jwt.Claims
	var scope struct {
		Scope string `json:"scope"`
	}
	if err := a.Verify(text, &claims, &scope); err != nil {
		return token{}, refuse(http.StatusUnauthorized, "", "Invalid token")
	}
	switch {
	case claims.Expiry == nil || a.Now().After(claims.Expiry.Time()):
		return token{}, refuse(http.StatusUnauthorized, "", "Expired token received for JSON Web Token validation")
	case !claims.Audience.Contains(a.Identifier):
		return token{}, refuse(http.StatusUnauthorized, "", "Bad audience: "+strings.Join(claims.Audience, ","))
	}
	return token{strings.Fields(scope.Scope)}, nil
}

// Scopes are those that the API gives here.
func Scopes() []string {
	var all []string
	for _, kind := range []string{"resource_servers", "clients", "client_grants"} {
		all = append(all, "read:"+kind, "create:"+kind, "update:"+kind)
	}
	return append(all, "read:client_keys")
}

// refusal is an error as the API writes it.
type refusal struct {
	Status  int    `json:"statusCode"`
	Name    string `json:"error"`
	Message string `json:"message"`
	Code    string `json:"errorCode,omitempty"`
}

func (e *refusal) Error() string { return e.Message }

func refuse(status int, code, message string) error {
	return &refusal{status, http.StatusText(status), message, code}
}

// refusePayload refuses a body for what is wrong with one of its properties, or with
// all of it.
func refusePayload(problem, property string) error {
	message := "Payload validation error: '" + problem + "'"
	if property != "" {
		message += " on property " + property
	}
	return refuse(http.StatusBadRequest, "invalid_body", message+".")
}

func writeError(w http.ResponseWriter, err error) {
	var refused *refusal
	if !errors.As(err, &refused) {
		refused = &refusal{http.StatusInternalServerError, "Internal Server Error", "An internal server error occurred", ""}
	}
	writeJSON(w, refused.Status, refused)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone
}
