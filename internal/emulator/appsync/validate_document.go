package appsync

import (
	"iter"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

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
