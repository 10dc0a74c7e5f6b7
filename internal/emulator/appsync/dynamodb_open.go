package appsync

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// OpenDynamoDB finds a table by AWS's own environment variables and files, such as
// AWS_REGION and AWS_ENDPOINT_URL_DYNAMODB. A table that is not there, not ready or
// whose key is another than the text id is an error; none is ever made.
func OpenDynamoDB(ctx context.Context, table string) (*DynamoDB, error) {
	loaded, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", table, err)
	}
	if loaded.Region == "" {
		return nil, fmt.Errorf("table %s: no AWS region is set, such as by AWS_REGION", table)
	}
	client := dynamodb.NewFromConfig(loaded)
	answer, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		return nil, fmt.Errorf("there is no table %s in %s; aws dynamodb create-table makes it, with the text id as its key", table, loaded.Region)
	}
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", table, err)
	}
	if err := usable(answer.Table); err != nil {
		return nil, fmt.Errorf("table %s: %w", table, err)
	}
	return &DynamoDB{client: client, table: &table}, nil
}

func usable(table *types.TableDescription) error {
	if table.TableStatus != types.TableStatusActive && table.TableStatus != types.TableStatusUpdating {
		return fmt.Errorf("it is not ready: %s", table.TableStatus)
	}
	if len(table.KeySchema) != 1 || aws.ToString(table.KeySchema[0].AttributeName) != keyName {
		return errors.New("its key is not id alone")
	}
	for _, attribute := range table.AttributeDefinitions {
		if aws.ToString(attribute.AttributeName) == keyName && attribute.AttributeType != types.ScalarAttributeTypeS {
			return errors.New("its key id is not a text")
		}
	}
	return nil
}
