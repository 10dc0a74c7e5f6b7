package management

import (
	"maps"
	"reflect"
	"slices"
)

// A Want is how a tenant is to be. All fields but Callbacks must be set, and the two
// applications' names must differ.
type Want struct {
	Audience  string   // identifier of the API
	APIName   string   // for an API that is made
	Machine   string   // name of the application for machines
	Native    string   // name of the application for people
	Callbacks []string // where a browser may come back to
}

// The grant types, RFC 6749 and RFC 8628 section 3.4.
const (
	grantClientCredentials = "client_credentials"
	grantDeviceCode        = "urn:ietf:params:oauth:grant-type:device_code"
	grantAuthorizationCode = "authorization_code"
	grantRefreshToken      = "refresh_token"
)

// The kinds of applications, app_type.
const (
	appMachine = "non_interactive"
	appNative  = "native"
)

// refreshLeeway is how long, in seconds, the refresh token before the last one is still
// good: an answer that got lost does not end a login then. Auth0's default is none.
const refreshLeeway = 60.0

// apiRules: AppSync reads tokens that are signed with a public key, and a person who
// stays logged in has a refresh token.
func (w Want) apiRules() []rule {
	return []rule{
		{"name", w.APIName, atFirst},
		{"signing_alg", "RS256", equal},
		{"allow_offline_access", true, equal},
		{"token_dialect", "access_token", atFirst},
		{"skip_consent_for_verifiable_first_party_clients", true, atFirst},
	}
}

func (w Want) machineRules() []rule {
	return []rule{
		{"name", w.Machine, atFirst},
		{"app_type", appMachine, equal},
		{"is_first_party", true, atFirst},
		{"oidc_conformant", true, atFirst},
		{"grant_types", []any{grantClientCredentials}, includes},
		{"token_endpoint_auth_method", "client_secret_post", equal},
	}
}

// nativeRules: device flow is for public, OIDC-conformant clients only. Refresh tokens of
// public clients rotate (RFC 9700 section 4.14.2).
func (w Want) nativeRules() []rule {
	callbacks := make([]any, 0, len(w.Callbacks))
	for _, address := range w.Callbacks {
		callbacks = append(callbacks, address)
	}
	return []rule{
		{"name", w.Native, atFirst},
		{"app_type", appNative, equal},
		{"is_first_party", true, atFirst},
		{"oidc_conformant", true, equal},
		{"grant_types", []any{grantDeviceCode, grantAuthorizationCode, grantRefreshToken}, includes},
		{"token_endpoint_auth_method", "none", equal},
		{"callbacks", callbacks, includes},
		{"jwt_configuration", object{"alg": "RS256"}, members},
		{"refresh_token", object{
			"rotation_type": "rotating", "expiration_type": "expiring", "leeway": refreshLeeway,
			"infinite_token_lifetime": false, "infinite_idle_token_lifetime": false,
		}, members},
	}
}

// A Change is one member of an object before and after.
type Change struct {
	Field string `json:"field"` // "signing_alg", or "refresh_token.rotation_type"
	From  any    `json:"from"`  // nil: not set
	To    any    `json:"to"`
}

// rule says what a member is to be. Its value has the types that encoding/json reads.
type rule struct {
	field string
	want  any
	how   how
}

// how says what of an existing object a rule minds.
type how int

const (
	atFirst  how = iota // nothing: it is for objects that are made
	equal               // the value
	includes            // that a list has all of want's entries
	members             // the members of an object that minded names
)

// minded are the members that decide whether an object is to be changed. The others of
// want go with them: Auth0 takes such objects whole.
func minded() []string { return []string{"rotation_type", "expiration_type", "alg"} }

// whole is what rules make of nothing.
func whole(rules []rule) object {
	made := object{}
	for _, r := range rules {
		made[r.field] = r.want
	}
	return made
}

// differences returns what rules would change in an object, for people and as the body of
// the request that does it.
func differences(there object, rules []rule) ([]Change, object) {
	var changes []Change
	patch := object{}
	for _, r := range rules {
		old := there[r.field]
		switch r.how {
		case atFirst:
		case equal:
			if !reflect.DeepEqual(old, r.want) {
				changes = append(changes, Change{r.field, old, r.want})
				patch[r.field] = r.want
			}
		case includes:
			has, _ := old.([]any)
			if all := union(has, r.want.([]any)); len(all) > len(has) {
				changes = append(changes, Change{r.field, old, all})
				patch[r.field] = all
			}
		case members:
			has, _ := old.(object)
			if inside := inner(r.field, has, r.want.(object)); len(inside) > 0 {
				changes = append(changes, inside...)
				merged := object{}
				maps.Copy(merged, has)
				maps.Copy(merged, r.want.(object))
				patch[r.field] = merged
			}
		}
	}
	return changes, patch
}

func union(has, want []any) []any {
	all := slices.Clone(has)
	for _, entry := range want {
		if !slices.Contains(all, entry) {
			all = append(all, entry)
		}
	}
	return all
}

func inner(field string, has, want object) []Change {
	var changes []Change
	for _, name := range minded() {
		if value, wanted := want[name]; wanted && !reflect.DeepEqual(has[name], value) {
			changes = append(changes, Change{field + "." + name, has[name], value})
		}
	}
	return changes
}
