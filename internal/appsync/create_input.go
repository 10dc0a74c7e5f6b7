package appsync

import (
	"context"

	"github.com/Khan/genqlient/graphql"
)

// An InputField is a field of CreateCustomerInput in the schema of an API.
type InputField struct {
	Name     string
	Type     string // of its values, without !
	Required bool   // it must be set, and has no default
}

// CreateInputFields asks an API which fields CreateCustomerInput has. It returns none
// and no error when the API does not show its schema (introspectionConfig: DISABLED).
func CreateInputFields(ctx context.Context, client graphql.Client) ([]InputField, error) {
	const query = `query CreateCustomerInputFields {
  __type(name: "CreateCustomerInput") { inputFields { name defaultValue type { kind name ofType { name } } } }
}`
	var data struct {
		Type *struct {
			InputFields []struct {
				Name         string
				DefaultValue *string
				Type         struct {
					Kind, Name string
					OfType     *struct{ Name string }
				}
			}
		} `json:"__type"`
	}
	err := client.MakeRequest(ctx,
		&graphql.Request{OpName: "CreateCustomerInputFields", Query: query},
		&graphql.Response{Data: &data})
	if err != nil || data.Type == nil {
		return nil, err
	}
	var fields []InputField
	for _, f := range data.Type.InputFields {
		field := InputField{Name: f.Name, Type: f.Type.Name}
		if f.Type.Kind == "NON_NULL" && f.Type.OfType != nil {
			field.Type, field.Required = f.Type.OfType.Name, f.DefaultValue == nil
		}
		fields = append(fields, field)
	}
	return fields, nil
}
