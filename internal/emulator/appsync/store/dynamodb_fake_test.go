package store_test

import (
	"crypto/md5" // an order, and another than the emulator's
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

type row map[string]map[string]any

// fakeDynamoDB speaks what the store needs of DynamoDB's JSON protocol, with the
// service's semantics: conditions, pages, its own order.
type fakeDynamoDB struct {
	t          *testing.T
	mu         sync.Mutex
	rows       map[string]row
	scans      []int // the limits that were asked for
	consistent int   // reads
	keyName    string
	keyType    string
	status     string
	fault      string // that answers everything
}

// startDynamoDB makes a table and leads the SDK to it.
func startDynamoDB(t *testing.T) *fakeDynamoDB {
	t.Helper()
	fake := &fakeDynamoDB{t: t, rows: map[string]row{}, keyName: "id", keyType: "S", status: "ACTIVE"}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_DYNAMODB": server.URL, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIATEST",
		"AWS_SECRET_ACCESS_KEY": "test", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"AWS_MAX_ATTEMPTS": "1", "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
	return fake
}

type dynamoInput struct {
	TableName, ConditionExpression, UpdateExpression, ReturnValues, Select string

	Key, Item, ExclusiveStartKey row
	ExpressionAttributeNames     map[string]string
	ExpressionAttributeValues    row
	Limit                        int
	ConsistentRead               bool
}

func (f *fakeDynamoDB) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/dynamodb/aws4_request") {
		f.t.Errorf("not signed for DynamoDB: %s", r.Header.Get("Authorization"))
	}
	var input dynamoInput
	if err := json.NewDecoder(r.Body).Decode(&input); err != nil {
		f.t.Error(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	answer, fault := f.answer(operation, input)
	if f.fault != "" {
		fault = f.fault
	}
	status := http.StatusOK
	if fault != "" {
		status, answer = http.StatusBadRequest, map[string]any{"__type": "com.amazonaws.dynamodb.v20120810#" + fault, "message": fault}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		f.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10)) // or the SDK complains on standard error
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (f *fakeDynamoDB) answer(operation string, input dynamoInput) (map[string]any, string) {
	if input.TableName != "customers" {
		return nil, "ResourceNotFoundException"
	}
	id := idOf(input.Key)
	if operation == "PutItem" {
		id = idOf(input.Item)
	}
	old, found := f.rows[id]
	switch input.ConditionExpression {
	case "":
	case "attribute_exists(#id)", "attribute_not_exists(#id)":
		if input.ExpressionAttributeNames["#id"] != "id" {
			return nil, "ValidationException"
		}
		if found != (input.ConditionExpression == "attribute_exists(#id)") {
			return nil, "ConditionalCheckFailedException"
		}
	default:
		return nil, "ValidationException"
	}
	switch operation {
	case "DescribeTable":
		return map[string]any{"Table": map[string]any{
			"TableStatus":          f.status,
			"KeySchema":            []any{map[string]any{"AttributeName": f.keyName, "KeyType": "HASH"}},
			"AttributeDefinitions": []any{map[string]any{"AttributeName": f.keyName, "AttributeType": f.keyType}},
		}}, ""
	case "GetItem":
		if input.ConsistentRead {
			f.consistent++
		}
		if !found {
			return map[string]any{}, ""
		}
		return map[string]any{"Item": old}, ""
	case "PutItem":
		f.rows[id] = input.Item
		return map[string]any{}, ""
	case "UpdateItem":
		updated := maps.Clone(old)
		if fault := input.update(updated); fault != "" {
			return nil, fault
		}
		f.rows[id] = updated
		return map[string]any{"Attributes": updated}, ""
	case "DeleteItem":
		delete(f.rows, id)
		if !found {
			return map[string]any{}, ""
		}
		return map[string]any{"Attributes": old}, ""
	case "Scan":
		return f.scan(input), ""
	}
	return nil, "UnknownOperationException"
}

// update understands "SET #a = :a, #b = :b REMOVE #c".
func (i dynamoInput) update(item row) string {
	set, remove, _ := strings.Cut(i.UpdateExpression, "REMOVE ")
	for clause := range strings.SplitSeq(strings.TrimPrefix(strings.TrimSpace(set), "SET "), ", ") {
		if clause == "" {
			continue
		}
		name, value, _ := strings.Cut(clause, " = ")
		given, ok := i.ExpressionAttributeValues[value]
		if i.ExpressionAttributeNames[name] == "" || !ok {
			return "ValidationException"
		}
		item[i.ExpressionAttributeNames[name]] = given
	}
	for name := range strings.SplitSeq(remove, ", ") {
		if name != "" {
			delete(item, i.ExpressionAttributeNames[name])
		}
	}
	return ""
}

func (f *fakeDynamoDB) scan(input dynamoInput) map[string]any {
	ids := slices.SortedFunc(maps.Keys(f.rows), func(a, b string) int { return strings.Compare(place(a), place(b)) })
	if len(input.ExclusiveStartKey) > 0 {
		last := place(idOf(input.ExclusiveStartKey))
		ids = slices.DeleteFunc(ids, func(id string) bool { return place(id) <= last })
	}
	f.scans = append(f.scans, input.Limit)
	answer := map[string]any{}
	if input.Limit > 0 && len(ids) >= input.Limit {
		ids = ids[:input.Limit]
		answer["LastEvaluatedKey"] = row{"id": {"S": ids[len(ids)-1]}}
	}
	answer["Count"] = len(ids)
	if input.Select != "COUNT" {
		items := []row{}
		for _, id := range ids {
			items = append(items, f.rows[id])
		}
		answer["Items"] = items
	}
	return answer
}

func idOf(r row) string {
	id, _ := r["id"]["S"].(string)
	return id
}

func place(id string) string { return fmt.Sprintf("%x", md5.Sum([]byte(id))) }
