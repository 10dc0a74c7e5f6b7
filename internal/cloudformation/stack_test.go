package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/cloudformation"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

func TestReadStack(t *testing.T) {
	const complete = `{"Stacks": [{
		"StackName": "customers", "StackStatus": "CREATE_COMPLETE", "Parameters": [{"ParameterKey": "Issuer", "ParameterValue": "x"}],
		"Outputs": [
			{"OutputKey": "Endpoint", "OutputValue": "https://id.appsync-api.eu-west-1.amazonaws.com/graphql", "Description": "…"},
			{"OutputKey": "Issuer", "OutputValue": "https://tenant.auth0.com/"},
			{"OutputKey": "Region", "OutputValue": "eu-west-1"},
			{"OutputKey": "TableName", "OutputValue": "customers-CustomerTable-1"},
			{"OutputKey": "Another", "OutputValue": "1"}
		]}]}`
	got, err := cloudformation.ReadStack([]byte("\n" + complete + "\n"))
	want := cloudformation.Stack{
		Name: "customers", Endpoint: "https://id.appsync-api.eu-west-1.amazonaws.com/graphql",
		Issuer: "https://tenant.auth0.com/", Region: "eu-west-1", Table: "customers-CustomerTable-1",
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}

	tests := []struct{ name, description, want string }{
		{"nothing", "", "it is not the JSON"},
		{"a table", "-----\n| DescribeStacks |", "it is not the JSON"},
		{"another type", `[1]`, "it is not the JSON"},
		{"no stack", `{}`, "it holds 0 stacks instead of one"},
		{"two stacks", `{"Stacks": [{}, {}]}`, "it holds 2 stacks instead of one"},
		{"not ready", `{"Stacks": [{"StackName": "a", "StackStatus": "CREATE_IN_PROGRESS"}]}`, "a is CREATE_IN_PROGRESS and has no output Endpoint"},
		{"no region", strings.Replace(complete, `"Region"`, `"Place"`, 1), "customers is CREATE_COMPLETE and has no output Region"},
		{"an empty issuer", strings.Replace(complete, "https://tenant.auth0.com/", "", 1), "has no output Issuer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := cloudformation.ReadStack([]byte(tt.description))
			if failure.Of(err) != failure.Usage || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func FuzzReadStack(f *testing.F) {
	f.Add(`{"Stacks": [{"Outputs": [{"OutputKey": "Endpoint", "OutputValue": "x"}]}]}`)
	f.Add(`{"Stacks": null}`)
	f.Fuzz(func(t *testing.T, description string) {
		stack, err := cloudformation.ReadStack([]byte(description))
		if (err == nil) != (stack.Endpoint != "") {
			t.Errorf("got %+v, %v", stack, err)
		}
	})
}
