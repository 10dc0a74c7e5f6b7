package awsaccount

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/appsync/types"
)

// API is what the checks read of an AppSync API's configuration (API reference,
// GraphqlApi).
type API struct {
	ID, Name      string // the id is not the first part of the endpoint's host
	Modes         []Mode // the default first, then the additional ones
	Private       bool   // reachable from its VPC only
	Introspection bool
	WebACL        string // ARN of the firewall's list in front of it; empty without one
}

// A Mode is a way of authorization. Of its fields only those of its type are set.
type Mode struct {
	Type ModeType

	// Of OPENID_CONNECT
	Issuer  string
	Client  string        // regular expression for the client id; empty allows all
	IatTTL  time.Duration // that a token is taken after its iat; 0 is no bound
	AuthTTL time.Duration // after its auth_time; 0 is no bound

	// Of AMAZON_COGNITO_USER_POOLS
	UserPool    string // its id
	PoolRegion  string
	PoolClients string // regular expression for the app client's id; empty allows all

	// Of AWS_LAMBDA
	Function string // its ARN
}

// ModeType is the name of a mode in AppSync's control plane.
type ModeType string

// The modes.
const (
	OpenIDConnect ModeType = "OPENID_CONNECT"
	UserPools     ModeType = "AMAZON_COGNITO_USER_POOLS"
	APIKey        ModeType = "API_KEY"
	IAM           ModeType = "AWS_IAM"
	Lambda        ModeType = "AWS_LAMBDA"
)

func newAPI(api *types.GraphqlApi) *API {
	read := &API{
		ID:            aws.ToString(api.ApiId),
		Name:          aws.ToString(api.Name),
		Private:       api.Visibility == types.GraphQLApiVisibilityPrivate,
		Introspection: api.IntrospectionConfig != types.GraphQLApiIntrospectionConfigDisabled,
		WebACL:        aws.ToString(api.WafWebAclArn),
	}
	first := newMode(api.AuthenticationType, api.OpenIDConnectConfig, api.LambdaAuthorizerConfig)
	if pool := api.UserPoolConfig; pool != nil && first.Type == UserPools {
		first.UserPool, first.PoolRegion = aws.ToString(pool.UserPoolId), aws.ToString(pool.AwsRegion)
		first.PoolClients = aws.ToString(pool.AppIdClientRegex)
	}
	read.Modes = append(read.Modes, first)
	for _, more := range api.AdditionalAuthenticationProviders {
		mode := newMode(more.AuthenticationType, more.OpenIDConnectConfig, more.LambdaAuthorizerConfig)
		if pool := more.UserPoolConfig; pool != nil && mode.Type == UserPools {
			mode.UserPool, mode.PoolRegion = aws.ToString(pool.UserPoolId), aws.ToString(pool.AwsRegion)
			mode.PoolClients = aws.ToString(pool.AppIdClientRegex)
		}
		read.Modes = append(read.Modes, mode)
	}
	return read
}

// newMode reads what the default mode and the additional ones have in common; the
// service has two shapes for user pools.
func newMode(kind types.AuthenticationType, provider *types.OpenIDConnectConfig, function *types.LambdaAuthorizerConfig) Mode {
	mode := Mode{Type: ModeType(kind)}
	switch {
	case mode.Type == OpenIDConnect && provider != nil:
		mode.Issuer, mode.Client = aws.ToString(provider.Issuer), aws.ToString(provider.ClientId)
		mode.IatTTL = time.Duration(provider.IatTTL) * time.Millisecond
		mode.AuthTTL = time.Duration(provider.AuthTTL) * time.Millisecond
	case mode.Type == Lambda && function != nil:
		mode.Function = aws.ToString(function.AuthorizerUri)
	}
	return mode
}
