package account

import (
	"bytes"
	"context"
	"encoding/json"
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/signature"
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
	wrongKey       = "The provided key element does not match the schema"
	noSuchTable    = "Requested resource not found"
)

// The pages of a scan.
const (
	pageBytes = 1 << 20 // after which a page ends
	pageItems = 1000    // so that one request does not hold a large table
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

// tableService is DynamoDB with one table: GetItem, Scan and DescribeTable.
type tableService struct {
	rights rights
	table  store.Table
	name   string
}

// ServeHTTP implements http.Handler.
func (s *tableService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, refused := s.answer(r)
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
	case signature.Missing:
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
	body := encode(v)
	w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	respond(w, status, tableType, body)
}

func (s *tableService) answer(r *http.Request) (any, *refusal) {
	operation := TableOperation(r)
	from, refused := s.rights.admit(r.Context(), r, "dynamodb", operation, "table/"+s.name)
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
	if name != s.name {
		return nil, &refusal{Status: http.StatusBadRequest, Type: "ResourceNotFoundException", Message: noSuchTable}
	}
	empty := func() bool { return s.rights.fault(FaultTableEmpty, r.URL.Path, operation) }
	switch operation {
	case "GetItem":
		return s.getItem(r.Context(), input, empty)
	case "Scan":
		return s.scan(r.Context(), input, empty)
	default:
		return s.describe(from.region), nil
	}
}

func (s *tableService) getItem(ctx context.Context, input tableInput, empty func() bool) (any, *refusal) {
	id, ok := input.Key.id()
	if !ok {
		return nil, invalid(wrongKey)
	}
	item, found, err := s.table.Get(ctx, id)
	if err != nil {
		return nil, broken()
	}
	if empty() || !found {
		return struct{}{}, nil
	}
	return map[string]any{"Item": attributesOf(item)}, nil
}

// scan answers a page of the table: up to Limit items and a megabyte (DynamoDB API
// reference, Scan). As in the service a page that ends at its limit has a
// LastEvaluatedKey, though nothing may follow.
func (s *tableService) scan(ctx context.Context, input tableInput, empty func() bool) (any, *refusal) {
	limit, after := pageItems, ""
	if input.Limit != nil {
		limit = min(limit, *input.Limit)
	}
	if limit < 1 {
		return nil, invalid("1 validation error detected: Value at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1")
	}
	if len(input.ExclusiveStartKey) > 0 {
		id, ok := input.ExclusiveStartKey.id()
		if !ok {
			return nil, invalid("The provided starting key is invalid: " + wrongKey)
		}
		after = id
	}
	items, last, size := []attributes{}, "", 0
	if !empty() {
		for item, err := range s.table.Scan(ctx, after) {
			if err != nil {
				return nil, broken()
			}
			items = append(items, attributesOf(item))
			if size += item.Size(); len(items) == limit || size >= pageBytes {
				last = item.ID
				break
			}
		}
	}
	answer := map[string]any{"Count": len(items), "ScannedCount": len(items)}
	if input.Select != "COUNT" {
		answer["Items"] = items
	}
	if last != "" {
		answer["LastEvaluatedKey"] = attributes{store.Key: {"S": last}}
	}
	return answer, nil
}

func (s *tableService) describe(region string) any {
	return map[string]any{"Table": map[string]any{
		"TableName":            s.name,
		"TableStatus":          "ACTIVE",
		"TableArn":             "arn:aws:dynamodb:" + region + ":" + accountNumber + ":table/" + s.name,
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
