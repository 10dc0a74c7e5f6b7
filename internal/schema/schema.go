// Package schema holds the SDL of the Customer API, in three files:
//
//   - customer.graphql, the schema that AppSync's console wizard writes, complete;
//   - extended.graphql, the one addition to it: an optional id in CreateCustomerInput;
//   - aws.graphql, the directives that AppSync knows without a declaration.
//
// genqlient reads the same files (see genqlient.yaml at the top of the module),
// so the client's types and the emulator's answers come from one text.
package schema

import _ "embed"

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
