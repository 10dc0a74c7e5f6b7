// The use of the API: the caller is let in, and may still be refused field by field; the
// schema may be another's, and the real-time endpoint is another host with another
// protocol.

package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// A use is of an API that has let the caller in.
type use struct {
	caller
	calls *calls
}

// examineUse looks at all three at once.
func (u use) examineUse(ctx context.Context, r *runner) {
	schema := begin(func() Finding { return r.check(ctx, u.found, SchemaFits, u.schemaFits)[SchemaFits] })
	realtime := begin(func() findings { return r.check(ctx, u.found, RealtimeConnects, u.realtimeOpen) })
	r.check(ctx, u.found, FieldsCallable, func(ctx context.Context) Verdict { return u.fieldsOpen(ctx, schema) })
	schema.wait()
	realtime.wait()
}

const oneCustomer = "query { listCustomers(limit: 1) { items { id } } }"

func (u use) fieldsOpen(ctx context.Context, schema promise[Finding]) Verdict {
	var got response
	if u.Answer != nil {
		got = u.calls.asCaller(ctx, u.token)
	} else {
		limited, cancel := u.Deadline.Set(ctx, patience, FieldsCallable.asks())
		defer cancel()
		got = read(post(limited, u.endpoint, u.Authorized, nil, oneCustomer).without(u.token))
	}
	found := u.evidence("listCustomers", "200 with data", got)
	if u.Answer != nil {
		found.Name = "answer"
	}
	switch {
	case got.lost != nil:
		return unknown("the API did not answer: "+u.harmlessly(got.lost.Error()), got.lost, found)
	case got.inconclusive():
		return unknown("the API could not answer: "+u.harmlessly(got.answer.Error()), got.answer, found)
	case got.answer != nil && len(got.answer.Errors) > 0:
		verdict := u.fieldError(ctx, schema, got.answer.Errors, found)
		if verdict.Result != Skipped {
			verdict.Err = got.answer
		}
		return verdict
	case got.answer != nil:
		verdict := failure(u.harmlessly(got.answer.Error()), "appsyncctl query '"+oneCustomer+"'", found)
		verdict.Err = got.answer
		return verdict
	case u.Answer != nil:
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
func (u use) fieldError(ctx context.Context, schema promise[Finding], all []*appsync.Error, found Evidence) Verdict {
	for _, single := range all {
		switch text := strings.ToLower(single.Message); {
		case single.Type == "Unauthorized":
			field, of := denied(single)
			return failure(fmt.Sprintf("the API lets the caller in, but %s is closed to the mode %s", place(field, of), modeType(u.mode())),
				u.open(field, of), found)
		case strings.HasPrefix(single.Message, "Validation error") && u.Answer == nil:
			return u.invalid(ctx, schema, single, found)
		case strings.Contains(text, "validation error"):
			return failure("the API's schema does not know what was asked: "+u.harmlessly(single.Message), expectedSchema, found)
		case strings.Contains(text, "not authorized to perform"), strings.Contains(single.Type, "AccessDenied"):
			return failure("the role of the API's data source may not read the table: "+u.harmlessly(single.Message),
				"allow dynamodb:Scan, Query, GetItem, PutItem, UpdateItem and DeleteItem on the table to the role of the data source", found)
		case strings.Contains(single.Type, "ResourceNotFound"):
			return failure("the API's data source names a table that is not there: "+u.harmlessly(single.Message), "aws dynamodb list-tables", found)
		case strings.Contains(text, "timed out"), strings.Contains(single.Type, "Timeout"), strings.Contains(single.Type, "Throttl"), strings.Contains(single.Type, "ThroughputExceeded"):
			return unknown("the API's data source was too slow: "+u.harmlessly(single.Error()), single, found)
		}
	}
	return failure("the field answers with an error: "+u.harmlessly(all[0].Error()), "appsyncctl query '"+oneCustomer+"'", found)
}

// invalid is the verdict on a query that the API does not run: the schema is another
// one, which is API-013's finding, or the API bounds what a query may ask for.
func (u use) invalid(ctx context.Context, compared promise[Finding], single *appsync.Error, found Evidence) Verdict {
	schema, known := compared.within(ctx)
	switch {
	case !known:
		return unknown("the API does not take the query, and its schema is not known yet: "+u.harmlessly(single.Message), single, found)
	case schema.Result == Failure, schema.Result == Unknown:
		return Verdict{Result: Skipped, Because: schema.ID}
	default:
		return failure("the API does not take the query, although its schema has all operations: "+u.harmlessly(single.Message), listLimits, found)
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
func (u use) open(field, of string) string {
	word := directive(u.mode())
	switch {
	case of == "Query" && field == "listCustomers":
		return "listCustomers(filter: TableCustomerFilterInput, limit: Int, nextToken: String): CustomerConnection " + word
	case of == "Query" || of == "Mutation" || of == "Subscription" || of == "":
		return fmt.Sprintf("write %s behind %s in the API's schema", word, place(field, of))
	default:
		return fmt.Sprintf("type %s %s {", of, word)
	}
}

// expectedSchema writes a template with the schema that is expected.
const expectedSchema = "appsyncctl setup aws > template.yaml"

func (u use) schemaFits(ctx context.Context) Verdict {
	if u.Answer != nil {
		return skipped(savedAnswer)
	}
	client := &appsync.Client{Endpoint: u.endpoint.String(), HTTP: &http.Client{
		Transport:     u.Authorized,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	schema, err := appsync.Introspect(ctx, client)
	if hidden(err) {
		return u.rehearsed(appsync.RehearseQueries(ctx, client))
	}
	if err != nil {
		return unknown("the API does not tell its schema: "+u.harmlessly(err.Error()), err)
	}
	misfits, err := schema.Misfits()
	if err != nil {
		return unknown(u.harmlessly(err.Error()), err)
	}
	return u.fitting(misfits)
}

// hidden tells whether an API has introspection turned off, closed to this mode, or
// deeper than it allows.
func hidden(err error) bool {
	answer, answered := asAnswer(err)
	if answered {
		return !answer.Throttled() && !answer.Unauthorized() && answer.Status < 500 && len(answer.Errors) > 0
	}
	_, null := errors.AsType[*appsync.NullError](err)
	return null
}

func (u use) fitting(misfits []string) Verdict {
	if len(misfits) == 0 {
		return ok("the API's schema has all operations")
	}
	const shown = 4
	for i := range misfits {
		misfits[i] = u.harmlessly(misfits[i])
	}
	message := strings.Join(misfits[:min(shown, len(misfits))], "; ")
	if more := len(misfits) - shown; more > 0 {
		message += fmt.Sprintf("; and %d more", more)
	}
	var evidence []Evidence
	for _, misfit := range misfits {
		evidence = append(evidence, Evidence{Name: "schema", Found: misfit, From: "introspection"})
	}
	return failure(message, expectedSchema, evidence...)
}

// rehearsed judges queries that the API has compared with its schema without running
// them.
func (u use) rehearsed(err error) Verdict {
	if err == nil {
		return ok("the API shows no schema; the queries fit it, and the mutations are not seen")
	}
	answer, answered := asAnswer(err)
	if !answered || answer.Throttled() || answer.Status >= 500 {
		return unknown("the API shows no schema, and the queries were not answered: "+u.harmlessly(err.Error()), err)
	}
	invalid := slices.IndexFunc(answer.Errors, func(single *appsync.Error) bool {
		return strings.HasPrefix(single.Message, "Validation error")
	})
	if invalid < 0 {
		return unknown("the API shows no schema, and the queries were answered otherwise: "+u.harmlessly(err.Error()), err)
	}
	verdict := failure("the queries do not fit: "+u.harmlessly(answer.Errors[invalid].Message), expectedSchema,
		Evidence{Name: "schema", Found: u.harmlessly(answer.Errors[invalid].Message), From: "the API"})
	verdict.Err = err
	return verdict
}

// realtimeOpen connects as a watch does, and subscribes to nothing.
func (u use) realtimeOpen(ctx context.Context) Verdict {
	switch {
	case u.Answer != nil:
		return skipped(savedAnswer)
	case u.Realtime == nil:
		return skipped("no connection can be made in this mode")
	}
	address := Evidence{Name: "real-time", Found: harmless(appsync.RealtimeURL(u.endpoint).String()), From: "endpoint"}
	_, err := u.Realtime.Start(ctx)
	if err == nil {
		_ = u.Realtime.Close() // it has done what it was for
		return ok("the real-time endpoint acknowledges the connection", address)
	}
	text := u.harmlessly(err.Error())
	wrong := func(message, fix string) Verdict {
		verdict := failure(message, fix, address)
		verdict.Err = err
		return verdict
	}
	if answer, answered := asAnswer(err); answered {
		switch {
		case answer.Throttled() || answer.Status >= 500:
			return unknown("the real-time endpoint could not answer: "+text, err, address)
		case answer.Unauthorized():
			return wrong("the real-time endpoint refuses a caller whom the API accepts: "+text, "appsyncctl customers watch --debug")
		default:
			return wrong("no WebSocket can be opened ("+text+"): a proxy or a firewall does not let it pass", "let WebSockets to "+address.Found+" pass")
		}
	}
	to := host{Subject: u.Subject, option: "endpoint", address: appsync.RealtimeURL(u.endpoint), proxy: u.toAPI.proxy}
	if verdict, is := to.badCertificate(to.address.Host, err); is {
		verdict.Err = err
		return verdict
	}
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, connectionRefused) {
		return wrong("the real-time host refuses connections: nothing listens there", "let WebSockets to "+address.Found+" pass")
	}
	if missing, isName := errors.AsType[*net.DNSError](err); isName && missing.IsNotFound {
		return wrong("the real-time host has no address", "nslookup "+appsync.RealtimeURL(u.endpoint).Hostname())
	}
	return unknown("no connection came about: "+text, err, address)
}
