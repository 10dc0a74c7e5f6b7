package checkup_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/checkup"
)

// signed is a JWT that is over in the year 2096.
const signed = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjQwMDAwMDAwMDB9.c2lnbmF0dXJl"

// A refusal is explained from what is at hand: a subject that can ask nobody will do.
func TestExplain(t *testing.T) {
	now := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) // long after signed has expired
	subject := &checkup.Subject{
		Mode:      "oidc",
		Token:     func(context.Context) (string, error) { return signed, nil },
		TokenFrom: func() string { return "APPSYNCCTL_TOKEN" },
		Answer: &checkup.Answer{
			Status: http.StatusUnauthorized,
			Header: http.Header{"X-Amzn-Errortype": {"UnauthorizedException"}},
			Body:   []byte(`{"errors":[{"errorType":"UnauthorizedException","message":"Token has expired."}]}`),
		},
		Now: func() time.Time { return now },
	}
	cause, found := checkup.Explain(t.Context(), subject)
	if !found || cause.ID != "AUTH-010" || cause.Fix != "unset APPSYNCCTL_TOKEN" {
		t.Errorf("got %t %s: %s (%s)", found, cause.ID, cause.Message, cause.Fix)
	}
	now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	subject.Answer.Body = []byte(`{"errors":[{"errorType":"UnauthorizedException","message":"You are not authorized to make this call."}]}`)
	if cause, found := checkup.Explain(t.Context(), subject); !found || cause.ID != "API-005" {
		t.Errorf("got %t %s: %s", found, cause.ID, cause.Message)
	}
	subject.Answer = &checkup.Answer{Status: http.StatusOK, Body: []byte(`{"data":{"__typename":"Query"}}`)}
	if cause, found := checkup.Explain(t.Context(), subject); found {
		t.Errorf("an accepted call is explained by %s: %s", cause.ID, cause.Message)
	}
}
