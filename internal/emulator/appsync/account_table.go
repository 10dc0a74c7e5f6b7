package appsync

import (
	"bytes"
	"context"
	"encoding/json"
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

// The namespaces of DynamoDB's errors, and the JSON that it speaks (DynamoDB developer
// guide, "DynamoDB low-level API" and "Error handling with DynamoDB").
const (
	tableTarget    = "DynamoDB_20120810."
	tableType      = "application/x-amz-json-1.0"
	tableErrors    = "com.amazonaws.dynamodb.v20120810#"
	coralErrors    = "com.amazon.coral.service#"
	validateErrors = "com.amazon.coral.validate#"
	wrongTableKey  = "The provided key element does not match the schema"
	noSuchTable    = "Requested resource not found"
)

// TableOperation is the operation that a request asks of DynamoDB; empty when it asks
// nothing of it.
func TableOperation(r *http.Request) string {
	operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), tableTarget)
	if r.Method != http.MethodPost || !ok {
		return ""
	}
	return operation
}

// tableInput is what the operations take; another member than these is refused, rather
// than passed over as if it had been heeded.
type tableInput struct {
	TableName         string
	Key               attributes
	ConsistentRead    bool
	ExclusiveStartKey attributes
	Limit             *int
	Select            string

	ReturnConsumedCapacity string // and what it asks for is never returned
}

// attributes are an item's, each by its type: {"id": {"S": "1"}}.
type attributes map[string]map[string]any

// ServeTable answers DynamoDB's GetItem, Scan and DescribeTable for the table with the
// customers.
func (a *Account) ServeTable(w http.ResponseWriter, r *http.Request) {
	answer, refused := a.askTable(r)
	if refused == nil {
		respondTable(w, http.StatusOK, answer)
		return
	}
	space, message := coralErrors, refused.Message
	switch refused.Type {
	case "ResourceNotFoundException", "InternalServerError":
		space = tableErrors
	case "ValidationException":
		space = validateErrors
	case unsigned:
		message = "Request must contain either a valid (registered) AWS access key ID or X.509 certificate."
	}
	status := refused.Status
	if status < http.StatusInternalServerError {
		status = http.StatusBadRequest // whatever another service would answer
	}
	respondTable(w, status, map[string]string{"__type": space + refused.Type, "message": message})
}

// respondTable adds the checksum that AWS's SDKs verify, in decimal.
func respondTable(w http.ResponseWriter, status int, v any) {
	body := marshal(v)
	header := w.Header()
	header.Set("Content-Type", tableType)
	header.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	header.Set("x-amzn-RequestId", uuid.NewString())
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone
}

func (a *Account) askTable(r *http.Request) (any, *refusal) {
	operation := TableOperation(r)
	from, refused := a.admit(r.Context(), r, "dynamodb", operation, "table/"+a.config.Table)
	if refused != nil {
		return nil, refused
	}
	if !slices.Contains([]string{"GetItem", "Scan", "DescribeTable"}, operation) {
		return nil, &refusal{Status: http.StatusBadRequest, Type: "UnknownOperationException", Message: "the emulator does not know this operation"}
	}
	var input tableInput
	decoder := json.NewDecoder(bytes.NewReader(from.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&input); err != nil {
		return nil, invalid("the emulator cannot read this: " + err.Error())
	}
	name := input.TableName
	if strings.HasPrefix(name, "arn:") {
		_, name, _ = strings.Cut(name, ":table/")
	}
	if name != a.config.Table {
		return nil, &refusal{Status: http.StatusBadRequest, Type: "ResourceNotFoundException", Message: noSuchTable}
	}
	empty := func() bool { return a.config.Fault(FaultTableEmpty, r.URL.Path, operation) }
	switch operation {
	case "GetItem":
		return a.getItem(r.Context(), input, empty)
	case "Scan":
		return a.scan(r.Context(), input, empty)
	default:
		return a.describeTable(from.region), nil
	}
}

func (a *Account) getItem(ctx context.Context, input tableInput, empty func() bool) (any, *refusal) {
	id, ok := input.Key.id()
	if !ok {
		return nil, invalid(wrongTableKey)
	}
	item, found, err := a.config.API.Table.Get(ctx, id)
	if err != nil {
		return nil, broken()
	}
	if empty() || !found {
		return struct{}{}, nil
	}
	return map[string]any{"Item": attributesOf(item)}, nil
}

func (a *Account) describeTable(region string) any {
	return map[string]any{"Table": map[string]any{
		"TableName":            a.config.Table,
		"TableStatus":          "ACTIVE",
		"TableArn":             "arn:aws:dynamodb:" + region + ":" + accountNumber + ":table/" + a.config.Table,
		"KeySchema":            []any{map[string]string{"AttributeName": store.Key, "KeyType": "HASH"}},
		"AttributeDefinitions": []any{map[string]string{"AttributeName": store.Key, "AttributeType": "S"}},
	}}
}

func invalid(message string) *refusal {
	return &refusal{Status: http.StatusBadRequest, Type: "ValidationException", Message: message}
}

// broken is the answer when the store behind the table fails.
func broken() *refusal {
	return &refusal{Status: http.StatusInternalServerError, Type: "InternalServerError", Message: "Internal server error"}
}

// id reads a key that is the text id and nothing else.
func (a attributes) id() (string, bool) {
	value, ok := a[store.Key]["S"].(string)
	return value, ok && len(a) == 1 && len(a[store.Key]) == 1 && value != ""
}

func attributesOf(item store.Item) attributes {
	all := attributes{store.Key: {"S": item.ID}}
	for name, value := range item.Attributes {
		if value == nil {
			all[name] = map[string]any{"NULL": true}
		} else {
			all[name] = map[string]any{"S": *value}
		}
	}
	return all
}
