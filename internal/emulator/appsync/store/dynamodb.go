package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// DynamoDB is a Table in a table of DynamoDB's whose one key is the text id. It asks
// what the wizard's resolvers ask: conditions are the table's own, reads are
// eventually consistent. AWS's own client was taken, since credentials, regions and
// endpoints are then found as its other programs find them.
type DynamoDB struct {
	client *dynamodb.Client
	table  *string
}

const (
	exists  = "attribute_exists(#id)"
	missing = "attribute_not_exists(#id)"

	firstScan = 20 // the wizard's limit; each further scan asks for twice as many
	lastScan  = 1000
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
	if len(table.KeySchema) != 1 || aws.ToString(table.KeySchema[0].AttributeName) != Key {
		return errors.New("its key is not id alone")
	}
	for _, attribute := range table.AttributeDefinitions {
		if aws.ToString(attribute.AttributeName) == Key && attribute.AttributeType != types.ScalarAttributeTypeS {
			return errors.New("its key id is not a text")
		}
	}
	return nil
}

// Get implements Table.
func (d *DynamoDB) Get(ctx context.Context, id string) (Item, bool, error) {
	return d.get(ctx, id, false)
}

func (d *DynamoDB) get(ctx context.Context, id string, consistent bool) (Item, bool, error) {
	row, err := d.read(ctx, id, consistent)
	if err != nil || len(row) == 0 {
		return Item{}, false, err
	}
	return fromRow(row), true, nil
}

// read returns a row as it is in the table; an empty one when there is none.
func (d *DynamoDB) read(ctx context.Context, id string, consistent bool) (map[string]types.AttributeValue, error) {
	answer, err := d.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: d.table, Key: key(id), ConsistentRead: &consistent})
	if err != nil {
		return nil, err
	}
	return answer.Item, nil
}

// Create implements Table. What the condition says is compared as AppSync does it: by a
// consistent read, with every attribute of the row, also those that this API does not
// know.
func (d *DynamoDB) Create(ctx context.Context, item Item) error {
	row := toRow(item)
	_, err := d.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                d.table,
		Item:                     row,
		ConditionExpression:      aws.String(missing),
		ExpressionAttributeNames: map[string]string{"#id": Key},
	})
	if err = condition(err); !errors.Is(err, ErrCondition) {
		return err
	}
	there, readErr := d.read(ctx, item.ID, true)
	if readErr != nil {
		return readErr
	}
	if !reflect.DeepEqual(there, row) {
		return err
	}
	return nil
}

// Update implements Table. Only attributes that change makes different are written,
// so that others' changes to the rest of the item, and attributes that this API does
// not know, stay.
func (d *DynamoDB) Update(ctx context.Context, id string, change func(Item) Item) (Item, error) {
	old, found, err := d.get(ctx, id, true)
	if err != nil {
		return Item{}, err
	}
	if !found {
		return Item{}, ErrCondition
	}
	input := difference(old, change(old))
	input.TableName, input.Key = d.table, key(id)
	input.ConditionExpression, input.ReturnValues = aws.String(exists), types.ReturnValueAllNew
	answer, err := d.client.UpdateItem(ctx, input)
	if err != nil {
		return Item{}, condition(err)
	}
	return fromRow(answer.Attributes), nil
}

// difference is the update that leads from one item to another.
func difference(old, changed Item) *dynamodb.UpdateItemInput {
	input := &dynamodb.UpdateItemInput{ExpressionAttributeNames: map[string]string{"#id": Key}}
	var set, remove []string
	for name, value := range changed.Attributes {
		before, had := old.Attributes[name]
		if had && Equal(before, value) {
			continue
		}
		if input.ExpressionAttributeValues == nil {
			input.ExpressionAttributeValues = map[string]types.AttributeValue{}
		}
		input.ExpressionAttributeNames["#"+name] = name
		input.ExpressionAttributeValues[":"+name] = toValue(value)
		set = append(set, "#"+name+" = :"+name)
	}
	for name := range old.Attributes {
		if _, kept := changed.Attributes[name]; !kept {
			input.ExpressionAttributeNames["#"+name] = name
			remove = append(remove, "#"+name)
		}
	}
	var clauses []string
	if len(set) > 0 {
		clauses = append(clauses, "SET "+strings.Join(set, ", "))
	}
	if len(remove) > 0 {
		clauses = append(clauses, "REMOVE "+strings.Join(remove, ", "))
	}
	if len(clauses) > 0 {
		input.UpdateExpression = aws.String(strings.Join(clauses, " "))
	}
	return input
}

// Delete implements Table.
func (d *DynamoDB) Delete(ctx context.Context, id string) (Item, bool, error) {
	answer, err := d.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: d.table, Key: key(id), ReturnValues: types.ReturnValueAllOld,
	})
	if err != nil || len(answer.Attributes) == 0 {
		return Item{}, false, err
	}
	return fromRow(answer.Attributes), true, nil
}

// Scan implements Table, in the table's own order.
func (d *DynamoDB) Scan(ctx context.Context, after string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		input := &dynamodb.ScanInput{TableName: d.table}
		if after != "" {
			input.ExclusiveStartKey = key(after)
		}
		for limit := int32(firstScan); ; limit = min(2*limit, lastScan) {
			input.Limit = aws.Int32(limit)
			answer, err := d.client.Scan(ctx, input)
			if err != nil {
				yield(Item{}, err)
				return
			}
			for _, row := range answer.Items {
				if !yield(fromRow(row), nil) {
					return
				}
			}
			if input.ExclusiveStartKey = answer.LastEvaluatedKey; len(answer.LastEvaluatedKey) == 0 {
				return
			}
		}
	}
}

// Count implements Table. It reads the whole table: DynamoDB's own count is hours old.
func (d *DynamoDB) Count(ctx context.Context) (int, error) {
	pages := dynamodb.NewScanPaginator(d.client, &dynamodb.ScanInput{TableName: d.table, Select: types.SelectCount})
	n := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		n += int(page.Count)
	}
	return n, nil
}

// Clear implements Table, an item at a time.
func (d *DynamoDB) Clear(ctx context.Context) error {
	for item, err := range d.Scan(ctx, "") {
		if err != nil {
			return err
		}
		if _, _, err := d.Delete(ctx, item.ID); err != nil {
			return err
		}
	}
	return nil
}

func condition(err error) error {
	if _, failed := errors.AsType[*types.ConditionalCheckFailedException](err); failed {
		return ErrCondition
	}
	return err
}

func key(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{Key: &types.AttributeValueMemberS{Value: id}}
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
		if name == Key {
			item.ID = text
		} else {
			item.Attributes[name] = &text
		}
	}
	return item
}
