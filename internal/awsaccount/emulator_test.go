package awsaccount_test

import (
	"crypto/rand"
	"crypto/rsa"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

// signingKey signs for every emulator of these tests: making a key takes longer than
// all the rest of a start.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// start leads the SDK to an emulator by the variables that the emulator gives out.
func start(t *testing.T, config emulator.Config) map[string]string {
	t.Helper()
	config.SigningKey = signingKey()
	running, err := emulator.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Close(); err != nil {
			t.Error(err)
		}
	})
	variables := map[string]string{}
	for _, v := range running.Environment() {
		variables[v.Name] = v.Value
	}
	environment(t, variables)
	return variables
}

func TestEmulatorsAPI(t *testing.T) {
	variables := start(t, emulator.Config{
		Modes: []string{"oidc", "iam", "lambda"}, ClientIDPattern: "demo-.*", IatTTL: time.Hour, AuthTTL: 90 * time.Second, NoIntrospection: true,
	})
	account := open(t, awsaccount.Options{})
	if !account.HasCredentials(t.Context()) {
		t.Error("no credentials are at hand")
	}
	endpoint := variables["APPSYNCCTL_ENDPOINT"]
	got, err := account.API(t.Context(), endpoint)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.ID) != 26 || got.Name == "" {
		t.Errorf("the API is %q, %q", got.ID, got.Name)
	}
	want := &awsaccount.API{
		ID: got.ID, Name: got.Name,
		Modes: []awsaccount.Mode{
			{Type: awsaccount.OpenIDConnect, Issuer: variables["APPSYNCCTL_ISSUER"], Client: "demo-.*", IatTTL: time.Hour, AuthTTL: 90 * time.Second},
			{Type: awsaccount.IAM},
			{Type: awsaccount.Lambda, Function: "arn:aws:lambda:us-east-1:000000000000:function:authorizer"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	_, err = account.API(t.Context(), "https://others.example.com/graphql")
	expect(t, err, awsaccount.NotFound, "others.example.com")
}

func TestEmulatorsTable(t *testing.T) {
	name := "customer1"
	start(t, emulator.Config{Modes: []string{"iam"}, Seed: func(yield func(store.Item, error) bool) {
		yield(store.Item{ID: "1", Attributes: map[string]*string{"name": &name, "city": nil}}, nil)
	}})
	account := open(t, awsaccount.Options{})
	item, found, err := account.Item(t.Context(), "Customer", "1")
	if want := map[string]string{"id": "1", "name": name}; err != nil || !found || !reflect.DeepEqual(item, want) {
		t.Errorf("got %v, %t, %v; want %v", item, found, err, want)
	}
	if item, found, err := account.Item(t.Context(), "Customer", "2"); err != nil || found || item != nil {
		t.Errorf("no such item: got %v, %t, %v", item, found, err)
	}
	_, _, err = account.Item(t.Context(), "Others", "1")
	expect(t, err, awsaccount.NotFound, "there is no table Others in us-east-1")
}

// TestEmulatorsRefusals signs with keys that the account does not know, and meets the
// faults.
func TestEmulatorsRefusals(t *testing.T) {
	tests := []struct {
		name, variable, value, fault string
		want                         awsaccount.Reason
		api, item                    string // what their errors say
	}{
		{"wrong secret", "AWS_SECRET_ACCESS_KEY", "wrong", "", awsaccount.Refused, "InvalidSignatureException", "InvalidSignatureException"},
		{"wrong key", "AWS_ACCESS_KEY_ID", "AKIAOTHER", "", awsaccount.Refused, "UnrecognizedClientException", "UnrecognizedClientException"},
		{"no right", "", "", "access-denied", awsaccount.Denied, "appsync:ListGraphqlApis", "dynamodb:GetItem"},
		{"throttled", "", "", "throttled", awsaccount.Throttled, "Rate exceeded", "ThrottlingException"},
		{"unavailable", "", "", "unavailable", awsaccount.Unreachable, "", ""},
		{"hung up", "", "", "closed-before-execution", awsaccount.Unreachable, "", ""},
		{"nothing wrong", "", "", "", "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := emulator.Config{Modes: []string{"oidc", "iam"}}
			if tt.fault != "" {
				config.Faults = []emulator.Fault{{Name: tt.fault}}
			}
			variables := start(t, config)
			if tt.variable != "" {
				t.Setenv(tt.variable, tt.value)
			}
			account := open(t, awsaccount.Options{})
			_, err := account.API(t.Context(), variables["APPSYNCCTL_ENDPOINT"])
			_, _, itemErr := account.Item(t.Context(), "Customer", "1")
			if tt.want == "" {
				if err != nil || itemErr != nil {
					t.Errorf("got %v and %v", err, itemErr)
				}
				return
			}
			expect(t, err, tt.want, tt.api)
			expect(t, itemErr, tt.want, tt.item)
		})
	}
}
