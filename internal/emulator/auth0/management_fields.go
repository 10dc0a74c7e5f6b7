// Which members the Management API takes, and of which kind. One that it does not know
// is refused, as at Auth0, so that a misspelt one is noticed.

package auth0

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

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
