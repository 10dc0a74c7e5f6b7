package cloudformation_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/graph-gophers/graphql-go"

	"github.com/appsyncctl/appsyncctl/internal/cloudformation"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// TestTemplate pins what must not change unnoticed: who is let in, what is kept, what
// the role may do.
func TestTemplate(t *testing.T) {
	defaults := cloudformation.Defaults{
		Issuer: "https://tenant.auth0.com/", ClientIDPattern: `a"|b\.c`, IatTTL: 3600000, AuthTTL: 9007199254740993,
	}
	read := document(t, defaults)
	var parameters map[string]struct{ Default json.RawMessage } // a float64 would not hold every number
	convert(t, plainDocument(t, defaults)["Parameters"], &parameters)
	for name, want := range map[string]string{
		"Issuer": `"https://tenant.auth0.com/"`, "ClientIdPattern": `"a\"|b\\.c"`, "IatTTL": "3600000", "AuthTTL": "9007199254740993",
		"DeletionProtection": `"false"`, "PointInTimeRecovery": `"true"`, "LogLevel": `"ERROR"`,
	} {
		if got := string(parameters[name].Default); got != want {
			t.Errorf("%s: got default %s, want %s", name, got, want)
		}
	}
	table := read.Resources["CustomerTable"]
	if table.DeletionPolicy != "RetainExceptOnCreate" || table.UpdateReplacePolicy != "Retain" {
		t.Errorf("the table may vanish: %s, %s", table.DeletionPolicy, table.UpdateReplacePolicy)
	}
	if got := table.Properties["BillingMode"]; got != "PAY_PER_REQUEST" {
		t.Errorf("got billing mode %v", got)
	}
	api := read.Resources["Api"].Properties
	if api["AuthenticationType"] != "OPENID_CONNECT" || api["AdditionalAuthenticationProviders"] != nil {
		t.Errorf("the API lets others in: %v", api)
	}
	var policies []struct {
		PolicyDocument struct {
			Statement []struct {
				Effect   string
				Action   []string
				Resource any
			}
		}
	}
	convert(t, read.Resources["TableRole"].Properties["Policies"], &policies)
	if len(policies) != 1 || len(policies[0].PolicyDocument.Statement) != 1 {
		t.Fatalf("got %d policies, want one with one statement", len(policies))
	}
	statement := policies[0].PolicyDocument.Statement[0]
	var operations []string // that the resolvers use
	for _, code := range codes(t) {
		found := regexp.MustCompile(`operation: '(\w+)'`).FindStringSubmatch(code)
		operations = append(operations, "dynamodb:"+found[1])
	}
	if got := slices.Sorted(slices.Values(statement.Action)); !slices.Equal(got, slices.Sorted(slices.Values(operations))) {
		t.Errorf("the role may %v, and the resolvers do %v", got, operations)
	}
	if got, want := encode(t, statement.Resource), `{"Fn::GetAtt":["CustomerTable","Arn"]}`; got != want {
		t.Errorf("the role reaches %s, want %s", got, want)
	}
}

func TestIssuerMustBeGiven(t *testing.T) {
	if got := document(t, cloudformation.Defaults{}).Parameters["Issuer"].Default; got != nil {
		t.Errorf("got the default issuer %v, want none", got)
	}
}

// TestResolversAreComplete compares the resolvers with the schema's queries and
// mutations.
func TestResolversAreComplete(t *testing.T) {
	read := document(t, cloudformation.Defaults{})
	var got []string
	for _, resource := range read.Resources {
		if resource.Type == "AWS::AppSync::Resolver" {
			got = append(got, resource.Properties["TypeName"].(string)+"."+resource.Properties["FieldName"].(string))
			if resource.DependsOn != "Schema" {
				t.Errorf("%v may be made before the schema", resource.Properties["FieldName"])
			}
		}
	}
	parsed := graphql.MustParseSchema(schema.Wizard(), nil)
	var want []string
	for _, kind := range parsed.Inspect().Types() {
		if name := *kind.Name(); name == "Query" || name == "Mutation" {
			for _, field := range *kind.Fields(&struct{ IncludeDeprecated bool }{true}) {
				want = append(want, name+"."+field.Name())
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestSize keeps the template, with room for long values, within what CloudFormation
// takes without S3, and each resolver within what AppSync takes.
func TestSize(t *testing.T) {
	text, err := cloudformation.YAML(cloudformation.Defaults{
		Issuer: "https://" + strings.Repeat("x", 2000), ClientIDPattern: strings.Repeat("x", 4000), Extended: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	const most = 51_200 // CloudFormation's quotas, "Template body size in a request"
	if len(text) > most {
		t.Errorf("got %d bytes, want at most %d", len(text), most)
	}
	for field, code := range codes(t) {
		if len(code) > 32_000 {
			t.Errorf("%s has %d bytes", field, len(code))
		}
	}
}

// TestSchema checks that the template's schema is the wizard's, but for the directives
// that AppSync knows, and that the extended one is that with an id.
func TestSchema(t *testing.T) {
	definition := func(extended bool) string {
		read := document(t, cloudformation.Defaults{Extended: extended})
		return read.Resources["Schema"].Properties["Definition"].(string)
	}
	wizard, extended := definition(false), definition(true)
	if !strings.HasSuffix(schema.Wizard(), wizard) || !strings.HasPrefix(wizard, "schema {") {
		t.Errorf("not the wizard's schema:\n%s", wizard)
	}
	input := "input CreateCustomerInput {\n"
	if want := strings.Replace(wizard, input, input+"\tid: ID\n", 1); extended != want {
		t.Errorf("got extended schema:\n%s", extended)
	}
}

// TestResolversAreAppSyncJavaScript checks the resolvers with AppSync's own linter,
// which knows what its runtime cannot do, and against the types of its library.
func TestResolversAreAppSyncJavaScript(t *testing.T) {
	dir := workshop(t)
	runNode(t, dir, "node_modules/eslint/bin/eslint.js", "--max-warnings", "0", "resolvers")
	runNode(t, dir, "node_modules/typescript/bin/tsc", "--project", ".")
}
