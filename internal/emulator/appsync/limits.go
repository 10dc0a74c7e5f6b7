package appsync

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// maxResolvers is how many resolvers a request may run (AppSync's quota).
const maxResolvers = 10_000

// checkLimits applies queryDepthLimit and resolverCountLimit. AppSync's words for
// either are not confirmed. Only root fields have resolvers on this API; AppSync
// does not count the fields that it reads from a parent's result.
func (a *API) checkLimits(operation *ast.OperationDefinition) any {
	if limit := a.config.DepthLimit; limit > 0 {
		if (depths{}).of(operation.SelectionSet) > limit {
			return requestError{Message: fmt.Sprintf("Query depth exceeds the limit of %d.", limit)}
		}
	}
	limit := maxResolvers
	if a.config.ResolverLimit > 0 {
		limit = a.config.ResolverLimit
	}
	resolvers := 0
	for range eachField(operation.SelectionSet) {
		if resolvers++; resolvers > limit {
			return requestError{Message: fmt.Sprintf("Resolver count exceeds the limit of %d.", limit)}
		}
	}
	return nil
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
