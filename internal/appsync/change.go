package appsync

import "encoding/json"

// A CustomerChange is the input of UpdateCustomer. genqlient's own type for it
// has no way to tell a field that is to be removed from one that is to stay, so
// this one stands in its place (see genqlient.yaml).
type CustomerChange struct {
	ID string
	// Fields holds the fields that change, by their names in the schema. A nil
	// value removes the field; a field that is not here stays as it is.
	Fields map[string]*string
}

// MarshalJSON writes the fields beside the id.
func (c CustomerChange) MarshalJSON() ([]byte, error) {
	input := map[string]any{}
	for name, value := range c.Fields {
		input[name] = value
	}
	input["id"] = c.ID
	return json.Marshal(input)
}
