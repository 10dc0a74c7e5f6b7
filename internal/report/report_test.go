package report_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/report"
)

// The secrets that are planted in texts, and a token that looks like one.
const (
	clientSecret = "pl4nted/cli&ent+secret\"x"
	keyFile      = "-----BEGIN KEY-----\nMIIplantedline1\r\nMIIplantedline2\n}\n"
	accessToken  = "eyJhbGciOiJub25lIn0.eyJwbGFudGVkIjp0cnVlfQ.c2lnbmF0dXJl"
)

// hostile is what a server may answer.
const hostile = "50% ]]> <b>&amp;</b> | `x` \x1b[31mred\x1b[0m \x00\x07\ufffe\u202e\xff [[ATTACHMENT|/etc/passwd]]\n::error::no\r\n##[error]no\n  ok 7\n..."

// sample has a case of each kind, with hostile texts.
func sample() report.Run {
	group := func(name string) string { return report.Group("appsyncctl", "smoke", "eu production", name) }
	return report.Run{
		Suite:   "appsyncctl.smoke",
		Started: time.Date(2026, 3, 1, 13, 14, 15, 999, time.FixedZone("", 3600)),
		Elapsed: 1500 * time.Millisecond,
		Cases: []report.Case{
			{Group: group("auth"), Name: "get an access token", Result: report.Passed, Elapsed: 1234567 * time.Nanosecond},
			{
				Group: group("auth"), Name: "claims #1 \\ 50%, a:b", Result: report.Passed,
				Warning: "the token ends in 10 s: " + hostile, Notes: []string{"attempt 1 failed: " + hostile},
			},
			{Group: group("api"), Name: "list", Result: report.Failed, Message: "got 1, want 2 " + hostile, Details: "a\n\n\tb\n" + hostile},
			{Group: group("api"), Name: "page 2", Result: report.Errored, Message: "connection refused", Elapsed: time.Second},
			{Group: group("api"), Name: "delete", Result: report.Skipped, Message: `because of: "list" # \ ` + hostile},
		},
	}
}

// must makes a report of a run that is put together rightly.
func must(tb testing.TB, run report.Run, secrets ...string) report.Report {
	tb.Helper()
	r, err := report.New(run, secrets...)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func one(c report.Case) report.Run { return report.Run{Suite: "s.t", Cases: []report.Case{c}} }

func TestNewCleansTexts(t *testing.T) {
	long := strings.Repeat("é", 10_000)
	tests := []struct{ name, text, line, lines string }{
		{"nothing", "", "", ""},
		{"a text", "plain – text 🙂", "plain – text 🙂", "plain – text 🙂"},
		{"blanks", "  a \t b  \r\n\n c \n\n", "a b c", "  a \t b\n\n c"},
		{"line breaks", "a\rb\u2028c\u2029d", "a b c d", "a\nb\nc\nd"},
		{"colours", "\x1b[1;31mred\x1b[0m \u009b4mline\u009bm", "red line", "red line"},
		{"a window's title", "a\x1b]0;title\x07b\x1b]8;;https://x\x1b\\c", "abc", "abc"},
		{"short sequences", "a\x1b(Bb\x1bcc\x1b=d", "abcd", "abcd"},
		{"a sequence that does not end", "a\x1b]0;b", "a0;b", "a0;b"},
		{"control characters", "a\x00b\x08c\x7fd\u0085e\x1b", "abcde", "abcde"},
		{"what is no character", "a\ufffeb\uffffc\U0001fffed\ufdd0", "abcd", "abcd"},
		{"invalid UTF-8", "a\xffb\xed\xa0\x80", "a\ufffdb\ufffd", "a\ufffdb\ufffd"},
		{"directions", "a\u202eb\u2066c\u200fd\u061ce", "abcde", "abcde"},
		{"an attachment", "[[[ATTACHMENT|/etc/passwd]]", "[[[ ATTACHMENT|/etc/passwd]]", "[[[ ATTACHMENT|/etc/passwd]]"},
		{"a hidden attachment", "[[\x00ATTACHMENT|/etc/passwd]]", "[[ ATTACHMENT|/etc/passwd]]", "[[ ATTACHMENT|/etc/passwd]]"},
		{"too long", long, strings.Repeat("é", 497) + " […]", strings.Repeat("é", 3997) + " […]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := must(t, one(report.Case{
				Group: "g.h", Name: "n", Result: report.Failed, Message: "-" + tt.text, Details: tt.text,
			})).Run().Cases[0]
			// The hyphen keeps the message from being empty.
			want := must(t, one(report.Case{Group: "g.h", Name: "n", Result: report.Failed, Message: "-" + tt.line})).Run().Cases[0]
			if strings.HasPrefix(tt.text, " ") {
				want.Message = "- " + tt.line
			}
			if got.Message != want.Message && tt.name != "too long" {
				t.Errorf("message: got %q, want %q", got.Message, want.Message)
			}
			if len(got.Message) > 1000 || len(got.Details) > 8000 {
				t.Errorf("got %d and %d bytes", len(got.Message), len(got.Details))
			}
			if got.Details != tt.lines {
				t.Errorf("details: got %q, want %q", got.Details, tt.lines)
			}
		})
	}
}

func TestNewTakesOutSecrets(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a secret", "with " + clientSecret + ".", "with [redacted]."},
		{"in a URL", "?secret=pl4nted%2Fcli%26ent%2Bsecret%22x&a=b", "?secret=[redacted]&a=b"},
		{"in JSON", `{"a":"pl4nted/cli\u0026ent+secret\"x"}`, `{"a":"[redacted]"}`},
		{"in base64", "cGw0bnRlZC9jbGkmZW50K3NlY3JldCJ4", "[redacted]"},
		{"coloured", "pl4nted/\x1b[31mcli&ent+sec\x00ret\"x", "[redacted]"},
		{"twice, side by side", clientSecret + clientSecret, "[redacted]"},
		{"a line of a key", "bad: MIIplantedline2!", "bad: [redacted]!"},
		{"a key", keyFile, "[redacted]"},
		{"a brace, which a key has too", "{}", "{}"},
		{"a token", "got " + accessToken + ", which", "got [redacted], which"},
		{"a token that was cut off", "eyJhbGciOiJub25lIn0.eyJwbGFudGVk", "[redacted]"},
		{"an encrypted token", "eyJlbmMi.a-b.c_d.e.f", "[redacted]"},
		{"a header", "Authorization: Bearer opaque~token==\nnext", "Authorization: Bearer [redacted] next"},
		{"a basic header", "authorization: basic dXNlcjpwYXNz", "authorization: basic [redacted]"},
		{"a sentence", "send it without the Bearer prefix", "send it without the Bearer prefix"},
		{"a challenge", `Bearer realm="x", error="invalid_token"`, `Bearer realm="x", error="invalid_token"`},
		{"a secret within a token", "xeyJhbGciOiJub25lIn0.overl.ap", "[redacted]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			run := one(report.Case{
				Group: "g.h", Name: "n", Result: report.Passed, Warning: tt.text, Notes: []string{"\n" + tt.text},
			})
			got := must(t, run, clientSecret, "", " \n", keyFile, "xeyJhbGciOiJub25lIn0.o").Run().Cases[0]
			if got.Warning != tt.want {
				t.Errorf("got %q, want %q", got.Warning, tt.want)
			}
			if want := strings.Replace(tt.want, " next", "\nnext", 1); got.Notes[0] != want {
				t.Errorf("got note %q, want %q", got.Notes[0], want)
			}
		})
	}
}

// What the caller did wrong is an error, and nothing is lost.
func TestNewFindsMistakes(t *testing.T) {
	ok := report.Case{Group: "a.b", Name: "n", Result: report.Passed}
	with := func(change func(*report.Case)) report.Case {
		c := ok
		change(&c)
		return c
	}
	tests := []struct {
		name    string
		cases   []report.Case
		problem string
		want    []string // group, name, result and message
	}{
		{"none", []report.Case{ok}, "", []string{"a.b|n|passed|"}},
		{
			"the same name twice", []report.Case{ok, with(func(c *report.Case) { c.Name = " n\x00 " }), ok}, `two cases of a.b are named "n"`,
			[]string{"a.b|n|passed|", "a.b|n (2)|passed|", "a.b|n (3)|passed|"},
		},
		{
			"the same name in another group", []report.Case{ok, with(func(c *report.Case) { c.Group = "a.c" })}, "",
			[]string{"a.b|n|passed|", "a.c|n|passed|"},
		},
		{"no name", []report.Case{with(func(c *report.Case) { c.Name = "\x1b[0m" })}, "case 1 has no name", []string{"a.b|step 1|passed|"}},
		{"no group", []report.Case{with(func(c *report.Case) { c.Group = "" })}, "", []string{"su.ite.steps|n|passed|"}},
		{"a group without a dot", []report.Case{with(func(c *report.Case) { c.Group = "x" })}, "", []string{"su.ite.x|n|passed|"}},
		{"no result", []report.Case{with(func(c *report.Case) { c.Result = "" })}, `"n" has no result`, []string{"a.b|n|error|it has no result"}},
		{
			"no reason", []report.Case{with(func(c *report.Case) { c.Result = report.Failed })}, `"n" is failed without a message`,
			[]string{"a.b|n|failed|no reason was given"},
		},
		{"no cases", nil, "", []string{"su.ite.run|run the steps|error|nothing was executed"}},
		{
			"skipped cases only",
			[]report.Case{with(func(c *report.Case) { c.Result, c.Message = report.Skipped, "no settings" })}, "",
			[]string{"a.b|n|skipped|no settings", "su.ite.run|run the steps|error|nothing was executed"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := report.New(report.Run{Suite: "su.ite", Cases: tt.cases})
			if tt.problem == "" && err != nil || tt.problem != "" && (err == nil || !strings.HasPrefix(err.Error(), "steps cannot be reported as they are: "+tt.problem)) {
				t.Errorf("got error %v, want %q", err, tt.problem)
			}
			var got []string
			for _, c := range r.Run().Cases {
				got = append(got, strings.Join([]string{c.Group, c.Name, string(c.Result), c.Message}, "|"))
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestGroup(t *testing.T) {
	tests := []struct {
		parts []string
		want  string
	}{
		{[]string{"appsyncctl", "smoke", "default", "auth"}, "appsyncctl.smoke.default.auth"},
		{[]string{"a", "eu.production 1", ""}, "a.eu-production-1.-"},
		{[]string{"a", "\x1b[0m . "}, "a.-"},
	}
	for _, tt := range tests {
		if got := report.Group(tt.parts...); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.parts, got, tt.want)
		}
	}
}

func TestCountsAndResult(t *testing.T) {
	r := must(t, sample())
	if got, want := r.Counts(), (report.Counts{Passed: 2, Failed: 1, Errored: 1, Skipped: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := r.Counts().String(), "2 passed, 1 failed, 1 could not be run, 1 skipped"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for cases, want := range map[int]report.Result{2: report.Passed, 3: report.Failed, 4: report.Errored} {
		run := sample()
		run.Cases = run.Cases[:cases]
		if got := must(t, run).Result(); got != want {
			t.Errorf("%d cases: got %s, want %s", cases, got, want)
		}
	}
}

// What a caller does with its copy changes no report.
func TestRunIsACopy(t *testing.T) {
	r := must(t, sample())
	r.Run().Cases[1].Notes[0] = "changed"
	r.Run().Cases[0].Name = "changed"
	if got := r.Run(); got.Cases[1].Notes[0] == "changed" || got.Cases[0].Name == "changed" {
		t.Error("the report changed")
	}
}
