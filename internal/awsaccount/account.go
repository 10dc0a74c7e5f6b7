// Package awsaccount reads what an AWS account itself says: how an AppSync API is
// configured, and what lies in a DynamoDB table. What a client sees of an API from
// outside is one opaque 401; what the account says names the cause.
//
// AWS's own SDK was taken, since credentials, regions and endpoints are then found as
// AWS's other programs find them: AWS_PROFILE, single sign-on, web identities, roles,
// AWS_ENDPOINT_URL_APPSYNC, AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL,
// AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, AWS_CA_BUNDLE, AWS_MAX_ATTEMPTS and the shared
// files ("AWS SDKs and Tools Reference Guide"). It reads the process's environment by
// itself. Nothing here writes to the account.
//
// Every failure is an *Error whose Reason tells a caller what it does not know.
package awsaccount

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/logging"
)

// Options are what the environment and AWS's files do not say.
type Options struct {
	// Region goes before that of the environment and the shared files; the region in
	// an API's own host goes before both.
	Region string
	// Around returns what makes each attempt in the place of base, which has the
	// proxy of the environment and the authorities of AWS_CA_BUNDLE; nil is base. What
	// credentials are fetched by does not go through it.
	Around func(base http.RoundTripper) http.RoundTripper
	// MetadataTime bounds the wait for the metadata service of an EC2 machine, which
	// is asked when nothing else has credentials; zero is a second.
	MetadataTime time.Duration
	// Secret is told each secret of the credentials that were found, so that it can be
	// kept out of what is shown; it may be nil.
	Secret func(secret string)
}

// metadataTime is long for a service on the same machine, and short for a person on
// a laptop that has none.
const metadataTime = time.Second

// Account is an AWS account, as far as its credentials reach. It is safe for
// concurrent use.
type Account struct {
	config       aws.Config
	metadataTime time.Duration
	secret       func(secret string)
}

// Open reads AWS's environment variables and files, and asks nobody. A file that
// cannot be read, or a profile that is not there, is an *Error with Misconfigured.
func Open(ctx context.Context, options Options) (*Account, error) {
	loaded, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}), config.WithRegion(options.Region))
	if err != nil {
		return nil, &Error{Reason: Misconfigured, Err: err}
	}
	if options.Around != nil {
		loaded.HTTPClient = &http.Client{
			Transport:     options.Around(transport(loaded.HTTPClient)),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	account := &Account{config: loaded, metadataTime: options.MetadataTime, secret: options.Secret}
	if account.metadataTime == 0 {
		account.metadataTime = metadataTime
	}
	return account, nil
}

// transport is what client would send by. LoadDefaultConfig puts AWS_CA_BUNDLE into
// the SDK's own kind of client only, so that it has to be taken out of it again.
func transport(client aws.HTTPClient) *http.Transport {
	buildable, ok := client.(*awshttp.BuildableClient)
	if !ok {
		buildable = awshttp.NewBuildableClient()
	}
	return buildable.GetTransport()
}

// HasCredentials tells whether credentials are at hand at all. It asks nobody when the
// environment or a file names some, which may still turn out to be expired or wrong;
// the metadata service of an EC2 machine has to be asked, for Options.MetadataTime.
func (a *Account) HasCredentials(ctx context.Context) bool {
	return !a.onlyMetadata() || a.signable(ctx) == nil
}

// onlyMetadata tells whether nothing but the machine itself could have credentials:
// it is where the SDK's chain ends, whether or not there is such a service.
func (a *Account) onlyMetadata() bool {
	return aws.IsCredentialsProvider(a.config.Credentials, &ec2rolecreds.Provider{})
}

// signable fetches the credentials, or returns an *Error with NoCredentials. The
// account keeps them, so that calls do not fetch them again.
func (a *Account) signable(ctx context.Context) error {
	if a.onlyMetadata() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.metadataTime)
		defer cancel()
	}
	found, err := a.config.Credentials.Retrieve(ctx)
	if err != nil {
		return &Error{Reason: NoCredentials, Err: err}
	}
	if a.secret != nil {
		for _, secret := range []string{found.AccessKeyID, found.SecretAccessKey, found.SessionToken} {
			a.secret(secret)
		}
	}
	return nil
}

// ready finds out what would fail before anything is sent.
func (a *Account) ready(ctx context.Context, region string) error {
	if region == "" {
		return &Error{Reason: NoRegion}
	}
	return a.signable(ctx)
}

// Item reads the item whose key id is the given text, from the table itself and
// consistently: what was written before is seen. It is false when the table has no
// such item; that there is no such table, or that its key is another, is an *Error.
// Numbers and booleans come as texts; a NULL, and what a text cannot hold (sets, lists,
// maps, bytes), is left out. table is a name or an ARN (DynamoDB API reference, GetItem).
func (a *Account) Item(ctx context.Context, table, id string) (map[string]string, bool, error) {
	if err := a.ready(ctx, a.config.Region); err != nil {
		return nil, false, err
	}
	answer, err := dynamodb.NewFromConfig(a.config).GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      &table,
		Key:            map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}},
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, false, newError("dynamodb:GetItem", "table "+table+" in "+a.config.Region, err)
	}
	if len(answer.Item) == 0 {
		return nil, false, nil
	}
	item := make(map[string]string, len(answer.Item))
	for name, value := range answer.Item {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			item[name] = v.Value
		case *types.AttributeValueMemberN:
			item[name] = v.Value
		case *types.AttributeValueMemberBOOL:
			item[name] = strconv.FormatBool(v.Value)
		}
	}
	return item, true, nil
}
