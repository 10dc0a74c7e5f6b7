package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/management"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/retry"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// The exit codes. exitCodes describes them for people.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitGraphQL     = 3
	exitLogin       = 4
	exitNetwork     = 5
	exitRejected    = 6
	exitUnknown     = 7
	exitInterrupted = Interrupted
)

// Interrupted is the exit code after Ctrl-C or another signal.
const Interrupted = 130

// exitCodes is the table that the help and the README show.
func exitCodes() [][2]string {
	return [][2]string{
		{"0", "it worked"},
		{"1", "it failed for a reason that no other code names"},
		{"2", "the command line or a setting is wrong or missing"},
		{"3", "the API answered with GraphQL errors; partial data is printed all the same"},
		{"4", "a login is needed, or was refused (401, or a refusal of the token endpoint)"},
		{"5", "network, timeout, 5xx or throttling, after all retries"},
		{"6", "an import rejected rows, or found others under their ids"},
		{"7", "nobody knows whether some rows of an import were created"},
		{"130", "interrupted by Ctrl-C or a signal"},
		{"other", "emulator exec passes on the code of its command: 126, 127, 128 plus a signal's number"},
	}
}

// exitCode is the one place where an error becomes an exit code.
func exitCode(ctx context.Context, err error) int {
	if err == nil {
		return exitOK
	}
	if own, ok := errors.AsType[interface {
		error
		ChildExitCode() int
	}](err); ok { // it is that of a command that the program has run
		return own.ChildExitCode()
	}
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	switch failure.Of(err) {
	case failure.Unknown:
		return exitUnknown
	case failure.Rejected:
		return exitRejected
	case failure.Usage:
		return exitUsage
	case failure.Network, failure.Outage:
		return exitNetwork
	case failure.Login:
		return exitLogin
	case failure.GraphQL:
		return exitGraphQL
	default:
		return exitFailed
	}
}

// report says on standard error what went wrong: one line, and a hint where
// there is something to do about it.
func report(world *app.App, err error) {
	text := world.Secrets.Text(app.Message(err))
	if text == "" {
		return // there is none, or a child has spoken for itself
	}
	_, _ = fmt.Fprintln(world.Err, "error: "+text)
	if hint := hint(err); hint != "" {
		_, _ = fmt.Fprintln(world.Err, "hint: "+output.Line(world.Secrets.Text(hint)))
	}
}

// errorView is how an error is told to a program, as one document on one line.
type errorView struct {
	Type      string `json:"type"` // AppSync's error type, or else a class of errorClass
	Message   string `json:"message"`
	Path      []any  `json:"path,omitempty"`       // of the field in the operation
	RequestID string `json:"request_id,omitempty"` // x-amzn-RequestId
	Status    int    `json:"status,omitempty"`     // of HTTP
	Retryable bool   `json:"retryable"`            // the same command may work later, and changes nothing twice
	ExitCode  int    `json:"exit_code"`
	Hint      string `json:"hint,omitempty"`
}

// reportJSON is report for a program.
func reportJSON(world *app.App, err error, code int) {
	text := world.Secrets.Text(app.Message(err))
	if text == "" {
		return // there is none, or a child has spoken for itself
	}
	view := errorView{
		Type:      errorClass(code),
		Message:   text,
		Retryable: code == exitNetwork && retryable(err),
		ExitCode:  code,
		Hint:      output.Line(world.Secrets.Text(hint(err))),
	}
	if answer, ok := errors.AsType[*appsync.ResponseError](err); ok {
		view.Status, view.RequestID = answer.Status, plain(world.Secrets, answer.RequestID)
		view.Type = cmp.Or(plain(world.Secrets, answer.ErrorType), view.Type)
		if len(answer.Errors) > 0 {
			first := answer.Errors[0]
			view.Path = plainPath(world.Secrets, first.Path)
			view.Type = cmp.Or(plain(world.Secrets, first.Type), view.Type)
		}
	}
	if refusal, ok := errors.AsType[*management.Error](err); ok {
		view.Status = refusal.Status
	}
	_ = output.JSONLine(world.Err, struct {
		Error errorView `json:"error"`
	}{view}) // there is nowhere to complain
}

// longestName bounds what a server names something, in bytes.
const longestName = 80

// plain is a name that a server gives, such as an error's type, without secrets. What is
// no such name is made one: programs compare it, and people see it.
func plain(secrets *redact.Secrets, name string) string {
	name = secrets.Text(name)
	odd := func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune(":._-[]", c))
	}
	name = strings.Join(strings.FieldsFunc(name, odd), "_")
	return name[:min(len(name), longestName)] // of ASCII
}

// plainPath is a path with the names of fields and the indexes of lists, and nothing else.
func plainPath(secrets *redact.Secrets, path []any) []any {
	names := slices.Clone(path)
	for i, step := range names {
		switch step := step.(type) {
		case float64, int:
		case string:
			names[i] = plain(secrets, step)
		default:
			names[i] = nil
		}
	}
	return names
}

// errorClass names an exit code.
func errorClass(code int) string {
	switch code {
	case exitUsage:
		return "usage"
	case exitGraphQL:
		return "graphql"
	case exitLogin:
		return "login"
	case exitNetwork:
		return "network"
	case exitInterrupted:
		return "interrupted"
	default:
		return "failed"
	}
}

// retryable reports whether what failed on the way may be done again: it surely
// did not run, or it changes nothing.
func retryable(err error) bool {
	if failure.Is[*management.Error](err) || failure.Is[*management.TransportError](err) {
		return true // a setup goes on where it ended
	}
	if answer, ok := errors.AsType[*appsync.ResponseError](err); ok {
		return answer.Throttled() || !answer.Mutation && retry.TransientStatus(answer.Status)
	}
	if lost, ok := errors.AsType[*transport.NoAnswerError](err); ok {
		return !lost.Unsafe
	}
	return failure.Is[*auth.TransportError](err) || failure.Is[*auth.Error](err)
}
