package cloudformation_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/cloudformation"
)

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
