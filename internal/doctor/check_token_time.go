// The times in a token, by the clock that counts: the API's.

package doctor

import (
	"context"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

const (
	// aheadOfClock is how far a token may be issued in the future of the API's
	// clock, which is known to the second, before it is worth a word.
	aheadOfClock = time.Minute
	// soon is when a token that nothing renews is about to expire.
	soon = time.Minute
)

// apiNow returns the time by the API's clock, and whose clock it is: that of a saved
// answer, since the token need be good for no other time, else the one that NET-004
// has read, else this machine's.
func (e *examination) apiNow() (now time.Time, whose string) {
	now = e.Now()
	if e.Answer != nil {
		whose = "the saved answer's clock"
		if e.offline {
			whose = "the API's clock"
		}
		if date := e.Answer.date(); !date.IsZero() {
			return date, whose
		}
	}
	if clock, found := e.finding(APIClock); found && (clock.Passed() || clock.Result == Failure) {
		return now.Add(e.known().clock), "the API's clock"
	}
	return now, "this machine's clock"
}

func tokenUnexpired(ctx context.Context, e *examination) Verdict {
	return ofJWT(func(e *examination, claims auth.Claims) Verdict {
		now, whose := e.apiNow()
		evidence := []Evidence{{Name: "exp", Found: instant(claims.Expiry), From: "token"}, {Name: "now", Found: instant(now), From: whose}}
		left := claims.Expiry.Sub(now).Truncate(time.Second)
		switch {
		case claims.Expiry.IsZero():
			return warning("the token does not say when it expires", e.anotherToken(), evidence...)
		case !now.Before(claims.Expiry):
			verdict := failure("the token expired "+(-left).String()+" ago", e.anotherToken(), evidence...)
			if !e.Now().Before(claims.Expiry) {
				if clock, _ := e.finding(ProviderClock); clock.Because == "" {
					return e.byClock(verdict, ProviderClock) // it may have been issued so
				}
				return verdict
			}
			return e.byClock(verdict, APIClock) // nobody has noticed here
		case e.Grant == "" && left < min(soon, claims.Expiry.Sub(claims.IssuedAt)/10):
			return warning("the token expires in "+left.String()+", and nothing renews it", e.anotherToken(), evidence...)
		default:
			return ok("the token is valid for "+left.String(), evidence...)
		}
	})(ctx, e)
}

func tokenBegun(ctx context.Context, e *examination) Verdict {
	return ofJWT(func(e *examination, claims auth.Claims) Verdict {
		now, whose := e.apiNow()
		evidence := []Evidence{{Name: "iat", Found: instant(claims.IssuedAt), From: "token"}, {Name: "now", Found: instant(now), From: whose}}
		if !claims.NotBefore.IsZero() {
			evidence = append(evidence, Evidence{Name: "nbf", Found: instant(claims.NotBefore), From: "token"})
		}
		age := now.Sub(claims.IssuedAt).Truncate(time.Second)
		switch {
		case e.Answer != nil && !e.offline && -age > aheadOfClock:
			return skipped("the token is younger than the answer, and not the one that was refused")
		case claims.IssuedAt.IsZero():
			return warning("the token does not say when it was issued, which AppSync asks for", e.anotherToken(), evidence...)
		case claims.NotBefore.After(now.Add(time.Second)) && claims.NotBefore.Sub(claims.IssuedAt) > aheadOfClock:
			return failure("the token is for later: it becomes valid in "+claims.NotBefore.Sub(now).Truncate(time.Second).String(), e.anotherToken(), evidence...)
		case -age > aheadOfClock, claims.NotBefore.After(now.Add(2 * time.Second)):
			verdict := failure("the token was issued "+(-age).String()+" in the future of "+whose, e.anotherToken(), evidence...)
			return e.byClock(verdict, APIClock, ProviderClock)
		default:
			return ok("the token was issued "+age.String()+" ago", evidence...)
		}
	})(ctx, e)
}

// byClock makes verdict a consequence of the first of the checks of clocks with these
// ids that found one wrong.
func (e *examination) byClock(verdict Verdict, ids ...ID) Verdict {
	for _, id := range ids {
		if clock, found := e.finding(id); found && (clock.Result == Failure || clock.Result == Warning) {
			return consequence(verdict, id)
		}
	}
	return verdict
}

// brief is a duration to the second, without parts that are zero: 24h, 1h30m, 2s.
func brief(d time.Duration) string {
	text := d.Round(time.Second).String()
	if whole, is := strings.CutSuffix(text, "m0s"); is {
		text = whole + "m"
	}
	if whole, is := strings.CutSuffix(text, "h0m"); is {
		text = whole + "h"
	}
	return text
}

// instant writes a time as the claims mean it.
func instant(t time.Time) string {
	if t.IsZero() {
		return "none"
	}
	return t.UTC().Format(time.RFC3339)
}
