package appsync

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// validator checks a document against the schema in the order and the words of
// graphql-java: "Validation error of type FieldUndefined: Field 'x' in type 'Query'
// is undefined @ 'x'". The names of the types of errors are its
// ValidationErrorType's. What it does not know the engine still refuses.
type validator struct {
	schema           *ast.Schema
	document         *ast.QueryDocument
	introspectionOff bool
	errors           []any
	path             []string
	variables        ast.VariableDefinitionList
	inOperation      bool
	used             map[string]bool
	spread           map[string]bool
}

// validate returns the errors of a document, and binds its fields and fragments to
// their definitions.
func (a *API) validate(document *ast.QueryDocument) []any {
	core.Walk(a.schema, document, &core.Events{}) // binds
	v := &validator{schema: a.schema, document: document, introspectionOff: a.config.IntrospectionOff, spread: map[string]bool{}}
	v.names()
	if v.cycles(); len(v.errors) > 0 {
		return v.errors // nothing below could end
	}
	for _, operation := range document.Operations {
		v.operation(operation)
	}
	for _, fragment := range document.Fragments {
		v.fragment(fragment)
	}
	for _, fragment := range document.Fragments {
		if !v.spread[fragment.Name] {
			v.addAt(fragment.Position, "UnusedFragment", "Unused fragment %s", fragment.Name)
		}
	}
	return v.errors
}

func (v *validator) operation(operation *ast.OperationDefinition) {
	var root *ast.Definition
	switch operation.Operation {
	case ast.Mutation:
		root = v.schema.Mutation
	case ast.Subscription:
		root = v.schema.Subscription
	default:
		root = v.schema.Query
	}
	v.variables, v.used, v.inOperation = operation.VariableDefinitions, map[string]bool{}, true
	for _, variable := range operation.VariableDefinitions {
		v.variable(variable)
	}
	v.directives(operation.Directives)
	v.selections(root, operation.SelectionSet)
	v.markUsed(operation.SelectionSet, map[string]bool{})
	for _, variable := range operation.VariableDefinitions {
		if !v.used[variable.Variable] {
			v.addAt(variable.Position, "UnusedVariable", "Unused variable %s", variable.Variable)
		}
	}
	v.inOperation = false
}

func (v *validator) fragment(fragment *ast.FragmentDefinition) {
	v.path = []string{fragment.Name}
	defer func() { v.path = nil }()
	v.variables = nil
	if v.condition(fragment.TypeCondition, fragment.Position) {
		v.selections(v.schema.Types[fragment.TypeCondition], fragment.SelectionSet)
	}
}

func (v *validator) selections(parent *ast.Definition, selections ast.SelectionSet) {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			v.field(parent, s)
		case *ast.InlineFragment:
			inner := parent
			if s.TypeCondition != "" {
				if !v.condition(s.TypeCondition, s.Position) {
					continue
				}
				inner = v.schema.Types[s.TypeCondition]
			}
			v.directives(s.Directives)
			v.compatible(parent, inner, s.Position)
			v.selections(inner, s.SelectionSet)
		case *ast.FragmentSpread:
			v.directives(s.Directives)
			if s.Definition == nil {
				v.addAt(s.Position, "UndefinedFragment", "Undefined fragment %s", s.Name)
				continue
			}
			v.spread[s.Name] = true
			v.compatible(parent, v.schema.Types[s.Definition.TypeCondition], s.Position)
		}
	}
}

func (v *validator) field(parent *ast.Definition, field *ast.Field) {
	v.path = append(v.path, field.Name)
	defer func() { v.path = v.path[:len(v.path)-1] }()
	definition := field.Definition
	hidden := v.introspectionOff && (field.Name == "__schema" || field.Name == "__type")
	if definition == nil || hidden {
		if parent != nil {
			v.addAt(field.Position, "FieldUndefined", "Field '%s' in type '%s' is undefined", field.Name, parent.Name)
		}
		return
	}
	for _, argument := range field.Arguments {
		declared := definition.Arguments.ForName(argument.Name)
		if declared == nil {
			v.addAt(argument.Position, "UnknownArgument", "Unknown field argument %s", argument.Name)
			continue
		}
		v.argument(argument, declared)
	}
	for _, declared := range definition.Arguments {
		if declared.Type.NonNull && declared.DefaultValue == nil && field.Arguments.ForName(declared.Name) == nil {
			v.addAt(field.Position, "MissingFieldArgument", "Missing field argument %s", declared.Name)
		}
	}
	v.directives(field.Directives)
	inner := v.schema.Types[definition.Type.Name()]
	composite := inner != nil && inner.IsCompositeType()
	switch {
	case composite && len(field.SelectionSet) == 0:
		v.addAt(field.Position, "SubSelectionRequired", "Sub selection required for type %s of field %s", bareName(definition.Type), field.Name)
	case !composite && len(field.SelectionSet) > 0:
		v.addAt(field.Position, "SubSelectionNotAllowed", "Sub selection not allowed on leaf type %s of field %s", bareName(definition.Type), field.Name)
	default:
		v.selections(inner, field.SelectionSet)
	}
}

// bareName is "null" for lists and non-null types, which have no name in graphql-java.
func bareName(t *ast.Type) string {
	if t.NonNull || t.Elem != nil {
		return "null"
	}
	return t.Name()
}

func (v *validator) addAt(position *ast.Position, kind, format string, args ...any) {
	message := "Validation error of type " + kind + ": " + fmt.Sprintf(format, args...)
	if len(v.path) > 0 {
		message += " @ '" + strings.Join(v.path, "/") + "'"
	}
	v.errors = append(v.errors, requestError{Locations: []location{place(position)}, Message: message})
}
