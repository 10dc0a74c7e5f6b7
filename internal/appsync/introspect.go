package appsync

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/Khan/genqlient/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// introspection is the query that every GraphQL tool sends for a schema (GraphQL
// specification, section 4). AppSync has no deprecated arguments, and an older API
// would not know includeDeprecated there.
const introspection = `query Introspection {
  __schema {
    queryType { name }
    mutationType { name }
    subscriptionType { name }
    types {
      kind name description
      fields(includeDeprecated: true) {
        name description
        args { name description type { ...Reference } defaultValue }
        type { ...Reference }
        isDeprecated deprecationReason
      }
      inputFields { name description type { ...Reference } defaultValue }
      interfaces { name }
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
      possibleTypes { name }
    }
    directives {
      name description locations
      args { name description type { ...Reference } defaultValue }
    }
  }
}
fragment Reference on __Type {
  kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }
}`

// An Introspection is what an API tells of its schema.
type Introspection struct {
	JSON   json.RawMessage // the answer's data: {"__schema":{…}}
	schema introspectedSchema
}

// Introspect asks an API for its schema. An API may have introspection turned off;
// then it says, in an *Error, that there is no field __schema.
func Introspect(ctx context.Context, client graphql.Client) (*Introspection, error) {
	var data json.RawMessage
	request := &graphql.Request{Query: introspection, OpName: "Introspection"}
	if err := client.MakeRequest(ctx, request, &graphql.Response{Data: &data}); err != nil {
		return nil, err
	}
	var answer struct {
		Schema *introspectedSchema `json:"__schema"`
	}
	if err := json.Unmarshal(data, &answer); err != nil || answer.Schema == nil {
		return nil, &NullError{Operation: "__schema"}
	}
	return &Introspection{JSON: data, schema: *answer.Schema}, nil
}

type introspectedSchema struct {
	QueryType, MutationType, SubscriptionType *introspectedType

	Types      []introspectedType
	Directives []introspectedDirective
}

type introspectedType struct {
	Kind, Name, Description string

	Fields, InputFields       []introspectedField
	Interfaces, PossibleTypes []introspectedType
	EnumValues                []introspectedField
	OfType                    *introspectedType
}

type introspectedField struct {
	Name, Description string

	Args              []introspectedField
	Type              introspectedType
	DefaultValue      *string
	IsDeprecated      bool
	DeprecationReason *string
}

type introspectedDirective struct {
	Name, Description string

	Locations []string
	Args      []introspectedField
}

// SDL returns the schema in the schema definition language, types by name, without
// what every GraphQL schema has.
func (i *Introspection) SDL() string {
	document := &ast.SchemaDocument{Schema: ast.SchemaDefinitionList{i.schema.roots()}}
	for _, directive := range i.schema.Directives {
		if !slices.Contains([]string{"include", "skip", "deprecated", "specifiedBy", "oneOf", "defer"}, directive.Name) {
			document.Directives = append(document.Directives, directive.definition())
		}
	}
	for _, t := range i.schema.Types {
		if !strings.HasPrefix(t.Name, "__") && !slices.Contains([]string{"Int", "Float", "String", "Boolean", "ID"}, t.Name) {
			document.Definitions = append(document.Definitions, t.definition())
		}
	}
	slices.SortFunc(document.Definitions, func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) })
	var text strings.Builder
	formatter.NewFormatter(&text, formatter.WithIndent("  ")).FormatSchemaDocument(document)
	return text.String()
}

func (s introspectedSchema) roots() *ast.SchemaDefinition {
	roots := &ast.SchemaDefinition{}
	for _, root := range []struct {
		operation ast.Operation
		of        *introspectedType
	}{{ast.Query, s.QueryType}, {ast.Mutation, s.MutationType}, {ast.Subscription, s.SubscriptionType}} {
		if root.of != nil {
			roots.OperationTypes = append(roots.OperationTypes, &ast.OperationTypeDefinition{Operation: root.operation, Type: root.of.Name})
		}
	}
	return roots
}

func (t introspectedType) definition() *ast.Definition {
	definition := &ast.Definition{Kind: ast.DefinitionKind(t.Kind), Name: t.Name, Description: t.Description}
	for _, of := range t.Interfaces {
		definition.Interfaces = append(definition.Interfaces, of.Name)
	}
	if definition.Kind == ast.Union {
		for _, of := range t.PossibleTypes {
			definition.Types = append(definition.Types, of.Name)
		}
	}
	for _, field := range slices.Concat(t.Fields, t.InputFields) {
		definition.Fields = append(definition.Fields, field.definition())
	}
	for _, value := range t.EnumValues {
		definition.EnumValues = append(definition.EnumValues, &ast.EnumValueDefinition{
			Name: value.Name, Description: value.Description, Directives: value.deprecation(),
		})
	}
	return definition
}

func (f introspectedField) definition() *ast.FieldDefinition {
	return &ast.FieldDefinition{
		Name: f.Name, Description: f.Description, Type: f.Type.reference(),
		Arguments: arguments(f.Args), DefaultValue: f.literal(), Directives: f.deprecation(),
	}
}

func (d introspectedDirective) definition() *ast.DirectiveDefinition {
	definition := &ast.DirectiveDefinition{
		Name: d.Name, Description: d.Description, Arguments: arguments(d.Args),
		Position: &ast.Position{Src: &ast.Source{}}, // the formatter asks where it stands
	}
	for _, location := range d.Locations {
		definition.Locations = append(definition.Locations, ast.DirectiveLocation(location))
	}
	return definition
}

func arguments(fields []introspectedField) ast.ArgumentDefinitionList {
	var list ast.ArgumentDefinitionList
	for _, field := range fields {
		list = append(list, &ast.ArgumentDefinition{
			Name: field.Name, Description: field.Description, Type: field.Type.reference(), DefaultValue: field.literal(),
		})
	}
	return list
}

// literal is a default value as introspection has it: in GraphQL's own writing,
// which the formatter leaves alone in an enum.
func (f introspectedField) literal() *ast.Value {
	if f.DefaultValue == nil {
		return nil
	}
	return &ast.Value{Kind: ast.EnumValue, Raw: *f.DefaultValue}
}

func (f introspectedField) deprecation() ast.DirectiveList {
	if !f.IsDeprecated {
		return nil
	}
	directive := &ast.Directive{Name: "deprecated"}
	if f.DeprecationReason != nil {
		directive.Arguments = ast.ArgumentList{{Name: "reason", Value: &ast.Value{Kind: ast.StringValue, Raw: *f.DeprecationReason}}}
	}
	return ast.DirectiveList{directive}
}

func (t introspectedType) reference() *ast.Type {
	switch {
	case t.OfType == nil:
		return ast.NamedType(t.Name, nil)
	case t.Kind == "LIST":
		return ast.ListType(t.OfType.reference(), nil)
	case t.Kind == "NON_NULL":
		inner := t.OfType.reference()
		inner.NonNull = true
		return inner
	default:
		return ast.NamedType(t.Name, nil)
	}
}
