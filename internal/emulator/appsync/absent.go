package appsync

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

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
