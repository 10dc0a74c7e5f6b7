// What a reply means in AppSync's terms.

package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// response is a reply that has been read. At most one of lost and answer is set; none of
// them is plain success.
type response struct {
	*reply
	lost   error                  // no whole answer came
	answer *appsync.ResponseError // what is not plain success
	data   json.RawMessage        // beside errors or without; empty if there is none
}

func read(r *reply) response {
	if r.Err != nil {
		return response{reply: r, lost: r.Err}
	}
	if r.parsed != nil {
		return response{reply: r, answer: r.parsed}
	}
	data, err := appsync.ReadAnswer(r.Status, r.Header, r.Body)
	answer, _ := errors.AsType[*appsync.ResponseError](err)
	return response{reply: r, answer: answer, data: data}
}

// accepted tells whether the caller was let in, whatever became of the fields.
func (h response) accepted() bool {
	return h.lost == nil && h.Status == http.StatusOK && (h.answer == nil || len(h.answer.Errors) > 0)
}

// field returns a field of the data as it is, and whether it is there.
func (h response) field(name string) (value json.RawMessage, there bool) {
	var data map[string]json.RawMessage
	if json.Unmarshal(h.data, &data) != nil {
		return nil, false
	}
	value, there = data[name]
	return value, there
}

// typed tells whether {__typename} was answered, or errors were in its place.
func (h response) typed() bool {
	var name string
	value, there := h.field("__typename")
	return h.answer != nil || there && json.Unmarshal(value, &name) == nil && name != ""
}

// refused tells whether AppSync refused the caller at its edge. What speaks of AWS's
// signature may have another status than 401.
func (h response) refused() bool {
	return h.answer != nil && len(h.answer.Errors) > 0 &&
		(h.answer.Unauthorized() || h.Status == http.StatusForbidden && wantsSignature(h, strings.ToLower(h.words())))
}

// inconclusive tells whether nothing follows from the reply: none came, or a 5xx, or the call
// was one too many.
func (h response) inconclusive() bool {
	return h.lost != nil || h.answer != nil && (h.answer.Throttled() || h.Status >= 500 && !h.schemaless())
}

// schemaless tells whether the API has no schema, which AppSync answers with 502.
func (h response) schemaless() bool {
	return h.answer != nil && h.answer.HasType("GraphQLSchemaException")
}

// err is why the reply is not plain success; nil if it is.
func (h response) err() error {
	if h.lost != nil || h.answer == nil {
		return h.lost
	}
	return h.answer
}

// words are the first error's own, without the period that some of AppSync's have.
func (h response) words() string {
	switch {
	case h.answer == nil:
		return ""
	case len(h.answer.Errors) > 0:
		return strings.TrimSuffix(h.answer.Errors[0].Message, ".")
	default:
		return strings.TrimSuffix(h.answer.Message, ".")
	}
}

// evidence is the reply for the eyes of a person.
func (e *examination) evidence(name, expected string, h response) Evidence {
	evidence := Evidence{Name: name, Expected: expected, From: "the API"}
	if e.Answer != nil {
		evidence.From = "the saved answer"
	}
	switch {
	case h.lost != nil:
		evidence.Found = "no answer: " + e.harmlessly(h.lost.Error())
	case h.answer == nil:
		evidence.Found = "200 with data"
	case len(h.answer.Errors) > 0 && h.Status != 0:
		evidence.Found = fmt.Sprintf("%d %s", h.Status, e.harmlessly(h.answer.Error()))
	default:
		evidence.Found = e.harmlessly(h.told())
	}
	return evidence
}

// told is an answer that is not plain success in a sentence. The status of one that was
// saved may not be known.
func (h response) told() string {
	switch {
	case h.Status != 0 || len(h.answer.Errors) > 0:
		return h.answer.Error()
	case h.answer.Message != "":
		return "an answer that says " + strconv.Quote(h.answer.Message)
	default:
		return h.answer.NotGraphQL
	}
}

// harmlessly is a server's text on one line, without what commands a terminal and
// without secrets, which go before the cut.
func (e *examination) harmlessly(text string) string {
	const shortest, most = 8, 400
	if token := e.known().token; len(token) >= shortest {
		text = strings.ReplaceAll(text, token, "[redacted]")
	}
	if e.Clean != nil {
		text = e.Clean(text)
	}
	text = strings.Join(strings.Fields(strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case !unicode.IsPrint(c):
			return unicode.ReplacementChar
		default:
			return c
		}
	}, text)), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// date is when the answer was given, by the API's clock; zero if it does not say.
func (a *Answer) date() time.Time {
	if a.parsed != nil {
		return a.parsed.Date
	}
	date, _ := http.ParseTime(a.Header.Get("Date"))
	return date
}

// status is that of the saved answer; that of a body alone follows from its words, and
// is 0 if they say nothing.
func (a *Answer) status() int {
	if a.Status != 0 {
		return a.Status
	}
	data, err := appsync.ReadAnswer(http.StatusOK, nil, a.Body)
	answer, _ := errors.AsType[*appsync.ResponseError](err)
	if answer == nil {
		return http.StatusOK
	}
	for _, single := range answer.Errors {
		switch single.Type {
		case "UnauthorizedException":
			return http.StatusUnauthorized
		case "LimitExceededError":
			return http.StatusTooManyRequests
		case "MalformedHttpRequestException", "BadRequestException":
			return http.StatusBadRequest
		case "GraphQLSchemaException":
			return http.StatusBadGateway
		}
	}
	if len(answer.Errors) > 0 || len(data) > 0 {
		return http.StatusOK
	}
	return map[string]int{
		"Forbidden": http.StatusForbidden, "Missing Authentication Token": http.StatusForbidden,
		"Unauthorized": http.StatusUnauthorized, "Not Found": http.StatusNotFound,
		"Rate limit exceeded": http.StatusTooManyRequests, "Too Many Requests": http.StatusTooManyRequests, "Limit Exceeded": http.StatusTooManyRequests,
		"Internal Server Error": http.StatusInternalServerError, "Service Unavailable": http.StatusServiceUnavailable,
	}[answer.Message]
}

// ownResponse is what the API says to what a command would send.
func (e *examination) ownResponse(ctx context.Context) response { return read(e.own(ctx)) }
