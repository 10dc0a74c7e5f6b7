// Package cloudformation makes a CloudFormation template of the API that AppSync's
// console wizard makes by hand: the API itself, its schema, a table, the role that
// reaches the table, and a resolver for every query and mutation.
//
// The resolvers are files of their own, in resolvers, in the JavaScript that AppSync
// runs (APPSYNC_JS 1.0.0). They are what the wizard's do; a test runs them against a
// DynamoDB and compares every answer with the emulator's, so that the two cannot drift.
package cloudformation
