package appsync

import (
	"net/http"
	"strconv"
	"strings"
)

// The pages of ListGraphqlApis, in APIs.
const (
	defaultPage = 10 // aws/amazon-neptune-for-graphql#39
	largestPage = 25 // AppSync API reference, ListGraphqlApis
)

// ControlPlanePaths are the patterns of the paths that ServeControlPlane answers.
func ControlPlanePaths() []string {
	return []string{"GET /v1/apis", "GET /v1/apis/{api}", "GET /v1/domainnames/{domain}/apiassociation"}
}

// ServeControlPlane answers the control plane (AppSync API reference): ListGraphqlApis,
// GetGraphqlApi and GetApiAssociation. The account has two APIs, so that nobody can
// take the first for the right one, and no domain names.
func (a *Account) ServeControlPlane(w http.ResponseWriter, r *http.Request) {
	id, domain := r.PathValue("api"), r.PathValue("domain")
	action, resource := ControlPlaneOperation(r.URL.Path), "apis/"+id
	if domain != "" {
		resource = "domainnames/" + domain
	}
	from, refused := a.admit(r.Context(), r, "appsync", action, resource)
	if refused != nil {
		refuseControlPlane(w, refused)
		return
	}
	switch {
	case domain != "":
		refuseControlPlane(w, missing404("Domain name "+domain+" not found."))
	case id == "":
		a.listAPIs(w, r, from.region)
	default:
		for _, api := range a.apis(from.region) {
			if api.ID == id {
				respond(w, http.StatusOK, "application/json", map[string]any{"graphqlApi": api})
				return
			}
		}
		refuseControlPlane(w, missing404("GraphQL API "+id+" not found.")) // aws/aws-cli#6251
	}
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

// listAPIs answers a page. The token, which is opaque to clients, is the number of the
// next API.
func (a *Account) listAPIs(w http.ResponseWriter, r *http.Request, region string) {
	query, all := r.URL.Query(), a.apis(region)
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
	respond(w, http.StatusOK, "application/json", answer)
}

func missing404(message string) *refusal {
	return &refusal{Status: http.StatusNotFound, Type: "NotFoundException", Message: message}
}

// refuseControlPlane writes an error as REST services do: its type in a header.
func refuseControlPlane(w http.ResponseWriter, refused *refusal) {
	w.Header().Set("x-amzn-ErrorType", refused.Type)
	respond(w, refused.Status, "application/json", map[string]string{"message": refused.Message})
}
