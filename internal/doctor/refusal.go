// What the provider's refusal of a token means. The codes are those of RFC 6749,
// section 5.2; Auth0 has one code for many causes and tells them apart in words, of
// which those that many people have met are looked for.

package doctor

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

func (t tokenRequest) refused(refusal *auth.Error) Verdict {
	answer := Evidence{Name: "answer", Found: answered(refusal), From: refusal.Endpoint}
	switch {
	case refusal.Status == http.StatusTooManyRequests:
		return t.found.attributed(unknown(t.throttled(refusal), refusal, answer), MetadataPublished)
	case refusal.Transient():
		return t.found.attributed(unknown("the provider is out of order", refusal, answer), MetadataPublished)
	case refusal.Status/100 == 3:
		return unknown("the token endpoint answers with a redirect, as a portal or a proxy does", refusal, answer)
	case slices.Contains([]string{"temporarily_unavailable", "too_many_attempts"}, refusal.Code):
		return t.found.attributed(unknown("the provider asks to try again later: "+answer.Found, refusal, answer), MetadataPublished)
	case refusal.Code == "":
		return unknown("something in front of the provider refused the request, a firewall or a proxy", refusal, answer)
	}
	return t.meant(refusal, answer)
}

// meant finds what a refusal that the provider itself gave is about.
func (t tokenRequest) meant(refusal *auth.Error, answer Evidence) Verdict {
	says := func(words ...string) bool {
		text := strings.ToLower(refusal.Description)
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	client, audience := t.setting("client_id").Value, t.setting("audience").Value
	switch code := refusal.Code; {
	case says("no audience parameter", "audience is required", "missing required parameter: audience"):
		return failure("the provider wants an audience, and none is asked for", t.change("audience", "IDENTIFIER"), answer)
	case says("service not found", "service not enabled within domain"):
		return failure("the provider has no API with this audience: "+t.otherThanIdentifier(),
			t.change("audience", "IDENTIFIER"), t.asked("audience"), answer)
	case says("not authorized to access", "client-grant", "client grant"):
		return failure("the application is not authorized for this API",
			t.console("Applications", cmp.Or(client, "CLIENT"), "APIs", cmp.Or(audience, "API"), "Authorize"), t.asked("client_id"), t.asked("audience"), answer)
	case code == auth.InvalidScope, says("not been granted scope"):
		return failure("the application may not have all scopes that are asked for",
			t.console("Applications", cmp.Or(client, "CLIENT"), "APIs", cmp.Or(audience, "API"), "select the permissions"), t.asked("scopes"), answer)
	case says("organization"):
		return t.aboutOrganization(says, answer)
	case code == auth.UnauthorizedClient, code == "unsupported_grant_type", says("grant type"):
		return failure("this application may not use the grant "+t.Grant,
			t.console("Applications", cmp.Or(client, "CLIENT"), "Settings", "Advanced Settings", "Grant Types"), t.asked("client_id"), answer)
	case code == auth.InvalidGrant:
		return failure("the login has ended: it expired, was revoked, or was renewed elsewhere", t.login(), answer)
	case code == auth.MFARequired:
		return failure("the provider asks for a second factor", t.login(), answer)
	case refusal.RefusesClient():
		return t.disbelieved(answer)
	case code == auth.AccessDenied:
		return failure("a rule of the provider's own denies the token, such as an Action", t.console("Monitoring", "Logs"), t.asked("client_id"), answer)
	default:
		return failure("the provider refuses to give a token", t.console("Monitoring", "Logs"), t.asked("client_id"), answer)
	}
}

// otherThanIdentifier says what an audience is that is no API's identifier.
func (t tokenRequest) otherThanIdentifier() string {
	switch t.setting("audience").Value {
	case t.setting("client_id").Value:
		return "it is the client ID, and must be the identifier of the API"
	case t.setting("endpoint").Value:
		return "it is the GraphQL endpoint, and must be the API's identifier at the provider"
	case t.setting("issuer").Value:
		return "it is the issuer, and must be the identifier of the API"
	default:
		return "the identifier must be the same to the letter, slash included"
	}
}

func (t tokenRequest) aboutOrganization(says func(...string) bool, answer Evidence) Verdict {
	organization := t.setting("organization")
	switch {
	case organization.Value == "":
		return failure("the application needs an organization, and none is set", t.change("organization", "ORGANIZATION"), answer)
	case says("not allowed for this client"):
		return failure("the application may name no organization, and one is set",
			t.console("Applications", cmp.Or(t.setting("client_id").Value, "CLIENT"), "Organizations"), t.asked("organization"), answer)
	default:
		return failure("the provider does not take this organization for this application",
			t.console("Organizations", organization.Value, "Machine-to-Machine Access"), t.asked("organization"), answer)
	}
}

// disbelieved is for a client whose proof the provider did not take. Auth0 does not
// tell a wrong secret from a wrong way of sending it, or from a client that it does
// not know; its metadata rules some ways out.
func (t tokenRequest) disbelieved(answer Evidence) Verdict {
	client := cmp.Or(t.setting("client_id").Value, "CLIENT")
	if t.Grant != grantMachine {
		return failure("the provider wants this client to prove itself, which a program on a person's machine cannot",
			t.console("Applications", client, "Credentials", "Authentication Method", "None"), t.asked("client_id"), answer)
	}
	method, word := t.clientMethod()
	asked := Evidence{Name: "client_auth", Found: word, From: t.setting("client_auth").from()}
	if provider := t.provider; provider != nil && len(provider.AuthenticationMethods) > 0 && !slices.Contains(provider.AuthenticationMethods, method) {
		asked.Expected = bounded(strings.Join(provider.AuthenticationMethods, ", "))
		return failure("the provider does not offer the way in which the client proves itself", t.change("client_auth", offered(provider.AuthenticationMethods)), asked, answer)
	}
	if method == "private_key_jwt" {
		verdict := failure("the provider does not take the client's signature: it does not have this key, or not for this client",
			t.console("Applications", client, "Credentials", "add the public key"), t.asked("client_id"), asked, answer)
		return t.found.byClock(verdict, ProviderClock) // the signature is good for a minute
	}
	return failure("the provider rejects the client's credentials: its ID or its secret is wrong, or the secret is sent in another way than the application has",
		t.newSecret(), t.asked("client_id"), asked, answer)
}

// clientMethod returns the way in which the client proves itself, by the name that
// metadata has for it (RFC 7591, section 2) and by the one that the setting has.
func (t tokenRequest) clientMethod() (method, word string) {
	word = t.setting("client_auth").Value
	switch {
	case word == "rs256" || word == "ps256":
		return "private_key_jwt", word
	case word == "basic":
		return "client_secret_basic", word
	case word != "post" && t.setting("client_key_file").Value != "":
		return "private_key_jwt", "rs256"
	default:
		return "client_secret_post", "post"
	}
}

// offered returns a way to prove a client that is among methods.
func offered(methods []string) string {
	switch {
	case slices.Contains(methods, "client_secret_post"):
		return "post"
	case slices.Contains(methods, "client_secret_basic"):
		return "basic"
	default:
		return "rs256"
	}
}

// throttled says until when.
func (t tokenRequest) throttled(refusal *auth.Error) string {
	until := func(wait time.Duration) string { return t.Now().Add(wait).UTC().Format(time.RFC3339) }
	for _, quota := range refusal.Quotas {
		if quota.Remaining == 0 && quota.Reset > 0 {
			return fmt.Sprintf("the provider's %s quota of %d tokens %s is used up until %s", quota.Owner, quota.Limit,
				strings.ReplaceAll(bounded(quota.Bucket), "_", " "), until(quota.Reset))
		}
	}
	if refusal.RetryAfter > 0 {
		return "the provider throttles until " + until(refusal.RetryAfter)
	}
	return "the provider throttles (429)"
}

// answered is a refusal in short: status, code and the provider's words.
func answered(refusal *auth.Error) string {
	text := refusal.Code
	if refusal.Status != 0 {
		text = strings.TrimSpace(fmt.Sprintf("%d %s", refusal.Status, refusal.Code))
	}
	if refusal.Description != "" {
		text += ": " + refusal.Description
	}
	return bounded(text)
}
