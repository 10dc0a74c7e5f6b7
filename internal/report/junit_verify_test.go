package report_test

import (
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/report"
)

// What is read again and is not what was written is an error.
func TestVerifyJUnit(t *testing.T) {
	r := must(t, report.Run{Suite: "a.b", Cases: []report.Case{
		{Group: "a.b", Name: "one", Result: report.Passed},
		{Group: "a.b", Name: "two", Result: report.Failed, Message: "no"},
	}})
	whole := junitOf(t, r)
	if err := r.VerifyJUnit([]byte(whole)); err != nil {
		t.Errorf("got %v for what was written", err)
	}
	tests := []struct{ name, content, want string }{
		{"nothing", "", "cannot be parsed"},
		{"half", whole[:len(whole)/2], "cannot be parsed"},
		{"another file", "<html></html>", "cannot be parsed"},
		{"a control character", strings.Replace(whole, "one", "o\x01e", 1), "cannot be parsed"},
		{"no cases", "<testsuites><testsuite></testsuite></testsuites>", "holds 0 cases instead of 2"},
		{"another name", strings.Replace(whole, "one", "three", 1), "something else"},
		{"another result", strings.ReplaceAll(whole, "failure", "error"), "something else"},
		{"another count", strings.Replace(whole, `failures="1"`, `failures="0"`, 1), "something else"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := r.VerifyJUnit([]byte(tt.content)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
