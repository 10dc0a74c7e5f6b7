// Package doctor finds out whether a set-up works: by checks in causal order, the
// first of which that fails names the cause. Nothing is changed by them. On a real API
// and on the emulator alike.
//
// The checks are made in five stages: the settings, the network with the token store,
// the provider, the token, the API. Each stage is a function that takes by value what
// those before it have found out, and returns what it has found out itself.
package doctor

import (
	"slices"
	"time"
)

// A Result is what came of a check.
type Result string

// The results. Unknown is not a failure: a network error, a 5xx or a 429 tells
// nothing about the thing that was to be checked.
const (
	OK      Result = "ok"
	Warning Result = "warning" // works, but not as it should, or not for long
	Failure Result = "failure" // this is wrong, and here is how to mend it
	Unknown Result = "unknown" // it could not be found out, and the message says why
	Skipped Result = "skipped" // it makes no sense here, or needs a check that did not pass
)

// A Category groups checks; the categories stand in causal order.
type Category string

// The categories.
const (
	Settings Category = "settings"
	Network  Category = "network"
	Provider Category = "provider"
	Storage  Category = "storage"
	Token    Category = "token"
	API      Category = "api"
)

// A Check is one question about a set-up. Its texts do not depend on the set-up:
// the help, the README and the reports show the same.
type Check struct {
	ID       ID       // it never changes and is never used again
	Category Category //
	Title    string   // what holds when it passes: "the token has not expired"
	Meaning  string   // what it means when it does not pass, and what to do, in a paragraph
	Refusal  bool     // it is a cause of AppSync's 401

	needs []ID          // checks that must be ok or have a warning for this one to make sense
	limit time.Duration // its own deadline; checkLimit when zero
}

// Needs returns the checks that must pass for this one to make sense.
func (c Check) Needs() []ID { return slices.Clone(c.needs) }

// Needing returns a copy of the check that makes sense only if the checks called ids
// have passed.
func (c Check) Needing(ids ...ID) Check {
	c.needs = ids
	return c
}

// Aside reports whether the check looks at something beside the way to the API: at
// the token store, or at what the AWS account says. That it cannot tell is no fault of
// the API's.
func (c Check) Aside() bool { return c.Category == Storage || c.ID == AccountReadable }

// Blocked reports whether something that the check needs has not passed, and because
// of which check it is skipped then: the first one that did not pass by itself.
func (c Check) Blocked(find func(id ID) (Finding, bool)) (Verdict, bool) {
	for _, id := range c.needs {
		needed, found := find(id)
		switch {
		case !found || needed.Passed():
			continue
		case needed.Result != Skipped:
			return Verdict{Result: Skipped, Because: id}, true
		default:
			return Verdict{Result: Skipped, Because: needed.Because, Message: needed.Message, Lacks: needed.Lacks}, true
		}
	}
	return Verdict{}, false
}

// A Verdict is what a check says of a set-up.
type Verdict struct {
	Result   Result
	Message  string     // a sentence without a period: what was found
	Evidence []Evidence // what it rests on
	Fix      string     // one thing to do, to be copied: a command where there is one
	Because  ID         // the check that this one is a consequence of; may be empty
	Unasked  bool       // it was skipped since nobody asked for it
	Lacks    string     // the name of the setting without which it had to be skipped; mostly empty
	Err      error      // what went wrong, for the exit code; never shown by itself
}

// Evidence is a fact that a verdict rests on.
type Evidence struct {
	Name     string `json:"name"`               // "iss"
	Expected string `json:"expected,omitempty"` // what it should be, where that is known
	Found    string `json:"found"`
	From     string `json:"from"` // who says so: "token", "discovery", "profile staging"
}

// A Finding is a verdict with the check that gave it.
type Finding struct {
	Check
	Verdict
	Elapsed time.Duration
	Notes   []string // what went wrong on the way and was mended by trying again
}

// Passed reports whether what depends on the check can be looked at.
func (f Finding) Passed() bool { return f.Result == OK || f.Result == Warning }

// With returns a verdict of this result: what was found, and what it rests on.
func (r Result) With(message string, evidence ...Evidence) Verdict {
	return Verdict{Result: r, Message: message, Evidence: evidence}
}

func ok(message string, evidence ...Evidence) Verdict {
	return OK.With(message, evidence...)
}

func warning(message, fix string, evidence ...Evidence) Verdict {
	return Verdict{Result: Warning, Message: message, Fix: fix, Evidence: evidence}
}

func failure(message, fix string, evidence ...Evidence) Verdict {
	return Verdict{Result: Failure, Message: message, Fix: fix, Evidence: evidence}
}

// unknown says why it could not be found out. err may be nil.
func unknown(message string, err error, evidence ...Evidence) Verdict {
	return Verdict{Result: Unknown, Message: message, Err: err, Evidence: evidence}
}

// skipped says why a check makes no sense for this set-up.
func skipped(reason string) Verdict { return Skipped.With(reason) }

func failedBy(message, fix string, err error, evidence ...Evidence) Verdict {
	verdict := failure(message, fix, evidence...)
	verdict.Err = err
	return verdict
}

// lacking skips a check that a setting, the endpoint or the issuer, must have a value for.
func lacking(setting string) Verdict {
	return Verdict{Result: Skipped, Message: "no " + setting + " is set", Lacks: setting}
}

// skippedWith is the verdict on what makes no sense because of another finding.
func skippedWith(f Finding) Verdict {
	if f.Result == Skipped {
		return Verdict{Result: Skipped, Message: f.Message, Because: f.Because, Lacks: f.Lacks}
	}
	return Verdict{Result: Skipped, Because: f.ID}
}

// consequence is verdict as one that the check called id explains: what is to be
// done is said there.
func consequence(verdict Verdict, id ID) Verdict {
	verdict.Message += ": see " + string(id)
	verdict.Because, verdict.Fix = id, ""
	return verdict
}
