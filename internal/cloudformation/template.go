package cloudformation

import (
	"bytes"
	"embed"
	"encoding/json"
	"io/fs"
	"strings"
	"text/template"

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
