package doctor_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// signed is a JWT that is over in the year 2096.
const signed = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjQwMDAwMDAwMDB9.c2lnbmF0dXJl"

// A refusal is explained from what is at hand: a subject that can ask nobody will do.
func TestExplain(t *testing.T) {
	now := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) // long after signed has expired
	subject := &doctor.Subject{
		Mode:      "oidc",
		Token:     func(context.Context) (string, error) { return signed, nil },
		TokenFrom: func() string { return "APPSYNCCTL_TOKEN" },
		Now:       func() time.Time { return now },
	}
	refusal := func(message string) *appsync.ResponseError {
		const errorType = "UnauthorizedException"
		return &appsync.ResponseError{
			Status: http.StatusUnauthorized, ErrorType: errorType,
			Errors: []*appsync.Error{{Type: errorType, Message: message}},
		}
	}
	cause, found := doctor.Explain(t.Context(), subject, refusal("Token has expired."))
	if !found || cause.ID != "AUTH-010" || cause.Fix != "unset APPSYNCCTL_TOKEN" {
		t.Errorf("got %t %s: %s (%s)", found, cause.ID, cause.Message, cause.Fix)
	}
	now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if cause, found := doctor.Explain(t.Context(), subject, refusal("You are not authorized to make this call.")); !found || cause.ID != "API-005" {
		t.Errorf("got %t %s: %s", found, cause.ID, cause.Message)
	}
	if cause, found := doctor.Explain(t.Context(), subject, &appsync.ResponseError{Status: http.StatusTooManyRequests}); found {
		t.Errorf("a throttled call is explained by %s: %s", cause.ID, cause.Message)
	}
}
