package cloudformation

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

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
