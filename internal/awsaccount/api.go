package awsaccount

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/appsync"
	"github.com/aws/aws-sdk-go-v2/service/appsync/types"

	"github.com/appsyncctl/appsyncctl/internal/address"
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

// pageSize is the most that ListGraphqlApis answers at once.
const pageSize = 25

// API reads the configuration of the API that has the endpoint, in the region that
// the endpoint's host names, or else the account's. A domain of the account's own is
// followed to its API. *Error with NotFound says that these credentials' account has
// no such API there: it may well be another account's.
//
// It takes the IAM actions appsync:ListGraphqlApis and appsync:GetGraphqlApi, and for
// a domain of its own appsync:GetApiAssociation.
func (a *Account) API(ctx context.Context, endpoint string) (*API, error) {
	target, err := url.Parse(endpoint)
	if err != nil || target.Hostname() == "" {
		return nil, &Error{Reason: NotFound, What: "AppSync API at an endpoint without a host", Err: err}
	}
	region := address.AppSyncRegion(target.Hostname())
	generated := region != ""
	if !generated {
		region = a.config.Region
	}
	if err := a.ready(ctx, region); err != nil {
		return nil, err
	}
	f := finder{
		client: appsync.NewFromConfig(a.config, func(o *appsync.Options) { o.Region = region }),
		what:   "AppSync API with the endpoint " + target.Redacted() + " in " + region,
	}
	id, err := f.listed(ctx, target)
	if err == nil && id == "" && !generated {
		id, err = f.associated(ctx, target.Hostname())
	}
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, &Error{Reason: NotFound, Action: "appsync:ListGraphqlApis", What: f.what}
	}
	answer, err := f.client.GetGraphqlApi(ctx, &appsync.GetGraphqlApiInput{ApiId: &id})
	if err != nil {
		return nil, newError("appsync:GetGraphqlApi", f.what, err)
	}
	if answer.GraphqlApi == nil {
		return nil, &Error{Reason: Failed, Action: "appsync:GetGraphqlApi", What: f.what, Err: errors.New("the answer is empty")}
	}
	return newAPI(answer.GraphqlApi), nil
}

// finder looks for the id of an API.
type finder struct {
	client *appsync.Client
	what   string
}

// listed returns the id of the listed API with the endpoint, or nothing. The hosts
// that AppSync makes begin with another text than the id.
func (f finder) listed(ctx context.Context, endpoint *url.URL) (string, error) {
	pages := appsync.NewListGraphqlApisPaginator(f.client, &appsync.ListGraphqlApisInput{MaxResults: pageSize},
		func(o *appsync.ListGraphqlApisPaginatorOptions) { o.StopOnDuplicateToken = true })
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", newError("appsync:ListGraphqlApis", f.what, err)
		}
		for _, api := range page.GraphqlApis {
			if sameEndpoint(endpoint, api.Uris["GRAPHQL"]) {
				return aws.ToString(api.ApiId), nil
			}
		}
	}
	return "", nil
}

// associated returns the id of the API behind a domain name of the account's own
// (AppSync API reference, GetApiAssociation), or nothing.
func (f finder) associated(ctx context.Context, domain string) (string, error) {
	answer, err := f.client.GetApiAssociation(ctx, &appsync.GetApiAssociationInput{DomainName: &domain})
	if err != nil {
		err = newError("appsync:GetApiAssociation", f.what, err)
		if failed, ok := errors.AsType[*Error](err); ok && failed.Reason == NotFound {
			return "", nil
		}
		return "", err
	}
	if answer.ApiAssociation == nil {
		return "", nil
	}
	return aws.ToString(answer.ApiAssociation.ApiId), nil
}

func sameEndpoint(endpoint *url.URL, listed string) bool {
	return address.Same(endpoint.String(), listed)
}
