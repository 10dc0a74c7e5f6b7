package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"hash/crc32"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsappsync "github.com/aws/aws-sdk-go-v2/service/appsync"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/signature"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// account is how the SDK reaches the emulator's account, by the emulator's variables.
func (r running) account() aws.Config {
	return aws.Config{
		Region: r.env["AWS_REGION"], BaseEndpoint: aws.String(r.env["AWS_ENDPOINT_URL_DYNAMODB"]), RetryMaxAttempts: 1, HTTPClient: r.client,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: r.env["AWS_ACCESS_KEY_ID"], SecretAccessKey: r.env["AWS_SECRET_ACCESS_KEY"]}, nil
		}),
	}
}

// code is the service's name for an error.
func code(err error) string {
	if answer, ok := errors.AsType[smithy.APIError](err); ok {
		return answer.ErrorCode()
	}
	return ""
}

func TestControlPlane(t *testing.T) {
	r := start(t, emulator.Config{
		Modes: []string{"oidc", "cognito", "iam"}, ClientIDPattern: "demo-.*", IatTTL: time.Hour, AuthTTL: time.Minute,
	})
	client := awsappsync.NewFromConfig(r.account())
	var ids []string
	for token := (*string)(nil); len(ids) == 0 || token != nil; {
		page, err := client.ListGraphqlApis(t.Context(), &awsappsync.ListGraphqlApisInput{MaxResults: 1, NextToken: token})
		if err != nil || len(page.GraphqlApis) != 1 {
			t.Fatalf("a page of one: %+v, %v", page, err)
		}
		ids, token = append(ids, *page.GraphqlApis[0].ApiId), page.NextToken
	}
	if len(ids) != 2 || ids[0] == ids[1] {
		t.Fatalf("the APIs are %q", ids)
	}
	answer, err := client.GetGraphqlApi(t.Context(), &awsappsync.GetGraphqlApiInput{ApiId: &ids[1]})
	if err != nil {
		t.Fatal(err)
	}
	api := answer.GraphqlApi
	uris := map[string]string{"GRAPHQL": r.url("/graphql"), "REALTIME": "ws" + strings.TrimPrefix(r.url("/graphql/realtime"), "http")}
	if !reflect.DeepEqual(api.Uris, uris) || api.AuthenticationType != "OPENID_CONNECT" || api.IntrospectionConfig != "ENABLED" {
		t.Errorf("the API is %+v", api)
	}
	oidc := api.OpenIDConnectConfig
	if *oidc.Issuer != r.env["APPSYNCCTL_ISSUER"] || *oidc.ClientId != "demo-.*" || oidc.IatTTL != 3600000 || oidc.AuthTTL != 60000 {
		t.Errorf("the provider is %+v", oidc)
	}
	more := api.AdditionalAuthenticationProviders
	if len(more) != 2 || more[0].AuthenticationType != "AMAZON_COGNITO_USER_POOLS" || more[1].AuthenticationType != "AWS_IAM" {
		t.Errorf("the additional modes are %+v", more)
	}

	_, err = client.GetGraphqlApi(t.Context(), &awsappsync.GetGraphqlApiInput{ApiId: aws.String("nothing")})
	if got := code(err); got != "NotFoundException" {
		t.Errorf("an unknown API: %v", err)
	}
	_, err = client.GetApiAssociation(t.Context(), &awsappsync.GetApiAssociationInput{DomainName: aws.String("api.example.com")})
	if got := code(err); got != "NotFoundException" {
		t.Errorf("an unknown domain: %v", err)
	}
	_, err = client.ListGraphqlApis(t.Context(), &awsappsync.ListGraphqlApisInput{NextToken: aws.String("forged")})
	if got := code(err); got != "BadRequestException" {
		t.Errorf("a forged token: %v", err)
	}
	resp, body := r.must(t, http.MethodGet, "/_emulator/requests", "", "")
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, `"operation":"GetGraphqlApi"`) {
		t.Errorf("the log has %s", body)
	}
}

func TestTableOfTheAccount(t *testing.T) {
	r := start(t, emulator.Config{Modes: []string{"iam"}, Seed: emulator.GenerateCustomers(5)})
	client, table := dynamodb.NewFromConfig(r.account()), aws.String("Customer")
	var ids []string
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: table, Limit: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			ids = append(ids, item["id"].(*types.AttributeValueMemberS).Value)
		}
	}
	if slices.Sort(ids); len(slices.Compact(ids)) != 5 {
		t.Errorf("scanned %q", ids)
	}
	count, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: table, Select: types.SelectCount})
	if err != nil || count.Count != 5 || len(count.Items) != 0 {
		t.Errorf("counted %+v, %v", count, err)
	}
	key := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: ids[0]}}
	got, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: table, Key: key, ConsistentRead: aws.Bool(true)})
	if err != nil || !strings.HasPrefix(got.Item["name"].(*types.AttributeValueMemberS).Value, "customer") {
		t.Errorf("got %+v, %v", got, err)
	}
	described, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: table})
	if err != nil || *described.Table.KeySchema[0].AttributeName != "id" || described.Table.TableStatus != types.TableStatusActive {
		t.Errorf("described %+v, %v", described, err)
	}

	number := map[string]types.AttributeValue{"id": &types.AttributeValueMemberN{Value: "1"}}
	_, err = client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: table, Key: number})
	if code(err) != "ValidationException" {
		t.Errorf("a key of another type: %v", err)
	}
	_, err = client.Scan(t.Context(), &dynamodb.ScanInput{TableName: table, FilterExpression: aws.String("city = :c")})
	if code(err) != "ValidationException" {
		t.Errorf("a filter, which is not known: %v", err)
	}
	_, err = client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: table, Item: key})
	if code(err) != "UnknownOperationException" {
		t.Errorf("a write: %v", err)
	}
}

// TestTableEmpty hides what is there, from one operation as told.
func TestTableEmpty(t *testing.T) {
	r := start(t, emulator.Config{
		Modes: []string{"iam"}, Seed: emulator.GenerateCustomers(1),
		Faults: []emulator.Fault{{Name: "table-empty", Operation: "GetItem", Count: 1}},
	})
	client, table := dynamodb.NewFromConfig(r.account()), aws.String("Customer")
	page, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: table})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("scanned %+v, %v", page, err)
	}
	for _, want := range []bool{false, true} {
		got, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{
			TableName: table, Key: map[string]types.AttributeValue{"id": page.Items[0]["id"]},
		})
		if err != nil || (len(got.Item) > 0) != want {
			t.Errorf("got %+v, %v; want an item: %t", got, err, want)
		}
	}
}

// TestAccountRefusals looks at the errors as they are sent.
func TestAccountRefusals(t *testing.T) {
	r := start(t, emulator.Config{Modes: []string{"iam"}})
	unsigned, body := r.must(t, http.MethodGet, "/v1/apis", "", "")
	if unsigned.StatusCode != http.StatusForbidden || unsigned.Header.Get("x-amzn-ErrorType") != "MissingAuthenticationTokenException" ||
		body != `{"message":"Missing Authentication Token"}` {
		t.Errorf("unsigned: %d %v %s", unsigned.StatusCode, unsigned.Header, body)
	}
	resp, body := r.must(t, http.MethodPost, "/", "application/x-amz-json-1.0", `{"TableName":"Customer"}`, "X-Amz-Target", "DynamoDB_20120810.Scan",
		"Authorization", "AWS4-HMAC-SHA256 Credential=AKIAOTHER/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00")
	var answer map[string]string
	if err := json.Unmarshal([]byte(body), &answer); err != nil || resp.StatusCode != http.StatusBadRequest ||
		answer["__type"] != "com.amazon.coral.service#UnrecognizedClientException" ||
		answer["message"] != "The security token included in the request is invalid." {
		t.Errorf("unknown key: %d %s", resp.StatusCode, body)
	}
	if sum := strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(body))), 10); resp.Header.Get("X-Amz-Crc32") != sum {
		t.Errorf("the checksum is %s, want %s", resp.Header.Get("X-Amz-Crc32"), sum)
	}

	_, err := dynamodb.NewFromConfig(r.account()).Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("Others")})
	if code(err) != "ResourceNotFoundException" {
		t.Errorf("another table: %v", err)
	}
	r.env["AWS_SECRET_ACCESS_KEY"] = "wrong"
	_, err = dynamodb.NewFromConfig(r.account()).Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("Customer")})
	if code(err) != "InvalidSignatureException" {
		t.Errorf("a wrong secret: %v", err)
	}
	_, err = awsappsync.NewFromConfig(r.account()).ListGraphqlApis(t.Context(), &awsappsync.ListGraphqlApisInput{})
	if code(err) != "InvalidSignatureException" {
		t.Errorf("a wrong secret: %v", err)
	}
}

// TestRefusedRights wants the refusal to name the action and what it is for.
func TestRefusedRights(t *testing.T) {
	r := start(t, emulator.Config{Modes: []string{"iam"}, Faults: []emulator.Fault{
		{Name: "access-denied", Operation: "GetGraphqlApi"}, {Name: "access-denied", Operation: "GetItem"},
	}})
	client := awsappsync.NewFromConfig(r.account())
	if _, err := client.ListGraphqlApis(t.Context(), &awsappsync.ListGraphqlApisInput{}); err != nil {
		t.Errorf("a right that is there: %v", err)
	}
	_, err := client.GetGraphqlApi(t.Context(), &awsappsync.GetGraphqlApiInput{ApiId: aws.String("abc")})
	if code(err) != "AccessDeniedException" || !strings.Contains(err.Error(),
		"is not authorized to perform: appsync:GetGraphqlApi on resource: arn:aws:appsync:us-east-1:000000000000:apis/abc") {
		t.Errorf("an API: %v", err)
	}
	_, err = dynamodb.NewFromConfig(r.account()).GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String("Customer"), Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "1"}},
	})
	if code(err) != "AccessDeniedException" || !strings.Contains(err.Error(),
		"is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table/Customer") {
		t.Errorf("a table: %v", err)
	}
}

// TestAccountVariables wants no AWS variable where no signatures are taken: they would
// lead a person's other programs astray.
func TestAccountVariables(t *testing.T) {
	for name := range start(t, emulator.Config{}).env {
		if strings.HasPrefix(name, "AWS_") {
			t.Errorf("%s is given out", name)
		}
	}
	env := start(t, emulator.Config{Modes: []string{"oidc", "iam"}}).env
	if env["AWS_ENDPOINT_URL"] != "" || env["AWS_ENDPOINT_URL_APPSYNC"] == "" || env["AWS_ENDPOINT_URL_DYNAMODB"] == "" {
		t.Errorf("the endpoints are given out as %q", env)
	}
}

// TestModesAreTold wants the modes that are on, whoever turned them on.
func TestModesAreTold(t *testing.T) {
	r := start(t, emulator.Config{Modes: []string{"lambda", "oidc", "iam"}, API: func(c *appsync.Config) {
		c.LambdaToken, c.APIKeys, c.DefaultMode = "", []redact.Secret{"da2-test"}, appsync.ModeIAM
		c.IAM = &signature.Key{ID: "AKIATEST", Secret: "test"}
	}})
	r.env["AWS_ACCESS_KEY_ID"], r.env["AWS_SECRET_ACCESS_KEY"] = "AKIATEST", "test"
	page, err := awsappsync.NewFromConfig(r.account()).ListGraphqlApis(t.Context(), &awsappsync.ListGraphqlApisInput{})
	if err != nil || len(page.GraphqlApis) != 2 {
		t.Fatalf("listed %+v, %v", page, err)
	}
	api := page.GraphqlApis[1]
	got := []string{string(api.AuthenticationType)}
	for _, more := range api.AdditionalAuthenticationProviders {
		got = append(got, string(more.AuthenticationType))
	}
	if want := []string{"AWS_IAM", "OPENID_CONNECT", "API_KEY"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
