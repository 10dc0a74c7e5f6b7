package awsaccount_test

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
)

// everything is an API with every mode, as the service tells it.
const everything = `{"graphqlApi": {
  "apiId": "abc", "name": "customers", "authenticationType": "AMAZON_COGNITO_USER_POOLS",
  "userPoolConfig": {"userPoolId": "eu-west-1_a", "awsRegion": "eu-west-1", "defaultAction": "DENY", "appIdClientRegex": "app.*"},
  "additionalAuthenticationProviders": [
    {"authenticationType": "OPENID_CONNECT", "openIDConnectConfig": {
      "issuer": "https://tenant.example/", "clientId": "one|two", "iatTTL": 3600000, "authTTL": 1500}},
    {"authenticationType": "AWS_LAMBDA", "lambdaAuthorizerConfig": {
      "authorizerUri": "arn:aws:lambda:eu-west-1:1:function:f", "authorizerResultTtlInSeconds": 300, "identityValidationExpression": "^k"}},
    {"authenticationType": "AMAZON_COGNITO_USER_POOLS", "userPoolConfig": {"userPoolId": "eu-west-1_b", "awsRegion": "eu-west-1"}},
    {"authenticationType": "API_KEY"}, {"authenticationType": "AWS_IAM"}],
  "uris": {"GRAPHQL": "https://prefix.appsync-api.eu-west-1.amazonaws.com/graphql", "REALTIME": "wss://prefix.appsync-realtime-api.eu-west-1.amazonaws.com/graphql"},
  "visibility": "PRIVATE", "apiType": "MERGED", "introspectionConfig": "DISABLED", "queryDepthLimit": 5, "resolverCountLimit": 50,
  "wafWebAclArn": "arn:aws:wafv2:eu-west-1:1:regional/webacl/w", "xrayEnabled": true}}`

const generatedEndpoint = "https://prefix.appsync-api.eu-west-1.amazonaws.com/graphql"

// account is a made-up account with three pages of APIs, the last of which has the one
// above, and a domain for it.
type account struct {
	asked   []string // path and query, and the region that was signed for
	refused string   // the path that is refused
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	scope := strings.Split(r.Header.Get("Authorization"), "/")
	a.asked = append(a.asked, r.URL.RequestURI()+" "+scope[2])
	if r.URL.Path == a.refused {
		w.Header().Set("x-amzn-ErrorType", "AccessDeniedException:http://internal.amazon.com/coral/")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"Message":"not authorized"}`)
		return
	}
	page := func(endpoint, next string) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"graphqlApis": []any{map[string]any{"apiId": "abc", "uris": map[string]string{"GRAPHQL": endpoint}}}, "nextToken": next,
		})
	}
	switch r.URL.Path + r.URL.Query().Get("nextToken") {
	case "/v1/apis":
		page("https://other.appsync-api.eu-west-1.amazonaws.com/graphql", "two")
	case "/v1/apistwo":
		page("", "three")
	case "/v1/apisthree":
		page(generatedEndpoint, "")
	case "/v1/apis/abc":
		_, _ = io.WriteString(w, everything)
	case "/v1/domainnames/api.example.com/apiassociation":
		_, _ = io.WriteString(w, `{"apiAssociation":{"apiId":"abc","domainName":"api.example.com","associationStatus":"SUCCESS"}}`)
	default:
		w.Header().Set("x-amzn-ErrorType", "NotFoundException")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"message":"not found"}`)
	}
}

func TestAPI(t *testing.T) {
	environment(t, credentials(serve(t, new(account).ServeHTTP)))
	got, err := open(t, awsaccount.Options{}).API(t.Context(), generatedEndpoint)
	if err != nil {
		t.Fatal(err)
	}
	want := &awsaccount.API{
		ID: "abc", Name: "customers",
		Modes: []awsaccount.Mode{
			{Type: awsaccount.UserPools, UserPool: "eu-west-1_a", PoolRegion: "eu-west-1", PoolClients: "app.*"},
			{Type: awsaccount.OpenIDConnect, Issuer: "https://tenant.example/", Client: "one|two", IatTTL: time.Hour, AuthTTL: 1500 * time.Millisecond},
			{Type: awsaccount.Lambda, Function: "arn:aws:lambda:eu-west-1:1:function:f"},
			{Type: awsaccount.UserPools, UserPool: "eu-west-1_b", PoolRegion: "eu-west-1"},
			{Type: awsaccount.APIKey}, {Type: awsaccount.IAM},
		},
		Private: true, WebACL: "arn:aws:wafv2:eu-west-1:1:regional/webacl/w",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestAPIIsFound(t *testing.T) {
	pages := func(region string) []string {
		return []string{
			"/v1/apis?maxResults=25 " + region, "/v1/apis?maxResults=25&nextToken=two " + region,
			"/v1/apis?maxResults=25&nextToken=three " + region,
		}
	}
	tests := []struct {
		name     string
		endpoint string
		refused  string
		want     awsaccount.Reason // empty: it is found
		text     string
		asked    []string
	}{
		{"by its endpoint", generatedEndpoint, "", "", "", append(pages("eu-west-1"), "/v1/apis/abc eu-west-1")},
		{"whatever the case", "https://PREFIX.appsync-api.eu-west-1.amazonaws.com/graphql/", "", "", "", append(pages("eu-west-1"), "/v1/apis/abc eu-west-1")},
		{"not in another region", "https://prefix.appsync-api.us-east-2.amazonaws.com/graphql", "", awsaccount.NotFound, "us-east-2", pages("us-east-2")},
		{"by its domain", "https://api.example.com/graphql", "", "", "",
			append(pages("eu-central-1"), "/v1/domainnames/api.example.com/apiassociation eu-central-1", "/v1/apis/abc eu-central-1")},
		{"not by a domain of others", "https://others.example.com/graphql", "", awsaccount.NotFound, "others.example.com",
			append(pages("eu-central-1"), "/v1/domainnames/others.example.com/apiassociation eu-central-1")},
		{"no right to list", generatedEndpoint, "/v1/apis", awsaccount.Denied, "appsync:ListGraphqlApis", pages("eu-west-1")[:1]},
		{"no right to read", generatedEndpoint, "/v1/apis/abc", awsaccount.Denied, "appsync:GetGraphqlApi", append(pages("eu-west-1"), "/v1/apis/abc eu-west-1")},
		{"no right to see domains", "https://api.example.com/graphql", "/v1/domainnames/api.example.com/apiassociation", awsaccount.Denied,
			"appsync:GetApiAssociation", append(pages("eu-central-1"), "/v1/domainnames/api.example.com/apiassociation eu-central-1")},
		{"without a host", "graphql", "", awsaccount.NotFound, "without a host", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			made := &account{refused: tt.refused}
			environment(t, credentials(serve(t, made.ServeHTTP)))
			got, err := open(t, awsaccount.Options{Region: "eu-central-1"}).API(t.Context(), tt.endpoint)
			if tt.want != "" {
				expect(t, err, tt.want, tt.text)
			} else if err != nil || got.ID != "abc" {
				t.Errorf("got %+v, %v", got, err)
			}
			if !slices.Equal(made.asked, tt.asked) {
				t.Errorf("asked %q, want %q", made.asked, tt.asked)
			}
		})
	}
}

func TestItemKinds(t *testing.T) {
	asked := ""
	environment(t, credentials(serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		asked = string(body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = io.WriteString(w, `{"Item":{"id":{"S":"1"},"age":{"N":"42"},"paid":{"BOOL":true},"city":{"NULL":true},"tags":{"SS":["a"]},"name":{"S":""}}}`)
	})))
	got, found, err := open(t, awsaccount.Options{}).Item(t.Context(), "customers", "1")
	want := map[string]string{"id": "1", "age": "42", "paid": "true", "name": ""}
	if err != nil || !found || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %t, %v; want %v", got, found, err, want)
	}
	var request map[string]any
	if err := json.Unmarshal([]byte(asked), &request); err != nil || request["ConsistentRead"] != true || request["TableName"] != "customers" {
		t.Errorf("asked %s", asked)
	}
}
