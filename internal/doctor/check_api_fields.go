// The fields: the caller is let in, and may still be refused field by field.

package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

const oneCustomer = "query { listCustomers(limit: 1) { items { id } } }"

func fieldsOpen(ctx context.Context, e *examination) Verdict {
	var got response
	if e.Answer != nil {
		got = e.ownResponse(ctx)
	} else {
		limited, cancel := e.Deadline.Set(ctx, patience, FieldsCallable.asks())
		defer cancel()
		got = read(e.post(limited, e.Authorized, nil, oneCustomer).without(e.known().token))
	}
	found := e.evidence("listCustomers", "200 with data", got)
	if e.Answer != nil {
		found.Name = "answer"
	}
	switch {
	case got.lost != nil:
		return unknown("the API did not answer: "+e.harmlessly(got.lost.Error()), got.lost, found)
	case got.inconclusive():
		return unknown("the API could not answer: "+e.harmlessly(got.answer.Error()), got.answer, found)
	case got.answer != nil && len(got.answer.Errors) > 0:
		verdict := e.fieldError(ctx, got.answer.Errors, found)
		if verdict.Result != Skipped {
			verdict.Err = got.answer
		}
		return verdict
	case got.answer != nil:
		verdict := failure(e.harmlessly(got.answer.Error()), "appsyncctl query '"+oneCustomer+"'", found)
		verdict.Err = got.answer
		return verdict
	case e.Answer != nil:
		return ok("the answer has data and no error", found)
	default:
		return listing(got, found)
	}
}

// listing judges data that came without an error.
func listing(h response, found Evidence) Verdict {
	var customers struct {
		Items []json.RawMessage `json:"items"`
	}
	list, there := h.field("listCustomers")
	switch {
	case !there:
		found.Found = "200 without listCustomers"
		return failure("the answer does not hold the field that was asked for: something in front of the API answers", listEndpoints, found)
	case string(list) == "null":
		found.Found = "200 with null"
		return failure("listCustomers answers null and no reason: it has no resolver", "attach a resolver to Query.listCustomers (AppSync console, Schema)", found)
	case json.Unmarshal(list, &customers) != nil || customers.Items == nil:
		found.Found = "200 without items"
		return failure("listCustomers answers without items: its resolver returns something else than a list", "let the resolver of Query.listCustomers return items and nextToken (AppSync console, Schema)", found)
	default:
		return ok("listCustomers answers with customers", found)
	}
}

// fieldError reads the errors of fields; the first decides.
func (e *examination) fieldError(ctx context.Context, all []*appsync.Error, found Evidence) Verdict {
	for _, single := range all {
		switch text := strings.ToLower(single.Message); {
		case single.Type == "Unauthorized":
			field, of := denied(single)
			return failure(fmt.Sprintf("the API lets the caller in, but %s is closed to the mode %s", place(field, of), modeType(e.mode())),
				e.open(field, of), found)
		case strings.HasPrefix(single.Message, "Validation error") && e.Answer == nil:
			return e.invalid(ctx, single, found)
		case strings.Contains(text, "validation error"):
			return failure("the API's schema does not know what was asked: "+e.harmlessly(single.Message), expectedSchema, found)
		case strings.Contains(text, "not authorized to perform"), strings.Contains(single.Type, "AccessDenied"):
			return failure("the role of the API's data source may not read the table: "+e.harmlessly(single.Message),
				"allow dynamodb:Scan, Query, GetItem, PutItem, UpdateItem and DeleteItem on the table to the role of the data source", found)
		case strings.Contains(single.Type, "ResourceNotFound"):
			return failure("the API's data source names a table that is not there: "+e.harmlessly(single.Message), "aws dynamodb list-tables", found)
		case strings.Contains(text, "timed out"), strings.Contains(single.Type, "Timeout"), strings.Contains(single.Type, "Throttl"), strings.Contains(single.Type, "ThroughputExceeded"):
			return unknown("the API's data source was too slow: "+e.harmlessly(single.Error()), single, found)
		}
	}
	return failure("the field answers with an error: "+e.harmlessly(all[0].Error()), "appsyncctl query '"+oneCustomer+"'", found)
}

// invalid is the verdict on a query that the API does not run: the schema is another
// one, which is API-013's finding, or the API bounds what a query may ask for.
func (e *examination) invalid(ctx context.Context, single *appsync.Error, found Evidence) Verdict {
	schema, known := e.await(ctx, SchemaFits)
	switch {
	case !known:
		return unknown("the API does not take the query, and its schema is not known yet: "+e.harmlessly(single.Message), single, found)
	case schema.Result == Failure, schema.Result == Unknown:
		return Verdict{Result: Skipped, Because: schema.ID}
	default:
		return failure("the API does not take the query, although its schema has all operations: "+e.harmlessly(single.Message), listLimits, found)
	}
}

// listLimits prints what bounds queries in an account's APIs.
const listLimits = `aws appsync list-graphql-apis --query "graphqlApis[].[uris.GRAPHQL,queryDepthLimit,resolverCountLimit]"`

// denied reads the field and its type out of AppSync's own words.
func denied(refused *appsync.Error) (field, of string) {
	if parts := regexp.MustCompile(`^Not Authorized to access ([_A-Za-z0-9]+) on type ([_A-Za-z0-9]+)`).FindStringSubmatch(refused.Message); parts != nil {
		return parts[1], parts[2]
	}
	for _, step := range refused.Path {
		if name, isName := step.(string); isName {
			field = name
		}
	}
	return field, ""
}

func place(field, of string) string {
	switch {
	case field == "":
		return "a field"
	case of == "":
		return "the field " + strings.Map(nameRune, field)
	default:
		return of + "." + field
	}
}

// nameRune leaves only what GraphQL's names are made of.
func nameRune(c rune) rune {
	if c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
		return c
	}
	return -1
}

// open is the line of the schema that opens a field to the mode.
func (e *examination) open(field, of string) string {
	word := directive(e.mode())
	switch {
	case of == "Query" && field == "listCustomers":
		return "listCustomers(filter: TableCustomerFilterInput, limit: Int, nextToken: String): CustomerConnection " + word
	case of == "Query" || of == "Mutation" || of == "Subscription" || of == "":
		return fmt.Sprintf("write %s behind %s in the API's schema", word, place(field, of))
	default:
		return fmt.Sprintf("type %s %s {", of, word)
	}
}
