package management

import (
	"maps"
	"reflect"
	"slices"
)

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
