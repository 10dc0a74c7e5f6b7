// Package appsync is an AWS AppSync API that runs on a laptop: the console
// wizard's Customer API behind AppSync's edge.
//
// A request passes these stations, each a file or two:
//
//	authorize*.go  which mode the headers ask for, and whether they prove it
//	request.go     POST, GET and application/graphql, and what cannot be read
//	validate*.go   the document against the schema, worded as AppSync words it
//	variables.go   the variables against their types, likewise
//	execute.go     the GraphQL engine, and its errors in AppSync's shape
//	resolve*.go    what the wizard's resolvers do, with DynamoDB's semantics
//	realtime*.go   the WebSocket side of subscriptions
//
// The account*.go files are the AWS account around the API: what AppSync tells of its
// configuration, and the table behind it, read by signed requests.
//
// GraphQL executes on graph-gophers/graphql-go: a real engine, so that
// selections, fragments, aliases and null propagation are not ours to get wrong.
// Documents are parsed and walked with vektah/gqlparser, which genqlient needs
// anyway: AppSync's engine is graphql-java, whose validation errors have their own
// words and paths, and the walker lets us say them. Tokens are verified with
// go-jose, IAM signatures with AWS's own signer, sockets run on coder/websocket.
//
// Behaviour that no source confirms is named so where it is coded, and is a field
// of Config where a caller could want the other way.
package appsync
