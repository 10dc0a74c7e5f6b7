// The values of doctor's flags.

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// severity is the value of --fail-on.
type severity doctor.Result

// severities are the results that can be found, the mildest first. Not to know is
// worse than a warning: there may be a failure behind it.
func severities() []doctor.Result {
	return []doctor.Result{doctor.OK, doctor.Warning, doctor.Unknown, doctor.Failure}
}

// weight is how bad a finding is. That nobody can tell how things are beside the way to
// the API is a warning only: the API can be called all the same.
func weight(f doctor.Finding) doctor.Result {
	if f.Result == doctor.Unknown && f.Aside() {
		return doctor.Warning
	}
	return f.Result
}

// String implements pflag.Value.
func (s *severity) String() string { return string(*s) }

// Set implements pflag.Value.
func (s *severity) Set(text string) error {
	if !slices.Contains(severities()[1:], doctor.Result(text)) {
		return errors.New("must be warning, unknown or failure")
	}
	*s = severity(text)
	return nil
}

// Type implements pflag.Value.
func (s *severity) Type() string { return "result" }

// checkList is the value of --suppress.
type checkList []doctor.ID

// spread adds the checks of findings that are consequences of what is in the list.
func (l checkList) spread(findings []doctor.Finding) checkList {
	all := slices.Clone(l)
	for _, finding := range findings { // a cause stands before what follows from it
		if slices.Contains(all, finding.Because) && !slices.Contains(all, finding.ID) {
			all = append(all, finding.ID)
		}
	}
	return all
}

// String implements pflag.Value.
func (l *checkList) String() string { return idList(*l, ",") }

func idList(ids []doctor.ID, between string) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	return strings.Join(texts, between)
}

// Set implements pflag.Value.
func (l *checkList) Set(text string) error {
	for name := range strings.SplitSeq(text, ",") {
		id := doctor.ID(strings.ToUpper(strings.TrimSpace(name)))
		if _, found := doctor.Find(id); !found {
			return fmt.Errorf("there is no check %q: appsyncctl help checks lists them", id)
		}
		*l = append(*l, id)
	}
	return nil
}

// Type implements pflag.Value.
func (l *checkList) Type() string { return "ID" }

// doctorFormat is the value of --output, which is another one here: doctor has a
// short form, and its findings are no records.
type doctorFormat struct {
	document *format // as the other commands know it: errors follow it
	short    bool
}

// String implements pflag.Value.
func (f *doctorFormat) String() string {
	switch {
	case f.short:
		return "short"
	case f.document == nil: // pflag asks an empty value
		return string(table)
	default:
		return string(*f.document)
	}
}

// Set implements pflag.Value.
func (f *doctorFormat) Set(text string) error {
	switch text {
	case "short":
		f.short, *f.document = true, table
	case string(table), string(asJSON):
		f.short, *f.document = false, format(text)
	default:
		return errors.New("must be table, short or json")
	}
	return nil
}

// Type implements pflag.Value.
func (f *doctorFormat) Type() string { return "format" }
