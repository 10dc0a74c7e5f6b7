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
		if depth(operation.SelectionSet) > limit {
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

func depth(selections ast.SelectionSet) int {
	deepest := 0
	for field := range eachField(selections) {
		deepest = max(deepest, 1+depth(field.SelectionSet))
	}
	return deepest
}
