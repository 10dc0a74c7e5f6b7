package appsync

import (
	"fmt"
	"iter"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// rootField returns the first field of the operation, nil when there is none.
func (p *prepared) rootField() *ast.Field {
	for field := range eachField(p.operation.SelectionSet) {
		return field
	}
	return nil
}

// locate returns where the field stands that an error's path leads to; nil when the
// path leads nowhere.
func (p *prepared) locate(path []any) []location {
	selections := p.operation.SelectionSet
	var found *ast.Field
	for _, step := range path {
		name, isName := step.(string)
		if !isName { // an index into a list
			continue
		}
		found = nil
		for field := range eachField(selections) {
			if field.Alias == name {
				found = field
				break
			}
		}
		if found == nil {
			return nil
		}
		selections = found.SelectionSet
	}
	if found == nil {
		return nil
	}
	return []location{place(found.Position)}
}

// eachField yields the fields of a selection with those of its fragments. The
// document is validated: fragments exist and do not cycle.
func eachField(selections ast.SelectionSet) iter.Seq[*ast.Field] {
	return func(yield func(*ast.Field) bool) { walkFields(selections, yield) }
}

func walkFields(selections ast.SelectionSet, yield func(*ast.Field) bool) bool {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			if !yield(s) {
				return false
			}
		case *ast.InlineFragment:
			if !walkFields(s.SelectionSet, yield) {
				return false
			}
		case *ast.FragmentSpread:
			if !walkFields(s.Definition.SelectionSet, yield) {
				return false
			}
		}
	}
	return true
}

func place(p *ast.Position) location {
	if p == nil {
		return location{}
	}
	return location{Line: p.Line, Column: p.Column}
}

func pathText(path []any) string {
	var text strings.Builder
	for _, step := range path {
		if index, ok := step.(int); ok {
			fmt.Fprintf(&text, "[%d]", index)
		} else {
			fmt.Fprintf(&text, "/%v", step)
		}
	}
	return text.String()
}
