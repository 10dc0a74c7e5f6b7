package appsync

import (
	"fmt"
	"slices"
	"strconv"
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
func validate(schema *ast.Schema, document *ast.QueryDocument, introspectionOff bool) []any {
	core.Walk(schema, document, &core.Events{}) // binds
	v := &validator{schema: schema, document: document, introspectionOff: introspectionOff, spread: map[string]bool{}}
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
	v.errors = append(v.errors, requestError{Locations: []location{locationOf(position)}, Message: message})
}

// names checks what concerns the document as a whole.
func (v *validator) names() {
	seen := map[string]bool{}
	for _, operation := range v.document.Operations {
		if operation.Name == "" && len(v.document.Operations) > 1 {
			v.addAt(operation.Position, "LoneAnonymousOperationViolation", "Anonymous operation with other operations.")
		}
		if operation.Name != "" && seen[operation.Name] {
			v.addAt(operation.Position, "DuplicateOperationName", "There can be only one operation named '%s'", operation.Name)
		}
		seen[operation.Name] = true
	}
}

// cycles finds fragments that spread themselves.
func (v *validator) cycles() {
	const visiting, done = 1, 2
	state := map[string]int{}
	var visit func(*ast.FragmentDefinition) bool
	visit = func(fragment *ast.FragmentDefinition) bool {
		switch state[fragment.Name] {
		case visiting:
			return false
		case done:
			return true
		}
		state[fragment.Name] = visiting
		for spread := range spreads(fragment.SelectionSet) {
			if inner := v.document.Fragments.ForName(spread.Name); inner != nil && !visit(inner) {
				return false
			}
		}
		state[fragment.Name] = done
		return true
	}
	for _, fragment := range v.document.Fragments {
		if state[fragment.Name] == 0 && !visit(fragment) {
			v.addAt(fragment.Position, "FragmentCycle", "Fragment cycles not allowed")
			return
		}
	}
}

func (v *validator) variable(variable *ast.VariableDefinition) {
	definition := v.schema.Types[variable.Type.Name()]
	switch {
	case definition == nil:
		v.addAt(variable.Position, "UnknownType", "Unknown type %s", variable.Type.Name())
	case !definition.IsInputType():
		v.addAt(variable.Position, "NonInputTypeOnVariable", "Wrong type for a variable")
	}
}

// condition checks the type that a fragment is on.
func (v *validator) condition(name string, position *ast.Position) bool {
	definition := v.schema.Types[name]
	if definition == nil {
		v.addAt(position, "UnknownType", "Unknown type %s", name)
		return false
	}
	if !definition.IsCompositeType() {
		v.addAt(position, "InvalidFragmentType", "Fragment type condition is invalid, must be on Object/Interface/Union")
		return false
	}
	return true
}

func (v *validator) compatible(parent, inner *ast.Definition, position *ast.Position) {
	if parent == nil || inner == nil || !inner.IsCompositeType() { // told elsewhere
		return
	}
	possible := v.schema.GetPossibleTypes(parent)
	for _, candidate := range v.schema.GetPossibleTypes(inner) {
		if slices.Contains(possible, candidate) {
			return
		}
	}
	v.addAt(position, "InvalidFragmentType", "Fragment cannot be spread here as objects of type %s can never be of type %s", parent.Name, inner.Name)
}

func (v *validator) directives(directives ast.DirectiveList) {
	for _, directive := range directives {
		definition := v.schema.Directives[directive.Name]
		if definition == nil {
			v.addAt(directive.Position, "UnknownDirective", "Unknown directive %s", directive.Name)
			continue
		}
		for _, argument := range directive.Arguments {
			declared := definition.Arguments.ForName(argument.Name)
			if declared == nil {
				v.addAt(argument.Position, "UnknownDirective", "Unknown directive argument %s", argument.Name)
				continue
			}
			v.argument(argument, declared)
		}
	}
}

// argument checks a literal, or the type of a variable, against what is declared.
func (v *validator) argument(argument *ast.Argument, declared *ast.ArgumentDefinition) {
	v.variablesIn(argument.Value, declared.Type, declared.DefaultValue != nil)
	where, fault := v.literal(argument.Name, declared.Type, argument.Value)
	if fault != "" {
		v.addAt(argument.Position, "WrongType", "argument '%s' with value '%s' %s", where, printValue(argument.Value), fault)
	}
}

// literal returns where in an argument a value does not fit, and how, in
// graphql-java's words; no words when it fits.
func (v *validator) literal(where string, expected *ast.Type, value *ast.Value) (string, string) {
	switch {
	case value.Kind == ast.Variable:
		return "", ""
	case value.Kind == ast.NullValue && expected.NonNull:
		return where, "must not be null"
	case value.Kind == ast.NullValue:
		return "", ""
	case expected.Elem != nil && value.Kind == ast.ListValue:
		for i, child := range value.Children {
			if at, fault := v.literal(where+"["+strconv.Itoa(i)+"]", expected.Elem, child.Value); fault != "" {
				return at, fault
			}
		}
		return "", ""
	case expected.Elem != nil:
		return v.literal(where, expected.Elem, value)
	}
	definition := v.schema.Types[expected.Name()]
	if definition == nil {
		return "", ""
	}
	if definition.Kind == ast.InputObject {
		return v.objectLiteral(where, definition, value)
	}
	if fits(definition, value) {
		return "", ""
	}
	return where, fmt.Sprintf("is not a valid '%s'", definition.Name)
}

func (v *validator) objectLiteral(where string, definition *ast.Definition, value *ast.Value) (string, string) {
	if value.Kind != ast.ObjectValue {
		return where, "must be an object type"
	}
	var missing []string
	for _, field := range definition.Fields {
		if field.Type.NonNull && field.DefaultValue == nil && value.Children.ForName(field.Name) == nil {
			missing = append(missing, field.Name)
		}
	}
	if len(missing) > 0 {
		return where, fmt.Sprintf("is missing required fields '[%s]'", strings.Join(missing, ", "))
	}
	for _, child := range value.Children {
		field := definition.Fields.ForName(child.Name)
		if field == nil {
			return where, fmt.Sprintf("contains a field not in '%s': '%s'", definition.Name, child.Name)
		}
		if at, fault := v.literal(where+"."+child.Name, field.Type, child.Value); fault != "" {
			return at, fault
		}
	}
	return "", ""
}

func fits(definition *ast.Definition, value *ast.Value) bool {
	switch definition.Name {
	case "String":
		return value.Kind == ast.StringValue || value.Kind == ast.BlockValue
	case "ID":
		return value.Kind == ast.StringValue || value.Kind == ast.BlockValue || value.Kind == ast.IntValue
	case "Int":
		_, err := strconv.ParseInt(value.Raw, 10, 32)
		return value.Kind == ast.IntValue && err == nil
	case "Float":
		return value.Kind == ast.IntValue || value.Kind == ast.FloatValue
	case "Boolean":
		return value.Kind == ast.BooleanValue
	}
	if definition.Kind == ast.Enum {
		return value.Kind == ast.EnumValue && definition.EnumValues.ForName(value.Raw) != nil
	}
	return true
}

// variablesIn checks the variables inside a value: declared, and of a type that
// fits its place. A fragment belongs to no operation: whether its variables are
// declared is seen by markUsed, whether they fit is left to the engine.
func (v *validator) variablesIn(value *ast.Value, expected *ast.Type, hasDefault bool) {
	if value.Kind != ast.Variable {
		for _, child := range value.Children {
			var inner *ast.Type
			switch {
			case expected == nil:
			case value.Kind == ast.ListValue:
				inner = expected.Elem
			default:
				if definition := v.schema.Types[expected.Name()]; definition != nil {
					if field := definition.Fields.ForName(child.Name); field != nil {
						inner, hasDefault = field.Type, field.DefaultValue != nil
					}
				}
			}
			v.variablesIn(child.Value, inner, hasDefault)
		}
		return
	}
	if !v.inOperation {
		return
	}
	declared := v.variables.ForName(value.Raw)
	if declared == nil {
		v.used[value.Raw] = true // told once
		v.addAt(value.Position, "UndefinedVariable", "Undefined variable %s", value.Raw)
		return
	}
	if expected == nil || v.schema.Types[declared.Type.Name()] == nil {
		return
	}
	have := *declared.Type
	if declared.DefaultValue != nil || hasDefault {
		have.NonNull = true
	}
	if !have.IsCompatible(expected) {
		v.addAt(value.Position, "VariableTypeMismatch", "Variable type '%s' doesn't match expected type '%s'", declared.Type, expected)
	}
}

// markUsed notes the variables that an operation uses, in its fragments too.
func (v *validator) markUsed(selections ast.SelectionSet, seen map[string]bool) {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			v.markArguments(s.Arguments)
			v.markDirectives(s.Directives)
			v.markUsed(s.SelectionSet, seen)
		case *ast.InlineFragment:
			v.markDirectives(s.Directives)
			v.markUsed(s.SelectionSet, seen)
		case *ast.FragmentSpread:
			v.markDirectives(s.Directives)
			if s.Definition != nil && !seen[s.Name] {
				seen[s.Name] = true
				v.markUsed(s.Definition.SelectionSet, seen)
			}
		}
	}
}

func (v *validator) markDirectives(directives ast.DirectiveList) {
	for _, directive := range directives {
		v.markArguments(directive.Arguments)
	}
}

func (v *validator) markArguments(arguments ast.ArgumentList) {
	for _, argument := range arguments {
		v.markValue(argument.Value)
	}
}

func (v *validator) markValue(value *ast.Value) {
	if value.Kind == ast.Variable {
		if !v.used[value.Raw] && v.variables.ForName(value.Raw) == nil {
			v.addAt(value.Position, "UndefinedVariable", "Undefined variable %s", value.Raw)
		}
		v.used[value.Raw] = true
	}
	for _, child := range value.Children {
		v.markValue(child.Value)
	}
}

// printValue prints a literal as graphql-java prints its syntax tree.
func printValue(value *ast.Value) string {
	var parts []string
	switch value.Kind {
	case ast.StringValue, ast.BlockValue:
		return "StringValue{value='" + value.Raw + "'}"
	case ast.IntValue:
		return "IntValue{value=" + value.Raw + "}"
	case ast.FloatValue:
		return "FloatValue{value=" + value.Raw + "}"
	case ast.BooleanValue:
		return "BooleanValue{value=" + value.Raw + "}"
	case ast.EnumValue:
		return "EnumValue{name='" + value.Raw + "'}"
	case ast.NullValue:
		return "NullValue{}"
	case ast.Variable:
		return "VariableReference{name='" + value.Raw + "'}"
	case ast.ListValue:
		for _, child := range value.Children {
			parts = append(parts, printValue(child.Value))
		}
		return "ArrayValue{values=[" + strings.Join(parts, ", ") + "]}"
	}
	for _, child := range value.Children {
		parts = append(parts, "ObjectField{name='"+child.Name+"', value="+printValue(child.Value)+"}")
	}
	return "ObjectValue{objectFields=[" + strings.Join(parts, ", ") + "]}"
}
