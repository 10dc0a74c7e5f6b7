package awsaccount

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Item reads the item whose key id is the given text, from the table itself and
// consistently: what was written before is seen. It is false when the table has no
// such item; that there is no such table, or that its key is another, is an *Error.
// Numbers and booleans come as texts; a NULL, and what a text cannot hold (sets, lists,
// maps, bytes), is left out. table is a name or an ARN (DynamoDB API reference, GetItem).
func (a *Account) Item(ctx context.Context, table, id string) (map[string]string, bool, error) {
	if err := a.ready(ctx, a.config.Region); err != nil {
		return nil, false, err
	}
	answer, err := dynamodb.NewFromConfig(a.config).GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      &table,
		Key:            map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}},
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, false, newError("dynamodb:GetItem", "table "+table+" in "+a.config.Region, err)
	}
	if len(answer.Item) == 0 {
		return nil, false, nil
	}
	item := make(map[string]string, len(answer.Item))
	for name, value := range answer.Item {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			item[name] = v.Value
		case *types.AttributeValueMemberN:
			item[name] = v.Value
		case *types.AttributeValueMemberBOOL:
			item[name] = strconv.FormatBool(v.Value)
		}
	}
	return item, true, nil
}
