package cloudformation

import (
	"bytes"
	"encoding/json"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// Stack is what a finished stack of the template says of itself.
type Stack struct {
	Name     string `json:"stack"`
	Endpoint string `json:"endpoint"` // GraphQL
	Issuer   string `json:"issuer"`
	Region   string `json:"region"`
	Table    string `json:"table"`
}

// stackError says why a description of stacks holds none that can be used.
func stackError(format string, args ...any) error {
	return failure.Errorf(failure.Usage, "the description of the stack: "+format, args...)
}

// described is the answer to DescribeStacks, as the AWS CLI prints it.
type described struct {
	Stacks []struct {
		StackName, StackStatus string
		Outputs                []struct{ OutputKey, OutputValue string }
	}
}

// ReadStack reads what aws cloudformation describe-stacks prints. The error is a
// usage error when that is not one stack with the outputs of the template. The values
// are the stack's own and not checked further.
func ReadStack(description []byte) (Stack, error) {
	var answer described
	if err := json.Unmarshal(bytes.TrimSpace(description), &answer); err != nil {
		return Stack{}, stackError("it is not the JSON that aws cloudformation describe-stacks prints")
	}
	if len(answer.Stacks) != 1 {
		return Stack{}, stackError("it holds %d stacks instead of one", len(answer.Stacks))
	}
	found := answer.Stacks[0]
	outputs := make(map[string]string)
	for _, output := range found.Outputs {
		outputs[output.OutputKey] = output.OutputValue
	}
	stack := Stack{
		Name:     found.StackName,
		Endpoint: outputs["Endpoint"],
		Issuer:   outputs["Issuer"],
		Region:   outputs["Region"],
		Table:    outputs["TableName"],
	}
	for _, output := range []string{"Endpoint", "Issuer", "Region"} {
		if outputs[output] == "" {
			return Stack{}, stackError("%s is %s and has no output %s", found.StackName, found.StackStatus, output)
		}
	}
	return stack, nil
}
