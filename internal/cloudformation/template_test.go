package cloudformation_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/graph-gophers/graphql-go"
	"go.yaml.in/yaml/v3"

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

// template is the document, as far as the tests read it.
type template struct {
	Parameters map[string]struct {
		Type, AllowedPattern string
		Default              any
	}
	Conditions map[string]any
	Resources  map[string]struct {
		Type, DeletionPolicy, UpdateReplacePolicy string
		DependsOn                                 string
		Properties                                map[string]any
	}
	Outputs map[string]struct{ Value any }
}

func document(t *testing.T, defaults cloudformation.Defaults) template {
	t.Helper()
	text, err := json.Marshal(plainDocument(t, defaults))
	if err != nil {
		t.Fatal(err)
	}
	var read template
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

func plainDocument(t *testing.T, defaults cloudformation.Defaults) map[string]any {
	t.Helper()
	plain, err := cloudformation.Document(defaults)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// TestDocument checks that the JSON form says what the YAML form says.
func TestDocument(t *testing.T) {
	text, err := cloudformation.YAML(cloudformation.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	var tagged map[string]any
	if err := yaml.Unmarshal(text, &tagged); err != nil {
		t.Fatal(err)
	}
	plain := plainDocument(t, cloudformation.Defaults{})
	for section := range tagged {
		if _, there := plain[section]; !there {
			t.Errorf("the JSON form has no %s", section)
		}
	}
	api := plain["Resources"].(map[string]any)["Api"].(map[string]any)["Properties"].(map[string]any)
	want := `{"AuthTTL":{"Fn::If":["HasAuthTTL",{"Ref":"AuthTTL"},{"Ref":"AWS::NoValue"}]},` +
		`"ClientId":{"Fn::If":["HasClientIdPattern",{"Ref":"ClientIdPattern"},{"Ref":"AWS::NoValue"}]},` +
		`"IatTTL":{"Fn::If":["HasIatTTL",{"Ref":"IatTTL"},{"Ref":"AWS::NoValue"}]},"Issuer":{"Ref":"Issuer"}}`
	if got := encode(t, api["OpenIDConnectConfig"]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func encode(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func convert(t *testing.T, from, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(encode(t, from)), into); err != nil {
		t.Fatal(err)
	}
}

// TestReferences checks that whatever the template refers to is there.
func TestReferences(t *testing.T) {
	read := document(t, cloudformation.Defaults{})
	known := func(name string) bool {
		_, parameter := read.Parameters[name]
		_, resource := read.Resources[name]
		pseudo := []string{"AWS::NoValue", "AWS::Region", "AWS::AccountId", "AWS::Partition", "AWS::StackName"}
		return parameter || resource || slices.Contains(pseudo, name)
	}
	used := make(map[string]bool)
	refer := func(name string) {
		used[name] = true
		if !known(name) {
			t.Errorf("%s is referred to, and is not there", name)
		}
	}
	walk(plainDocument(t, cloudformation.Defaults{}), func(function string, argument any) {
		switch function {
		case "Ref":
			refer(argument.(string))
		case "Fn::GetAtt":
			name := argument.([]any)[0].(string)
			if _, resource := read.Resources[name]; !resource {
				t.Errorf("GetAtt of %s, which is no resource", name)
			}
			used[name] = true
		case "Fn::Sub":
			for _, found := range regexp.MustCompile(`\$\{([^}]*)\}`).FindAllStringSubmatch(argument.(string), -1) {
				name, _, _ := strings.Cut(found[1], ".")
				refer(name)
			}
		case "Fn::If":
			name := argument.([]any)[0].(string)
			used[name] = true
			if _, condition := read.Conditions[name]; !condition {
				t.Errorf("If names the condition %s, and there is none", name)
			}
		case "Fn::Not", "Fn::Equals":
		default:
			t.Errorf("the test does not know the function %s", function)
		}
	})
	for name := range read.Parameters {
		if !used[name] {
			t.Errorf("nothing uses the parameter %s", name)
		}
	}
	for name := range read.Conditions {
		if !used[name] {
			t.Errorf("nothing uses the condition %s", name)
		}
	}
	for name, resource := range read.Resources {
		if resource.DependsOn != "" && !known(resource.DependsOn) {
			t.Errorf("%s depends on %s, which is not there", name, resource.DependsOn)
		}
	}
}

// walk calls see for every function in a document.
func walk(value any, see func(function string, argument any)) {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			if len(value) == 1 && (key == "Ref" || strings.HasPrefix(key, "Fn::")) {
				see(key, inner)
			}
			walk(inner, see)
		}
	case []any:
		for _, inner := range value {
			walk(inner, see)
		}
	}
}

// TestSpecification checks each resource against CloudFormation's own description of
// its type: properties, required ones, types, allowed values, attributes.
func TestSpecification(t *testing.T) {
	dir := workshop(t)
	text := encode(t, plainDocument(t, cloudformation.Defaults{}))
	if err := os.WriteFile(filepath.Join(dir, "template.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	runNode(t, dir, "specification.mjs", "template.json")
}
