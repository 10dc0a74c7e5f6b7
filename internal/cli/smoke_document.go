package cli

import (
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/report"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
)

// document is what -o json writes of a run that ended with err. It is in doctor's form
// and in doctor's words.
func (r *smokeReport) document(err error, elapsed time.Duration) checkupView {
	var found []findingView
	for _, finding := range r.findings {
		found = append(found, newFindingView(finding, nil, r.secrets.Text))
	}
	view := newCheckupView(smoke.Plan(), found, r.version, elapsed)
	if err != nil && (view.Verdict == doctor.OK || view.Verdict == doctor.Warning) {
		view.Verdict = doctor.Unknown // it was interrupted, or nothing ran
	}
	return view
}

// run is the findings as the reports of CI systems have them.
func (r *smokeReport) run(elapsed time.Duration) report.Run {
	run := report.Run{Suite: "appsyncctl.smoke", Started: r.started, Elapsed: elapsed}
	for _, finding := range r.findings {
		run.Cases = append(run.Cases, newFindingView(finding, nil, r.secrets.Text).reportCase("smoke", r.profile, finding.Elapsed))
	}
	return run
}
