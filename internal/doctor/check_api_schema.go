// The schema: that the API has what the commands ask for.

package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// expectedSchema writes a template with the schema that is expected.
const expectedSchema = "appsyncctl setup aws > template.yaml"

func schemaFits(ctx context.Context, e *examination) Verdict {
	if e.Answer != nil {
		return skipped(savedAnswer)
	}
	client := &appsync.Client{Endpoint: e.known().endpoint.String(), HTTP: &http.Client{
		Transport:     e.Authorized,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	schema, err := appsync.Introspect(ctx, client)
	if hidden(err) {
		return e.rehearsed(appsync.RehearseQueries(ctx, client))
	}
	if err != nil {
		return unknown("the API does not tell its schema: "+e.harmlessly(err.Error()), err)
	}
	misfits, err := schema.Misfits()
	if err != nil {
		return unknown(e.harmlessly(err.Error()), err)
	}
	return e.fitting(misfits)
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

func (e *examination) fitting(misfits []string) Verdict {
	if len(misfits) == 0 {
		return ok("the API's schema has all operations")
	}
	const shown = 4
	for i := range misfits {
		misfits[i] = e.harmlessly(misfits[i])
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
func (e *examination) rehearsed(err error) Verdict {
	if err == nil {
		return ok("the API shows no schema; the queries fit it, and the mutations are not seen")
	}
	answer, answered := asAnswer(err)
	if !answered || answer.Throttled() || answer.Status >= 500 {
		return unknown("the API shows no schema, and the queries were not answered: "+e.harmlessly(err.Error()), err)
	}
	invalid := slices.IndexFunc(answer.Errors, func(single *appsync.Error) bool {
		return strings.HasPrefix(single.Message, "Validation error")
	})
	if invalid < 0 {
		return unknown("the API shows no schema, and the queries were answered otherwise: "+e.harmlessly(err.Error()), err)
	}
	verdict := failure("the queries do not fit: "+e.harmlessly(answer.Errors[invalid].Message), expectedSchema,
		Evidence{Name: "schema", Found: e.harmlessly(answer.Errors[invalid].Message), From: "the API"})
	verdict.Err = err
	return verdict
}
