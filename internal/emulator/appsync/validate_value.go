package appsync

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

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
