// Package cloudformation makes a CloudFormation template of the API that AppSync's
// console wizard makes by hand: the API itself, its schema, a table, the role that
// reaches the table, and a resolver for every query and mutation.
//
// The resolvers are files of their own, in resolvers, in the JavaScript that AppSync
// runs (APPSYNC_JS 1.0.0). They are what the wizard's do; a test runs them against a
// DynamoDB and compares every answer with the emulator's, so that the two cannot drift.
package cloudformation

import (
	"bytes"
	"embed"
	"encoding/json"
	"io/fs"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"

	"github.com/appsyncctl/appsyncctl/internal/schema"
)

var (
	//go:embed template.yaml
	text string

	//go:embed resolvers/*.js
	resolvers embed.FS
)

// Defaults are the values that the template's parameters have when nobody gives them
// others, and the one choice that is no parameter.
type Defaults struct {
	Issuer          string // https, as the provider's tokens name it; "" makes the parameter one that must be given
	ClientIDPattern string // regular expression for azp or aud; "" is none
	IatTTL, AuthTTL int64  // milliseconds; 0 is none
	Extended        bool   // CreateCustomerInput has an optional id: schema.Extended
}

// resolver is one of the template's resolvers.
type resolver struct {
	Name        string // of the resource
	Type, Field string // that it resolves
	Code        string
}

// YAML returns the template, with comments.
func YAML(defaults Defaults) ([]byte, error) {
	page, err := template.New("template").Funcs(template.FuncMap{"quote": quote, "indent": indent}).Parse(text)
	if err != nil {
		return nil, err
	}
	all, err := readResolvers()
	if err != nil {
		return nil, err
	}
	var filled bytes.Buffer
	err = page.Execute(&filled, struct {
		Defaults
		Schema    string
		Resolvers []resolver
	}{defaults, schema.Deployable(defaults.Extended), all})
	return filled.Bytes(), err
}

// readResolvers reads the files, which are called TYPE.FIELD.js.
func readResolvers() ([]resolver, error) {
	paths, err := fs.Glob(resolvers, "resolvers/*.js")
	if err != nil {
		return nil, err
	}
	var all []resolver
	for _, path := range paths {
		code, err := resolvers.ReadFile(path)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, "resolvers/"), ".js")
		parent, field, _ := strings.Cut(name, ".")
		all = append(all, resolver{
			Name: strings.ToUpper(field[:1]) + field[1:] + "Resolver",
			Type: parent, Field: field, Code: string(code),
		})
	}
	return all, nil
}

// quote writes a text as JSON does, which YAML reads as well.
func quote(text string) (string, error) {
	quoted, err := json.Marshal(text)
	return string(quoted), err
}

// indent makes lines part of a block in the properties of a resource.
func indent(text string) string {
	var block strings.Builder
	for line := range strings.Lines(strings.TrimSpace(text)) {
		if line != "\n" {
			block.WriteString("        ")
		}
		block.WriteString(line)
	}
	return block.String()
}

// Document returns the template as what JSON can hold: functions are written out, so
// that !Ref x is {"Ref": "x"}. CloudFormation takes this form as well.
func Document(defaults Defaults) (map[string]any, error) {
	text, err := YAML(defaults)
	if err != nil {
		return nil, err
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	value, err := plain(root.Content[0])
	document, _ := value.(map[string]any) // the template is a mapping
	return document, err
}

func plain(node *yaml.Node) (any, error) {
	value, err := withoutTag(node)
	name, isFunction := strings.CutPrefix(node.Tag, "!")
	if err != nil || !isFunction || strings.HasPrefix(name, "!") { // !!str is YAML's own
		return value, err
	}
	if name == "Ref" {
		return map[string]any{"Ref": value}, nil
	}
	if path, ok := value.(string); ok && name == "GetAtt" {
		resource, attribute, _ := strings.Cut(path, ".")
		value = []any{resource, attribute}
	}
	return map[string]any{"Fn::" + name: value}, nil
}

func withoutTag(node *yaml.Node) (any, error) {
	switch node.Kind {
	case yaml.MappingNode:
		mapping := make(map[string]any, len(node.Content)/2)
		for i := 0; i < len(node.Content); i += 2 {
			value, err := plain(node.Content[i+1])
			if err != nil {
				return nil, err
			}
			mapping[node.Content[i].Value] = value
		}
		return mapping, nil
	case yaml.SequenceNode:
		sequence := make([]any, 0, len(node.Content))
		for _, item := range node.Content {
			value, err := plain(item)
			if err != nil {
				return nil, err
			}
			sequence = append(sequence, value)
		}
		return sequence, nil
	default:
		if !strings.HasPrefix(node.Tag, "!!") {
			return node.Value, nil // the argument of a function
		}
		var value any
		err := node.Decode(&value)
		return value, err
	}
}
