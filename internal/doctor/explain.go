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
	offline.Answer = &Answer{Status: refusal.Status, parsed: refusal}
	found := examineRefused(ctx, &runner{&offline, func(Finding) {}})
	for _, check := range Catalogue() {
		if finding := found[check.ID]; finding.Result == Failure {
			return finding, true
		}
	}
	return Finding{}, false
}

// examineRefused makes the checks of settings, of the token and of the API's answer, which
// need nobody else.
func examineRefused(ctx context.Context, r *runner) findings {
	settings := examineSettings(ctx, r)
	var network networkFacts
	provider := providerFacts{auth0: goesByAuth0(nil, settings.issuer)}
	token := obtainToken(ctx, r, settings, provider, settings.found)
	read := reading{r.Subject, settings, network, provider, token, token.found}
	read.found = read.readForm(ctx, r)
	token.found = read.readClaims(ctx, r)
	calls := newCalls(r.Subject, settings.endpoint, nil)
	caller := caller{r.Subject, settings, network, token, token.found}
	edge := edge{caller, calls, begin(func() tokenFacts { return token })}
	caller.found = r.check(ctx, token.found, EndpointAnswers, edge.endpointAnswers)
	return inquiry{configuration{caller, nil}, calls}.examineRefusal(ctx, r)
}
