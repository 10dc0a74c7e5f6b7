// Package schema holds the SDL of the Customer API, in three files:
//
//   - customer.graphql, the schema that AppSync's console wizard writes, complete;
//   - extended.graphql, the one addition to it: an optional id in CreateCustomerInput;
//   - aws.graphql, the directives that AppSync knows without a declaration.
//
// genqlient reads the same files (see genqlient.yaml at the top of the module),
// so the client's types and the emulator's answers come from one text.
package schema

import (
	_ "embed"
	"strings"
)

var (
	//go:embed customer.graphql
	customer string

	//go:embed extended.graphql
	extended string

	//go:embed aws.graphql
	directives string
)

// Wizard returns the wizard's schema with AppSync's directives declared.
func Wizard() string { return directives + "\n" + customer }

// Extended returns the wizard's schema with an optional id in
// CreateCustomerInput, with AppSync's directives declared.
func Extended() string { return Wizard() + "\n" + extended }

// Declared returns an SDL as AppSync exports it, such as one that was changed by hand,
// with AppSync's directives declared.
func Declared(sdl string) string {
	if strings.Contains(sdl, "directive @aws_subscribe") {
		return sdl
	}
	return directives + "\n" + sdl
}

// Deployable returns the wizard's schema as AppSync takes it, which has its directives
// already and knows no extend; extendedToo says whether with the optional id.
func Deployable(extendedToo bool) string {
	_, sdl, _ := strings.Cut(customer, "\n\n") // what stands before is a comment of ours
	if !extendedToo {
		return sdl
	}
	const input = "input CreateCustomerInput {\n"
	_, fields, _ := strings.Cut(extended, "extend "+input)
	fields, _, _ = strings.Cut(fields, "}")
	return strings.Replace(sdl, input, input+fields, 1)
}
