package appsync

import (
	"fmt"
	"iter"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// prepared is a request that passed validation.
type prepared struct {
	request
	document  *ast.QueryDocument
	operation *ast.OperationDefinition
}

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
	return []location{locationOf(found.Position)}
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

func locationOf(p *ast.Position) location {
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

// depths measures nesting. It remembers fragments, by name: they can spread each
// other so often that following every spread would never end.
type depths map[string]int

func (d depths) of(selections ast.SelectionSet) int {
	deepest := 0
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			deepest = max(deepest, 1+d.of(s.SelectionSet))
		case *ast.InlineFragment:
			deepest = max(deepest, d.of(s.SelectionSet))
		case *ast.FragmentSpread:
			if _, known := d[s.Name]; !known {
				d[s.Name] = d.of(s.Definition.SelectionSet)
			}
			deepest = max(deepest, d[s.Name])
		}
	}
	return deepest
}

// spreads yields every spread below a selection, without following them.
func spreads(selections ast.SelectionSet) iter.Seq[*ast.FragmentSpread] {
	return func(yield func(*ast.FragmentSpread) bool) { walkSpreads(selections, yield) }
}

func walkSpreads(selections ast.SelectionSet, yield func(*ast.FragmentSpread) bool) bool {
	for _, selection := range selections {
		next := true
		switch s := selection.(type) {
		case *ast.Field:
			next = walkSpreads(s.SelectionSet, yield)
		case *ast.InlineFragment:
			next = walkSpreads(s.SelectionSet, yield)
		case *ast.FragmentSpread:
			next = yield(s)
		}
		if !next {
			return false
		}
	}
	return true
}
