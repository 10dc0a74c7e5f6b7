package main_test

import (
	"fmt"
	"regexp"
	"strings"
)

// expression is what stands between ${{ and }}.
var expression = regexp.MustCompile(`\$\{\{(.*?)\}\}`)

func (r *runner) expand(text string) string {
	return expression.ReplaceAllStringFunc(text, func(found string) string {
		return r.evaluate(expression.FindStringSubmatch(found)[1])
	})
}

// evaluate knows of GitHub's expressions what action.yml uses: names, texts, ||, == and !=.
func (r *runner) evaluate(text string) string {
	if strings.Contains(text, "||") {
		for operand := range strings.SplitSeq(text, "||") {
			if value := r.evaluate(operand); value != "" {
				return value
			}
		}
		return ""
	}
	for operator, equal := range map[string]bool{"==": true, "!=": false} {
		if left, right, ok := strings.Cut(text, operator); ok {
			return fmt.Sprint((r.evaluate(left) == r.evaluate(right)) == equal)
		}
	}
	text = strings.TrimSpace(text)
	if len(text) > 1 && text[0] == '\'' {
		return strings.Trim(text, "'")
	}
	context, name, _ := strings.Cut(text, ".")
	switch context {
	case "inputs":
		declared, ok := r.action.Inputs[name]
		if !ok {
			break
		}
		if value := r.inputs[name]; value != "" {
			return value
		}
		return declared.Default
	case "env":
		return r.env[name]
	case "github":
		if name == "action_ref" {
			return r.ref
		}
	case "steps":
		parts := strings.Split(name, ".")
		if len(parts) == 3 && parts[1] == "outputs" {
			return r.steps[parts[0]][parts[2]]
		}
	}
	r.t.Fatalf("the expression %q is not known", text)
	return ""
}
