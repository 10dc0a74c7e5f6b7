package doctor

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"time"
)

// How far two clocks may differ. A token is renewed a minute before its end, which
// makes up for the first; AWS refuses signatures that are off by more than the
// second (IAM user guide, "Signature Version 4").
const (
	smallSkew = time.Minute
	largeSkew = 5 * time.Minute
)

func apiClock(_ context.Context, e *examination) Verdict {
	skew, evidence, known := compareClocks(e.apiHost(), e.known().way)
	if !known {
		return unknown("the API's answer has no date that can be read", nil)
	}
	e.learn(func(f *facts) { f.clock = skew })
	return clockVerdict("the API's", skew, evidence)
}

func providerClock(_ context.Context, e *examination) Verdict {
	skew, evidence, known := compareClocks(e.providerHost(), e.known().metadata.way)
	if !known {
		return unknown("the provider's answer has no date that can be read", nil)
	}
	verdict := clockVerdict("the provider's", skew, evidence)
	api, _ := e.finding(APIClock)
	between := (skew - e.known().clock).Abs()
	switch {
	case verdict.Result == OK, api.Result == Skipped, api.Result == Unknown:
	case api.Result == OK:
		verdict.Message += " and agrees with the API's: the provider's is wrong"
	case between < smallSkew:
		return consequence(verdict, APIClock)
	default:
		verdict.Message += ", and the API's says something else again"
	}
	return verdict
}

// compareClocks returns how far the clock of a host was ahead of this machine's when
// it answered: at least so far, and zero where they may have been equal. A Date has
// whole seconds and was written at some time between request and answer; a cache
// may have added a second header, Age, and have kept the first or not (RFC 9111,
// section 5.1).
func compareClocks(to host, way passage) (skew time.Duration, evidence Evidence, known bool) {
	date, err := http.ParseTime(way.Header.Get("Date"))
	if err != nil {
		return 0, Evidence{}, false
	}
	age, err := strconv.ParseUint(way.Header.Get("Age"), 10, 31)
	if err != nil {
		age = 0
	}
	least := date.Sub(way.Received)
	most := date.Add(time.Duration(age+1) * time.Second).Sub(way.Sent)
	switch {
	case least > 0:
		skew = least
	case most < 0:
		skew = most
	}
	return skew, Evidence{
		Name: "clock", Expected: date.UTC().Format(time.RFC3339), Found: way.Received.UTC().Format(time.RFC3339),
		From: "Date of " + to.address.Host,
	}, true
}

func clockVerdict(whose string, skew time.Duration, evidence Evidence) Verdict {
	direction := "behind"
	if skew < 0 {
		direction = "ahead of"
	}
	message := fmt.Sprintf("this machine's clock is %s %s %s", rounded(skew.Abs()), direction, whose)
	switch {
	case skew.Abs() < smallSkew:
		return ok("this machine's clock agrees with "+whose, evidence)
	case skew.Abs() < largeSkew:
		return warning(message, clockFix(), evidence)
	default:
		return failure(message, clockFix(), evidence)
	}
}

// clockFix is how to set a clock from the network's.
func clockFix() string {
	switch runtime.GOOS {
	case "darwin":
		return "sudo sntp -sS time.apple.com"
	case "windows":
		return "w32tm /resync"
	default:
		return "sudo timedatectl set-ntp true"
	}
}

// rounded is a duration of a minute or more in one unit.
func rounded(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f seconds", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f minutes", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f hours", d.Hours())
	default:
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	}
}
