// Faults on demand: how one is described, in JSON or in a flag.

package emulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/account"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

// Fault is one misbehaviour on demand: what to do, and to which requests. FaultNames
// lists the names.
type Fault struct {
	Name      string   `json:"name"`
	Count     int      `json:"count,omitempty"`     // how many requests it strikes; 0: all until it is cleared
	Rate      float64  `json:"rate,omitempty"`      // the chance that a request is struck, up to 1; 0 is 1
	Path      string   `json:"path,omitempty"`      // of the requests; default all, or those the fault is about
	Operation string   `json:"operation,omitempty"` // name of a GraphQL operation or of one of its root fields, a grant type or AWS's action; default all
	Delay     Duration `json:"delay,omitempty"`     // of slow; default 2 s

	Header map[string]json.RawMessage `json:"header,omitempty"` // of altered-token: what its header says instead; null takes away
	Claims map[string]json.RawMessage `json:"claims,omitempty"` // the same of its claims

	Status     int               `json:"status,omitempty"` // of answer; default 500
	Headers    map[string]string `json:"headers,omitempty"`
	Body       string            `json:"body,omitempty"`
	RetryAfter int               `json:"retry_after,omitempty"` // seconds, sent as Retry-After; 0: not sent
}

// Duration is a time.Duration that JSON writes as text, such as "1.5s".
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// ParseFault reads a fault from a flag: a name and then settings by the names they
// have in JSON, such as "throttled,count=2,retry_after=1". A body, a header and claims
// cannot be given.
func ParseFault(text string) (Fault, error) {
	name, settings, _ := strings.Cut(text, ",")
	fault := Fault{Name: name}
	for setting := range strings.SplitSeq(settings, ",") {
		if setting == "" {
			continue
		}
		key, value, _ := strings.Cut(setting, "=")
		var err error
		switch key {
		case "count":
			fault.Count, err = strconv.Atoi(value)
		case "rate":
			fault.Rate, err = strconv.ParseFloat(value, 64)
		case "path":
			fault.Path = value
		case "operation":
			fault.Operation = value
		case "delay":
			err = fault.Delay.UnmarshalText([]byte(value))
		case "status":
			fault.Status, err = strconv.Atoi(value)
		case "retry_after":
			fault.RetryAfter, err = strconv.Atoi(value)
		default:
			return Fault{}, fmt.Errorf("fault %s: unknown setting %q", name, key)
		}
		if err != nil {
			return Fault{}, fmt.Errorf("fault %s: %s: %w", name, key, err)
		}
	}
	return fault.complete()
}

// FaultNames returns the name of every fault, sorted.
func FaultNames() []string {
	names := slices.Concat(auth0.Faults(), appsync.Faults(), account.Faults(), slices.Collect(maps.Keys(answers())), []string{faultSlow, faultLostRefresh})
	slices.Sort(names)
	return names
}

const (
	faultSlow        = "slow"
	faultLostRefresh = "lost-refresh-answer" // closed-after-execution of a refresh
	defaultDelay     = 2 * time.Second
)

// complete fills the defaults in and refuses what cannot work.
func (f Fault) complete() (Fault, error) {
	if !slices.Contains(FaultNames(), f.Name) {
		return f, fmt.Errorf("unknown fault %q; known are %s", f.Name, strings.Join(FaultNames(), ", "))
	}
	if f.Rate == 0 {
		f.Rate = 1
	}
	switch {
	case !(f.Rate > 0 && f.Rate <= 1):
		return f, fmt.Errorf("fault %s: rate is not between 0 and 1", f.Name)
	case f.Count < 0 || f.RetryAfter < 0 || f.Delay < 0:
		return f, fmt.Errorf("fault %s: a negative number", f.Name)
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return f, fmt.Errorf("fault %s: status is not between 200 and 599", f.Name)
	}
	switch f.Name {
	case faultUnauthorized, faultForbidden, faultEmptyObject:
		f.Path = orElse(f.Path, "/graphql")
	case faultSlow:
		f.Delay = orElse(f.Delay, Duration(defaultDelay))
	case faultLostRefresh:
		f.Name, f.Path, f.Operation = faultClosedAfter, "/oauth/token", auth0.GrantRefreshToken
	}
	return f, nil
}

func orElse[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

func (f *Fault) matches(c call) bool {
	return (f.Path == "" || f.Path == c.Path) && (f.Operation == "" ||
		// listCustomers, the field, and ListCustomers, the operation named after it
		strings.EqualFold(f.Operation, c.Operation) ||
		// device_code, the last part of a grant type that is a URN
		strings.HasSuffix(c.Operation, ":"+f.Operation) ||
		// createCustomer, whatever the operation that asks for it is called
		c.rootFields != nil && slices.Contains(c.rootFields(), f.Operation))
}
