// Package appsync speaks GraphQL to an AWS AppSync API.
package appsync

//go:generate go tool genqlient ../../genqlient.yaml
