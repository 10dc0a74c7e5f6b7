package output

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// YAML writes value as one YAML document, its keys in the order of its JSON.
func YAML(w io.Writer, value any) error {
	text, err := yamlText(value)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

// yamlEncoder writes a sequence of mappings, or the mappings themselves.
type yamlEncoder struct {
	single bool
	count  int
}

func (e *yamlEncoder) record(w *bufio.Writer, record Record) error {
	value := record.Value
	if !e.single {
		value = []any{value}
	}
	e.count++
	return YAML(w, value)
}

func (e *yamlEncoder) flush(*bufio.Writer) error { return nil }

func (e *yamlEncoder) end(w *bufio.Writer) error {
	if e.single || e.count > 0 {
		return nil
	}
	_, err := w.WriteString("[]\n")
	return err
}

func yamlText(value any) (string, error) {
	document, err := marshal(value)
	if err != nil {
		return "", err
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	node, err := yamlNode(decoder)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(node), encoder.Close()); err != nil {
		return "", err
	}
	return escape(text.String()), nil
}

// yamlNode reads one JSON value. A map would lose the order of its keys.
func yamlNode(decoder *json.Decoder) (*yaml.Node, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch value := token.(type) {
	case json.Delim:
		return yamlCollection(decoder, value)
	case string:
		return yamlString(value), nil
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: value.String()}, nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: fmt.Sprint(value)}, nil
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}, nil
	}
}

func yamlCollection(decoder *json.Decoder, open json.Delim) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.SequenceNode}
	if open == '{' {
		node.Kind = yaml.MappingNode
	}
	for decoder.More() { // of a mapping: keys and values in turn
		child, err := yamlNode(decoder)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, child)
	}
	if len(node.Content) == 0 {
		node.Style = yaml.FlowStyle // [] or {}
	}
	_, err := decoder.Token() // the closing one
	return node, err
}

// yamlString quotes a text with characters that escape turns into \u escapes,
// which mean something between double quotes only.
func yamlString(value string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	if strings.ContainsFunc(value, dangerous) {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}
