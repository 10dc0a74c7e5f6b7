package cloudformation_test

import (
	"encoding/json"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/appsyncctl/appsyncctl/internal/cloudformation"
)

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
