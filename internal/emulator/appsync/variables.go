package appsync

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// coerceVariables checks the variables against their declared types and returns
// what the engine is to see. The errors are worded as AppSync words them, and like
// AppSync's they name the variable or the field but not the way to it.
func coerceVariables(schema *ast.Schema, operation *ast.OperationDefinition, given map[string]any) (map[string]any, any) {
	coerced := map[string]any{}
	for _, definition := range operation.VariableDefinitions {
		name := definition.Variable
		value, present := given[name]
		c := coercion{schema: schema, definition: definition}
		if !present && definition.DefaultValue != nil {
			continue // the engine fills it in
		}
		if !present && !definition.Type.NonNull {
			continue
		}
		result, invalid := c.value(name, definition.Type, value)
		if invalid != nil {
			return nil, invalid
		}
		coerced[name] = result
	}
	return coerced, nil
}

type coercion struct {
	schema     *ast.Schema
	definition *ast.VariableDefinition
}

// value coerces one value; name is the variable's, or that of the field inside it.
func (c coercion) value(name string, expected *ast.Type, value any) (any, any) {
	if value == nil {
		if expected.NonNull {
			return nil, c.at("Variable '%s' has coerced Null value for NonNull type '%s'", c.definition.Variable, expected)
		}
		return nil, nil
	}
	if expected.Elem != nil {
		return c.list(name, expected, value)
	}
	definition := c.schema.Types[expected.Name()]
	if definition == nil {
		return nil, c.at("Variable '%s' has an unknown type '%s'", name, expected)
	}
	switch definition.Kind {
	case ast.InputObject:
		return c.object(name, definition, value)
	case ast.Enum:
		text, ok := value.(string)
		if !ok || definition.EnumValues.ForName(text) == nil {
			return nil, c.at("Variable '%s' has an invalid value. Invalid input for Enum '%s'. No value found for name '%v'", name, definition.Name, value)
		}
		return text, nil
	}
	return c.scalar(name, definition.Name, value)
}

// list takes a single value for a list of one, as the specification says.
func (c coercion) list(name string, expected *ast.Type, value any) (any, any) {
	values, ok := value.([]any)
	if !ok {
		values = []any{value}
	}
	coerced := make([]any, len(values))
	for i, element := range values {
		var invalid any
		if coerced[i], invalid = c.value(name, expected.Elem, element); invalid != nil {
			return nil, invalid
		}
	}
	return coerced, nil
}

func (c coercion) object(name string, definition *ast.Definition, value any) (any, any) {
	values, ok := value.(map[string]any)
	if !ok {
		return nil, c.at("Variable '%s' has an invalid value. Expected type 'Map' but was '%s'. "+
			"Variables for input objects must be an instance of type 'Map'.", name, javaType(value))
	}
	for field := range values {
		if definition.Fields.ForName(field) == nil {
			// The trailing blank is AppSync's, as are the null path and locations.
			return nil, requestError{Message: fmt.Sprintf(
				"The variables input contains a field name '%s' that is not defined for input object type '%s' ", field, definition.Name)}
		}
	}
	coerced := make(map[string]any, len(values))
	for _, field := range definition.Fields {
		inner, present := values[field.Name]
		if !present && (field.DefaultValue != nil || !field.Type.NonNull) {
			continue
		}
		result, invalid := c.value(field.Name, field.Type, inner)
		if invalid != nil {
			return nil, invalid
		}
		coerced[field.Name] = result
	}
	return coerced, nil
}

// scalar is as lenient as graphql-java: texts take numbers and booleans, numbers
// take texts that are numbers.
func (c coercion) scalar(name, kind string, value any) (any, any) {
	mismatch := func() (any, any) {
		return nil, c.at("Variable '%s' has an invalid value. Expected type '%s' but was '%s'.", name, kind, javaType(value))
	}
	switch kind {
	case "String", "ID":
		switch v := value.(type) {
		case string:
			return v, nil
		case float64:
			return strconv.FormatFloat(v, 'f', -1, 64), nil
		case bool:
			if kind == "String" {
				return strconv.FormatBool(v), nil
			}
		}
		return mismatch()
	case "Int":
		number, ok := number(value)
		if !ok || number != math.Trunc(number) || number < math.MinInt32 || number > math.MaxInt32 {
			return mismatch()
		}
		return int32(number), nil
	case "Float":
		number, ok := number(value)
		if !ok {
			return mismatch()
		}
		return number, nil
	case "Boolean":
		if v, ok := value.(bool); ok {
			return v, nil
		}
		return mismatch()
	}
	return value, nil
}

func number(value any) (float64, bool) {
	switch v := value.(type) {
	case float64:
		return v, true
	case string:
		var number float64 // as JSON: no Inf, NaN or underscores
		if json.Unmarshal([]byte(v), &number) == nil && v != "null" {
			return number, true
		}
	}
	return 0, false
}

func javaType(value any) string {
	switch v := value.(type) {
	case string:
		return "String"
	case bool:
		return "Boolean"
	case float64:
		if v == math.Trunc(v) {
			return "Integer"
		}
		return "Double"
	case []any:
		return "ArrayList"
	}
	return "LinkedHashMap"
}

func (c coercion) at(format string, args ...any) any {
	return requestError{Locations: []location{locationOf(c.definition.Position)}, Message: fmt.Sprintf(format, args...)}
}

// withoutAbsent returns the text of a document without the arguments and input
// fields whose variable was not given: they count as not there (GraphQL
// specification, section 6.4.1), while the engine takes them for null. The text is
// left alone where there is nothing to leave out.
func withoutAbsent(document *ast.QueryDocument, operation *ast.OperationDefinition, variables map[string]any, text string) string {
	absent := make(map[string]bool)
	for _, definition := range operation.VariableDefinitions {
		if _, given := variables[definition.Variable]; !given && definition.DefaultValue == nil {
			absent[definition.Variable] = true
		}
	}
	if len(absent) == 0 {
		return text
	}
	var kept ast.VariableDefinitionList
	for _, definition := range operation.VariableDefinitions {
		if !absent[definition.Variable] {
			kept = append(kept, definition)
		}
	}
	operation.VariableDefinitions = kept
	for field := range eachField(operation.SelectionSet) {
		dropArguments(field, absent)
	}
	var out strings.Builder
	formatter.NewFormatter(&out).FormatQueryDocument(document)
	return out.String()
}

func dropArguments(field *ast.Field, absent map[string]bool) {
	var kept ast.ArgumentList
	for _, argument := range field.Arguments {
		if argument.Value.Kind == ast.Variable && absent[argument.Value.Raw] {
			continue
		}
		dropFields(argument.Value, absent)
		kept = append(kept, argument)
	}
	field.Arguments = kept
	for inner := range eachField(field.SelectionSet) {
		dropArguments(inner, absent)
	}
}

func dropFields(value *ast.Value, absent map[string]bool) {
	var kept ast.ChildValueList
	for _, child := range value.Children {
		if value.Kind == ast.ObjectValue && child.Value.Kind == ast.Variable && absent[child.Value.Raw] {
			continue
		}
		dropFields(child.Value, absent)
		kept = append(kept, child)
	}
	value.Children = kept
}
