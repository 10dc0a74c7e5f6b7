package doctor

import (
	"context"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// Explain names the cause of a refusal from what is at hand: the settings and the token
// of subject, and what the API has just answered. Nothing is asked and nothing is tried
// out. It is false when none of these tells.
func Explain(ctx context.Context, subject *Subject, refusal *appsync.ResponseError) (Finding, bool) {
	offline := *subject
	offline.Deadline = func(ctx context.Context, _ time.Duration, _ string) (context.Context, context.CancelFunc) {
		return context.WithCancel(ctx) // nobody is waited for
	}
	offline.offline, offline.Answer = true, &Answer{Status: refusal.Status, parsed: refusal}
	for _, finding := range Examine(ctx, &offline, func(Finding) {}) {
		if finding.Result == Failure {
			return finding, true
		}
	}
	return Finding{}, false
}

// outside returns why check is about something that is not to be asked; empty if it is
// not.
func (s *Subject) outside(check Check) string {
	asks := check.Category == Network || check.Category == Provider
	switch {
	case s.offline && (asks || check.Category == Storage):
		return "nothing is asked"
	case s.Answer != nil && check.Category == Storage:
		return savedAnswer
	default:
		return ""
	}
}
