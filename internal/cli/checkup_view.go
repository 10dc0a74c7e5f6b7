package cli

import (
	"slices"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// checkupView is the document that doctor and smoke write with -o json. It has all that
// they look at, in their order, whatever comes of it.
type checkupView struct {
	Verdict doctor.Result `json:"verdict"` // the worst result that counts: ok, warning, unknown or failure; see weight
	Cause   *doctor.ID    `json:"cause"`   // the check whose failure explains the others; null without one
	Counts  checkupCounts `json:"counts"`
	Checks  []findingView `json:"checks"`  // those of smoke are its steps, too
	Version string        `json:"version"` // of this program
	Elapsed float64       `json:"elapsed_ms"`
}

// checkupCounts are numbers of checks. They add up to all: what is suppressed is
// counted as that only.
type checkupCounts struct {
	OK         int `json:"ok"`
	Warning    int `json:"warning"`
	Failure    int `json:"failure"`
	Unknown    int `json:"unknown"`
	Skipped    int `json:"skipped"`
	Suppressed int `json:"suppressed"`
}

// newCheckupView sums up what was found of all that was planned. Checks without a finding
// are unknown.
func newCheckupView(plan []doctor.Check, found []findingView, version string, elapsed time.Duration) checkupView {
	view := checkupView{Verdict: doctor.OK, Version: version, Elapsed: milliseconds(elapsed)}
	for _, check := range plan {
		i := slices.IndexFunc(found, func(f findingView) bool { return f.ID == check.ID })
		if i < 0 {
			missing := doctor.Finding{Check: check, Verdict: doctor.Verdict{Result: doctor.Unknown, Message: "the examination did not get this far"}}
			view.add(newFindingView(missing, nil, strings.TrimSpace))
			continue
		}
		view.add(found[i])
	}
	view.Cause = view.cause()
	return view
}

func (v *checkupView) add(finding findingView) {
	v.Checks = append(v.Checks, finding)
	if finding.Suppressed {
		v.Counts.Suppressed++
		return
	}
	*v.Counts.of(finding.Result)++
	if slices.Index(severities(), finding.weight) > slices.Index(severities(), v.Verdict) {
		v.Verdict = finding.weight
	}
}

func (c *checkupCounts) of(result doctor.Result) *int {
	switch result {
	case doctor.OK:
		return &c.OK
	case doctor.Warning:
		return &c.Warning
	case doctor.Failure:
		return &c.Failure
	case doctor.Skipped:
		return &c.Skipped
	default:
		return &c.Unknown
	}
}

// cause returns the failure that the API's refusal comes from, if it refuses the caller
// and one is known, else the first failure that is no consequence of another. Where all are, it
// returns what the first is a consequence of, if that is a warning, such as one of a
// token that not every API takes; or else the first.
func (v *checkupView) cause() *doctor.ID {
	if refused := v.failed(doctor.CallerAccepted); refused != nil && refused.Because != nil {
		if explains := v.failed(*refused.Because); explains != nil && explains.Because == nil {
			return &explains.ID
		}
	}
	var first *findingView
	for _, finding := range v.Checks {
		switch {
		case finding.Result != doctor.Failure || finding.Suppressed:
		case finding.Because == nil:
			return &finding.ID
		case first == nil:
			first = &finding
		}
	}
	if first == nil {
		return nil
	}
	for _, finding := range v.Checks {
		if finding.ID == *first.Because && finding.Result == doctor.Warning && !finding.Suppressed {
			return &finding.ID
		}
	}
	return &first.ID
}

// failed returns the finding of a check that failed and counts.
func (v *checkupView) failed(id doctor.ID) *findingView {
	for _, finding := range v.Checks {
		if finding.ID == id && finding.Result == doctor.Failure && !finding.Suppressed {
			return &finding
		}
	}
	return nil
}
