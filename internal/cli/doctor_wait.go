package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// Between two examinations, with --wait: twice as long each time. An examination
// sends about ten requests.
const (
	firstPause = time.Second
	lastPause  = 15 * time.Second
)

// examine runs the checks, and with --wait again until nothing that counts is
// found, waiting has no sense or no time is left. The last findings count.
//
// Before it returns no request for a token is under way.
func (app *App) examine(ctx context.Context, examinee *examinee, report *doctorReport, options doctorOptions) []doctor.Finding {
	end := app.Now().Add(options.wait)
	show := report.show
	if options.wait > 0 {
		show = func(doctor.Finding) {} // it may not be the last
	}
	for between := firstPause; ; between = min(2*between, lastPause) {
		findings := doctor.Examine(ctx, examinee.again(), show)
		examinee.tokens.settle(report.notice)
		left := end.Sub(app.Now())
		counting := options.counting(findings)
		if ctx.Err() != nil || left <= 0 || len(counting) == 0 || slices.ContainsFunc(counting, permanent) {
			return findings
		}
		wait := min(between, left) // the last look is at the end
		report.notice(fmt.Sprintf("%s: %s; looking again in %s, for another %s", counting[0].ID, counting[0].Message, wait.Round(100*time.Millisecond), left.Round(time.Second)))
		if app.Wait(ctx, wait) != nil {
			return findings
		}
	}
}

// permanent reports whether only a person can mend what was found.
func permanent(f doctor.Finding) bool {
	return f.Result == doctor.Failure && (f.Category == doctor.Settings || is[*loginNeededError](f.Err))
}
