package cli

import (
	"errors"
	"net/http"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/management"
)

// managementHint advises on what went wrong with Auth0's Management API.
func managementHint(err error) string {
	const grant = "grant the token's application more of the Auth0 Management API: "
	if lacking, ok := errors.AsType[*management.ScopeError](err); ok {
		return grant + strings.Join(lacking.Missing, ", ")
	}
	if refused, ok := errors.AsType[*management.Error](err); ok {
		switch scopes := refused.Scopes(); {
		case len(scopes) > 0:
			return grant + strings.Join(scopes, " or ")
		case refused.Status == http.StatusUnauthorized:
			return "make a new token: this one may have expired, or be of another tenant"
		case refused.Temporary():
			return "run it again: what is made by now is not made twice"
		}
	}
	switch {
	case is[*management.TransportError](err):
		return "run it again: what is made by now is not made twice"
	case is[*management.TokenError](err):
		return "Applications → APIs → Auth0 Management API → API Explorer in the dashboard makes such a token"
	case is[*management.AmbiguousError](err), is[*management.ConflictError](err):
		return "name another with --name, --machine or --native, or rename it in the dashboard"
	}
	return ""
}
