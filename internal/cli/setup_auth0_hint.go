package cli

import (
	"errors"
	"net/http"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/management"
)

// managementHint advises on what went wrong with Auth0's Management API.
func managementHint(err error) string {
	const grant = "grant the token's application these scopes of the Auth0 Management API: "
	if lacking, ok := errors.AsType[*management.ScopeError](err); ok {
		return grant + strings.Join(lacking.Missing, ", ")
	}
	if refused, ok := errors.AsType[*management.Error](err); ok {
		switch scopes := refused.Scopes(); {
		case len(scopes) > 0:
			return grant + strings.Join(scopes, " or ")
		case refused.Status == http.StatusUnauthorized:
			return "get a new token: this one may have expired, or belong to another tenant"
		case refused.Temporary():
			return "run it again: it continues where it stopped"
		}
	}
	switch {
	case is[*management.TransportError](err):
		return "run it again: it continues where it stopped"
	case is[*management.TokenError](err):
		return "create one in the dashboard: Applications → APIs → Auth0 Management API → API Explorer"
	case is[*management.ConflictError](err):
		return "choose another name with --name, --machine or --native, or rename the application in the dashboard"
	}
	return ""
}
