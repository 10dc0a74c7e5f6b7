// Package appsync speaks GraphQL to an AWS AppSync API.
//
// The operations are typed: queries.graphql at the top of the module holds them,
// and Khan/genqlient writes operations.go from it. Client carries them; it is
// our own implementation of genqlient's one-method interface, because AppSync
// puts errorType, errorInfo and data beside message where the stock client drops
// them, and because an answer with neither data nor errors must not count as
// success.
package appsync

//go:generate go tool genqlient ../../genqlient.yaml

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// Client sends operations to Endpoint through HTTP. It implements
// graphql.Client; the generated functions take it.
type Client struct {
	Endpoint string // https://….appsync-api.….amazonaws.com/graphql
	HTTP     *http.Client
}

// MakeRequest implements graphql.Client. It fills resp.Data with what the answer
// holds also when it holds errors: partial data with errors is normal for
// AppSync. The error is a *ResponseError for whatever the server answered.
func (c *Client) MakeRequest(ctx context.Context, req *graphql.Request, resp *graphql.Response) error {
	httpReq, err := c.request(ctx, req)
	if err != nil {
		return err
	}
	httpResp, err := c.HTTP.Do(httpReq)
	if err != nil {
		// The chain of RoundTrippers says which host; the URL adds nothing.
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return err
	}
	defer httpResp.Body.Close() //nolint:errcheck // read to its end or given up
	body, err := io.ReadAll(httpResp.Body)
	if err != nil {
		return fmt.Errorf("the answer of %s broke off: %w", httpReq.URL.Host, err)
	}
	err = decode(httpResp, body, resp.Data)
	if failure, ok := errors.AsType[*ResponseError](err); ok {
		failure.Mutation = mayMutate(req.Query)
	}
	return err
}

func (c *Client) request(ctx context.Context, req *graphql.Request) (*http.Request, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return nil, fmt.Errorf("encode the variables of %s: %w", req.OpName, err)
	}
	httpReq, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	httpReq.Header.Set("Content-Type", "application/json")
	httpReq.Header.Set("Accept", "application/json")
	if !mayMutate(req.Query) {
		// Present and empty: not sent, but says that the request may run twice
		// (the convention of net/http.Transport).
		httpReq.Header["Idempotency-Key"] = []string{}
	}
	return httpReq, nil
}

// mayMutate reports whether a document may hold a mutation. One that only
// mentions the word loses a retry; one that hides it would run twice.
func mayMutate(query string) bool { return strings.Contains(query, "mutation") }

// ReadAnswer reads an answer that another than Client has received, such as one that
// was saved: its data, and a *ResponseError for whatever is not plain success.
func ReadAnswer(status int, header http.Header, body []byte) (json.RawMessage, error) {
	if header == nil {
		header = http.Header{}
	}
	var data json.RawMessage
	err := decode(&http.Response{StatusCode: status, Header: header}, body, &data)
	return data, err
}

// decode reads a GraphQL answer. It is tolerant: AppSync, its simulators and the
// gateways before it differ in everything but the names data and errors.
func decode(resp *http.Response, body []byte, data any) error {
	failure := &ResponseError{
		Status:    resp.StatusCode,
		RequestID: resp.Header.Get("x-amzn-RequestId"),
		ErrorType: typeName(resp.Header.Get("x-amzn-ErrorType")),
	}
	failure.Date, _ = http.ParseTime(resp.Header.Get("Date"))
	failure.RetryAfter = retry.After(resp.Header, time.Now())
	if to, err := resp.Location(); err == nil && resp.StatusCode/100 == 3 {
		failure.NotGraphQL = "a redirect to " + to.Host + ", which is not followed"
		return failure
	}

	var envelope struct {
		Data    json.RawMessage `json:"data"`
		Errors  errorList       `json:"errors"`
		Message text            `json:"message"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		failure.NotGraphQL = notGraphQL(resp, body)
		return failure
	}
	failure.Errors = envelope.Errors
	failure.Message = string(envelope.Message)

	hasData := len(envelope.Data) > 0 && string(envelope.Data) != "null"
	if hasData {
		if err := json.Unmarshal(envelope.Data, data); err != nil {
			failure.NotGraphQL = fmt.Sprintf("data of another shape than asked for (%v)", err)
			return failure
		}
	}
	switch {
	case resp.StatusCode != http.StatusOK || len(failure.Errors) > 0:
		return failure
	case !hasData:
		failure.NotGraphQL = "neither data nor errors"
		return failure
	default:
		return nil
	}
}

// notGraphQL says what came instead of an answer, without quoting it.
func notGraphQL(resp *http.Response, body []byte) string {
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	switch {
	case len(body) == 0:
		return "an empty body"
	case strings.Contains(kind, "html") || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")):
		return "a web page (HTML)"
	case kind == "":
		return fmt.Sprintf("%d bytes that are not JSON", len(body))
	default:
		return fmt.Sprintf("%d bytes of %s that are not a GraphQL answer", len(body), kind)
	}
}
