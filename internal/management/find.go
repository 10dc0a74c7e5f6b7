package management

import (
	"context"
	"fmt"
	"net/url"
	"slices"
)

// findAPI returns the API with an identifier, which is compared byte by byte, or nil.
func (c *Client) findAPI(ctx context.Context, identifier string) (object, error) {
	apis, err := c.list(ctx, "resource-servers", "resource_servers", "id", url.Values{"identifiers": {identifier}})
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(apis, func(api object) bool { return text(api, "identifier") == identifier })
	if i < 0 {
		return nil, nil //nolint:nilnil // that there is none is no error
	}
	return apis[i], nil
}

// apiNotes says what of an API would keep AppSync or a login from working.
func apiNotes(api object) []string {
	var notes []string
	note := func(problem string) {
		notes = append(notes, fmt.Sprintf("the API %s %s", text(api, "identifier"), problem))
	}
	if encryption, _ := api["token_encryption"].(object); encryption != nil {
		note("encrypts its tokens, which AppSync cannot read")
	}
	if proof, _ := api["proof_of_possession"].(object); proof != nil && proof["required"] == true {
		note("binds its tokens to a key, which AppSync does not support")
	}
	policies, _ := api["subject_type_authorization"].(object)
	user, _ := policies["user"].(object)
	client, _ := policies["client"].(object)
	if policy := text(user, "policy"); policy != "" && policy != "allow_all" {
		note("lets people in only by its policy " + policy + ": see its application access policy")
	}
	if policy := text(client, "policy"); policy == "deny_all" {
		note("lets no machines in: see its application access policy")
	}
	return notes
}

// applications returns all applications, without secrets.
func (c *Client) applications(ctx context.Context) ([]object, error) {
	return c.list(ctx, "clients", "clients", "client_id", url.Values{
		"is_global": {"false"}, "include_fields": {"false"}, "fields": {"client_secret,signing_keys"},
	})
}

// named returns the application with a name, or nil. An application of another type is
// not the one that is meant, and is not made into it.
func named(all []object, name, appType string) (object, error) {
	var found []object
	for _, application := range all {
		if text(application, "name") == name {
			found = append(found, application)
		}
	}
	if len(found) == 0 {
		return nil, nil //nolint:nilnil // that there is none is no error
	}
	if len(found) > 1 {
		ambiguous := &AmbiguousError{Name: name}
		for _, application := range found {
			ambiguous.IDs = append(ambiguous.IDs, text(application, "client_id"))
		}
		return nil, ambiguous
	}
	conflict := &ConflictError{Name: name, ID: text(found[0], "client_id")}
	if kind := text(found[0], "app_type"); kind != "" && kind != appType {
		conflict.Reason = fmt.Sprintf("its type is %s, not %s", kind, appType)
		return nil, conflict
	}
	if methods, _ := found[0]["client_authentication_methods"].(object); len(methods) > 0 {
		conflict.Reason = "it authenticates with a key or a certificate"
		return nil, conflict
	}
	return found[0], nil
}
