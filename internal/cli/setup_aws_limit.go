package cli

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// tokenLimit is the value of --iat-ttl and --auth-ttl, in milliseconds as AppSync has it.
type tokenLimit int64

// String implements pflag.Value.
func (l *tokenLimit) String() string { return strconv.FormatInt(int64(*l), 10) }

// Set implements pflag.Value.
func (l *tokenLimit) Set(text string) error {
	count, err := strconv.ParseInt(text, 10, 64)
	if err != nil || count < 0 {
		return errors.New("must be a whole number of milliseconds, such as 3600000 for an hour")
	}
	*l = tokenLimit(count)
	return nil
}

// Type implements pflag.Value.
func (l *tokenLimit) Type() string { return "int" }

// mostSeconds is the largest limit that looks like seconds: 86400 was meant to be a day.
const mostSeconds = 100_000

// limitWarnings says which limits would refuse tokens that they were not meant for.
func (o *setupAWSOptions) limitWarnings() []string {
	var warnings []string
	for _, limit := range []struct {
		flag  string
		value tokenLimit
		help  doctor.ID
	}{{"--iat-ttl", o.iatTTL, doctor.AgeAccepted}, {"--auth-ttl", o.authTTL, doctor.LoginAccepted}} {
		if limit.value > 0 && limit.value < mostSeconds {
			warnings = append(warnings, fmt.Sprintf("%s %d is %s: the unit is milliseconds, and %d seconds are %d (see appsyncctl help %s)",
				limit.flag, limit.value, time.Duration(limit.value)*time.Millisecond, limit.value, 1000*limit.value, limit.help))
		}
	}
	if o.authTTL > 0 {
		warnings = append(warnings, "--auth-ttl: Auth0's access tokens have no auth_time, and the API will refuse every one of them (see appsyncctl help API-009)")
	}
	return warnings
}
