package appsync

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func key(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{keyName: &types.AttributeValueMemberS{Value: id}}
}

func toRow(item Item) map[string]types.AttributeValue {
	row := key(item.ID)
	for name, value := range item.Attributes {
		row[name] = toValue(value)
	}
	return row
}

func toValue(value *string) types.AttributeValue {
	if value == nil {
		return &types.AttributeValueMemberNULL{Value: true}
	}
	return &types.AttributeValueMemberS{Value: *value}
}

// fromRow reads an item that others may have written: numbers and booleans are the
// texts that GraphQL makes of them, what a String cannot hold is left out.
func fromRow(row map[string]types.AttributeValue) Item {
	item := Item{Attributes: map[string]*string{}}
	for name, value := range row {
		var text string
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			text = v.Value
		case *types.AttributeValueMemberN:
			text = v.Value
		case *types.AttributeValueMemberBOOL:
			text = strconv.FormatBool(v.Value)
		case *types.AttributeValueMemberNULL:
			item.Attributes[name] = nil
			continue
		default:
			continue
		}
		if name == keyName {
			item.ID = text
		} else {
			item.Attributes[name] = &text
		}
	}
	return item
}
