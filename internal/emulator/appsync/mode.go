package appsync

import (
	"context"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// A Mode is a way of authorization, named as AppSync's control plane names it.
type Mode string

// The modes.
const (
	ModeOpenID  Mode = "OPENID_CONNECT"
	ModeCognito Mode = "AMAZON_COGNITO_USER_POOLS"
	ModeAPIKey  Mode = "API_KEY"
	ModeIAM     Mode = "AWS_IAM"
	ModeLambda  Mode = "AWS_LAMBDA"
)

// allModes are the modes, in the order in which they came to AppSync.
func allModes() []Mode { return []Mode{ModeAPIKey, ModeIAM, ModeCognito, ModeOpenID, ModeLambda} }

// on tells whether a mode's fields are set.
func (c Config) on(m Mode) bool {
	switch m {
	case ModeOpenID:
		return c.Issuer != ""
	case ModeCognito:
		return c.CognitoIssuer != ""
	case ModeAPIKey:
		return len(c.APIKeys) > 0
	case ModeIAM:
		return c.IAM != nil
	case ModeLambda:
		return c.LambdaToken != ""
	}
	return false
}

// told returns the modes that are on, the default first, then in the given order.
func (c Config) told(order []Mode) []Mode {
	var all []Mode
	for _, m := range slices.Concat([]Mode{c.DefaultMode}, order, allModes()) {
		if c.on(m) && !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

// directive is the name of the directive that opens a field to the mode.
func (m Mode) directive() string {
	switch m {
	case ModeOpenID:
		return "aws_oidc"
	case ModeCognito:
		return "aws_cognito_user_pools"
	case ModeAPIKey:
		return "aws_api_key"
	case ModeIAM:
		return "aws_iam"
	}
	return "aws_lambda"
}

type modeKey struct{}

// withMode notes the mode by which a request came in, for the resolvers.
func withMode(ctx context.Context, m Mode) context.Context {
	return context.WithValue(ctx, modeKey{}, m)
}

func modeOf(ctx context.Context) Mode {
	m, _ := ctx.Value(modeKey{}).(Mode)
	return m
}

// guard says which root fields a mode may use. The directives of a field, or else
// those of its type, name the modes; without any it is the default mode alone
// (aws-appsync-community#361). Fields below the root are open to all.
type guard struct {
	schema *ast.Schema
	only   Mode // empty opens the fields without directives to every mode
}

func (g guard) check(m Mode, parent, field string) error {
	definition := g.schema.Types[parent]
	open := g.only == "" || m == g.only
	for _, directives := range []ast.DirectiveList{definition.Directives, definition.Fields.ForName(field).Directives} {
		if named := modes(directives); len(named) > 0 {
			open = named[m.directive()]
		}
	}
	if open {
		return nil
	}
	return &fieldDenied{Field: field, Type: parent}
}

func modes(directives ast.DirectiveList) map[string]bool {
	named := map[string]bool{}
	for _, m := range allModes() {
		if directives.ForName(m.directive()) != nil {
			named[m.directive()] = true
		}
	}
	return named
}
