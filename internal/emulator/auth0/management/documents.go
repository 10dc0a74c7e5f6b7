// Documents: which members there are and of which kind, how they are read, merged and
// listed. A member that is not known is refused, as at Auth0, so that a misspelt one is
// noticed.

package management

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// readDocument reads the JSON object of a request.
func readDocument(r *http.Request) (Document, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, bodyLimit))
	if err != nil {
		return nil, refuse(http.StatusRequestEntityTooLarge, "", "Payload content length greater than maximum allowed")
	}
	var doc Document
	if err := json.Unmarshal(body, &doc); err != nil || doc == nil {
		return nil, refuse(http.StatusBadRequest, "", "Invalid request payload JSON format")
	}
	return doc, nil
}

const bodyLimit = 1 << 20 // bytes, of "a maximum payload size of 1 megabyte"

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
func checkMembers(doc Document, known map[string]string) error {
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
func merged(old, change Document) Document {
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

// Plain is a document with the types that encoding/json reads, whatever made it.
func Plain(doc Document) Document {
	text, err := json.Marshal(doc)
	if err != nil {
		return Document{}
	}
	var read Document
	_ = json.Unmarshal(text, &read) // it was just written
	return read
}

// Text is a member that is a text, else empty.
func Text(doc Document, name string) string {
	text, _ := doc[name].(string)
	return text
}

// Texts are the texts of a member that is a list.
func Texts(doc Document, name string) []string {
	list, _ := doc[name].([]any)
	var texts []string
	for _, value := range list {
		if text, ok := value.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// ScopesOf are the scopes of an API.
func ScopesOf(api Document) []string {
	var scopes []string
	list, _ := api["scopes"].([]any)
	for _, entry := range list {
		scope, _ := entry.(Document)
		scopes = append(scopes, Text(scope, "value"))
	}
	return scopes
}

const (
	pageSize     = 50 // entries, when nobody asks for another number
	pageSizeMost = 100
)

// listed answers a request for a list of documents: an array, or with include_totals an
// object that holds it under name.
func listed(r *http.Request, name string, all []Document) (int, any, error) {
	query := r.URL.Query()
	page, err := number(query, "page", 0, 0)
	if err != nil {
		return 0, nil, err
	}
	size, err := number(query, "per_page", pageSize, pageSizeMost)
	if err != nil {
		return 0, nil, err
	}
	start := min(page*size, len(all))
	shown := []Document{}
	for _, doc := range all[start:min(start+size, len(all))] {
		shown = append(shown, only(doc, query))
	}
	if query.Get("include_totals") != "true" {
		return http.StatusOK, shown, nil
	}
	return http.StatusOK, Document{"total": len(all), "start": page * size, "limit": size, name: shown}, nil
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
	return refuse(http.StatusBadRequest, "invalid_query_string",
		fmt.Sprintf("Query validation error: '%s' on property %s.", problem, name))
}

// only returns the members of a document that fields and include_fields ask for.
func only(doc Document, query url.Values) Document {
	fields := strings.Split(query.Get("fields"), ",")
	if query.Get("fields") == "" {
		return doc
	}
	include := query.Get("include_fields") != "false"
	shown := Document{}
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
