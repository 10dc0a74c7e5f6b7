package checkup

import "context"

// Explain names the cause of a refusal from what is at hand: the settings, the token
// and the answer of subject, which the API has just given. Nothing is asked and nothing
// is tried out. It is false when none of these tells.
func Explain(ctx context.Context, subject *Subject) (Finding, bool) {
	offline := *subject
	offline.offline = true
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
