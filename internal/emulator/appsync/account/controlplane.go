package account

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
)

// The pages of ListGraphqlApis, in APIs.
const (
	defaultPage = 10 // aws/amazon-neptune-for-graphql#39
	largestPage = 25 // AppSync API reference, ListGraphqlApis
)

// controlPlane is AppSync's (AppSync API reference): ListGraphqlApis, GetGraphqlApi and
// GetApiAssociation. The account has two APIs, so that nobody can take the first for the
// right one, and no domain names.
type controlPlane struct {
	rights rights
	api    API
	served string // the API's id
	other  string // the id of another API, which is not served
	host   string // what that one's host begins with
}

func newControlPlane(rights rights, api API) *controlPlane {
	made := func() string { return strings.ToLower(rand.Text()) }
	return &controlPlane{rights: rights, api: api, served: made(), other: made(), host: made()}
}

// ControlPlanePaths are the patterns of the paths that Account.ControlPlane answers.
func ControlPlanePaths() []string {
	return []string{"GET /v1/apis", "GET /v1/apis/{api}", "GET /v1/domainnames/{domain}/apiassociation"}
}

// ControlPlaneOperation is the name of the operation at a path of ControlPlanePaths.
func ControlPlaneOperation(path string) string {
	switch {
	case strings.HasPrefix(path, "/v1/domainnames/"):
		return "GetApiAssociation"
	case strings.HasPrefix(path, "/v1/apis/"):
		return "GetGraphqlApi"
	}
	return "ListGraphqlApis"
}

// ServeHTTP implements http.Handler.
func (c *controlPlane) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, domain := r.PathValue("api"), r.PathValue("domain")
	action, resource := ControlPlaneOperation(r.URL.Path), "apis/"+id
	if domain != "" {
		resource = "domainnames/" + domain
	}
	from, refused := c.rights.admit(r.Context(), r, "appsync", action, resource)
	if refused != nil {
		refuseControlPlane(w, refused)
		return
	}
	switch {
	case domain != "":
		refuseControlPlane(w, missing404("Domain name "+domain+" not found."))
	case id == "":
		c.list(w, r, from.region)
	default:
		for _, api := range c.apis(from.region) {
			if api.ID == id {
				respondJSON(w, http.StatusOK, map[string]any{"graphqlApi": api})
				return
			}
		}
		refuseControlPlane(w, missing404("GraphQL API "+id+" not found.")) // aws/aws-cli#6251
	}
}

// list answers a page. The token, which is opaque to clients, is the number of the next
// API.
func (c *controlPlane) list(w http.ResponseWriter, r *http.Request, region string) {
	query, all := r.URL.Query(), c.apis(region)
	size, start := defaultPage, 0
	var err error
	if text := query.Get("maxResults"); text != "" {
		size, err = strconv.Atoi(text)
	}
	if err != nil || size < 0 || size > largestPage {
		refuseControlPlane(w, badRequest("maxResults must be between 0 and 25."))
		return
	}
	if size == 0 {
		size = defaultPage
	}
	if token := query.Get("nextToken"); token != "" {
		start, err = strconv.Atoi(token)
	}
	if err != nil || start < 0 || start > len(all) {
		refuseControlPlane(w, badRequest("Invalid nextToken."))
		return
	}
	end := min(start+size, len(all))
	answer := map[string]any{"graphqlApis": all[start:end]}
	if end < len(all) {
		answer["nextToken"] = strconv.Itoa(end)
	}
	respondJSON(w, http.StatusOK, answer)
}

// apis are those of the account. The first is not the one that is served here.
func (c *controlPlane) apis(region string) []apiAnswer {
	other := newAnswer(c.other, "orders", region)
	other.URIs = map[string]string{ // their host does not begin with the id
		"GRAPHQL":  "https://" + c.host + ".appsync-api." + region + ".amazonaws.com/graphql",
		"REALTIME": "wss://" + c.host + ".appsync-realtime-api." + region + ".amazonaws.com/graphql",
	}
	other.modeAnswer = modeAnswer{Type: "API_KEY"}

	served := newAnswer(c.served, "customers", region)
	served.URIs = map[string]string{"GRAPHQL": c.api.Endpoint, "REALTIME": c.api.RealTime}
	served.DepthLimit, served.ResolverLimit = c.api.DepthLimit, c.api.ResolverLimit
	if c.api.IntrospectionOff {
		served.Introspection = "DISABLED"
	}
	for i, mode := range c.api.Modes {
		if answer := mode.answer(region, i == 0); i == 0 {
			served.modeAnswer = answer
		} else {
			served.More = append(served.More, answer)
		}
	}
	return []apiAnswer{other, served}
}

func missing404(message string) *refusal {
	return &refusal{Status: http.StatusNotFound, Type: "NotFoundException", Message: message}
}

func badRequest(message string) *refusal {
	return &refusal{Status: http.StatusBadRequest, Type: "BadRequestException", Message: message}
}

// refuseControlPlane writes an error as REST services do: its type in a header.
func refuseControlPlane(w http.ResponseWriter, refused *refusal) {
	w.Header().Set("x-amzn-ErrorType", refused.Type)
	respondJSON(w, refused.Status, map[string]string{"message": refused.Message})
}

func respondJSON(w http.ResponseWriter, status int, v any) {
	respond(w, status, "application/json", encode(v))
}

// apiAnswer is an API as AppSync's control plane tells it (AppSync API reference,
// GraphqlApi). What is not set is left out.
type apiAnswer struct {
	ID     string            `json:"apiId"`
	Name   string            `json:"name"`
	ARN    string            `json:"arn"`
	Kind   string            `json:"apiType"`
	URIs   map[string]string `json:"uris"`
	Owner  string            `json:"owner"`
	Access string            `json:"visibility"`

	modeAnswer

	More          []modeAnswer      `json:"additionalAuthenticationProviders,omitempty"`
	Introspection string            `json:"introspectionConfig"`
	DepthLimit    int               `json:"queryDepthLimit"`
	ResolverLimit int               `json:"resolverCountLimit"`
	XRay          bool              `json:"xrayEnabled"`
	Tags          map[string]string `json:"tags"`
}

func newAnswer(id, name, region string) apiAnswer {
	return apiAnswer{
		ID: id, Name: name, Kind: "GRAPHQL", Access: "GLOBAL", Introspection: "ENABLED", Owner: accountNumber,
		ARN: "arn:aws:appsync:" + region + ":" + accountNumber + ":apis/" + id, Tags: map[string]string{},
	}
}

// modeAnswer is a mode with its configuration.
type modeAnswer struct {
	Type     string          `json:"authenticationType"`
	Provider *providerAnswer `json:"openIDConnectConfig,omitempty"`
	Pool     *poolAnswer     `json:"userPoolConfig,omitempty"`
	Function *functionAnswer `json:"lambdaAuthorizerConfig,omitempty"`
}

// providerAnswer has its times in milliseconds.
type providerAnswer struct {
	Issuer   string `json:"issuer"`
	ClientID string `json:"clientId,omitempty"`
	IatTTL   int64  `json:"iatTTL,omitempty"`
	AuthTTL  int64  `json:"authTTL,omitempty"`
}

type poolAnswer struct {
	ID            string `json:"userPoolId"`
	Region        string `json:"awsRegion"`
	DefaultAction string `json:"defaultAction,omitempty"` // of the default mode only
}

type functionAnswer struct {
	ARN string `json:"authorizerUri"`
	TTL int    `json:"authorizerResultTtlInSeconds"` // seconds
}

// answer is the mode in an answer for a region; first says that it is the default.
func (m Mode) answer(region string, first bool) modeAnswer {
	answer := modeAnswer{Type: m.Type}
	if m.OpenID != nil {
		answer.Provider = &providerAnswer{
			Issuer: m.OpenID.Issuer, ClientID: m.OpenID.ClientID,
			IatTTL: m.OpenID.IatTTL.Milliseconds(), AuthTTL: m.OpenID.AuthTTL.Milliseconds(),
		}
	}
	if m.UserPool {
		answer.Pool = &poolAnswer{ID: region + "_emulator", Region: region}
		if first {
			answer.Pool.DefaultAction = "ALLOW"
		}
	}
	if m.Function {
		answer.Function = &functionAnswer{ARN: "arn:aws:lambda:" + region + ":" + accountNumber + ":function:authorizer", TTL: 300}
	}
	return answer
}
