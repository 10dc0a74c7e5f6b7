package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/cli"
	"github.com/appsyncctl/appsyncctl/internal/config"
	kinds "github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/paging"
	"github.com/appsyncctl/appsyncctl/internal/session"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// errorOf is the error of a call.
func errorOf[T any](_ T, err error) error { return err }

var errOther = errors.New("something else")

// refusal is what an OpenID provider answers.
func refusal(status int, code string) *auth.Error {
	return &auth.Error{Endpoint: "id.example.com/oauth/token", Status: status, Code: code}
}

// graphQL is an API's answer with one error.
func graphQL(status int, errorType, message string) *appsync.ResponseError {
	return &appsync.ResponseError{Status: status, Errors: []*appsync.Error{{Type: errorType, Message: message}}}
}

// failure is an error with its exit code and the advice on it.
type failure struct {
	name string
	err  error
	code int
	hint string
}

// failures are the errors that people meet, in the order of the exit codes.
func failures() []failure {
	missing := func(name config.Name) error { return &config.MissingError{Setting: config.Describe(name)} }
	return []failure{
		// 1: no other code names it
		{"any error", errOther, 1, ""},
		{"a time limit", context.DeadlineExceeded, 1, ""},
		{"a broken jq expression", fmt.Errorf("jq: %w", errOther), 1, ""},
		{"a locked keyring", &tokencache.LockedError{Reason: "locked"}, 1, "unlock the keyring, or use another store with --token-store"},
		{"no keyring", &tokencache.UnavailableError{Reason: "no session bus"}, 1, "set APPSYNCCTL_PASSPHRASE to keep the token in a sealed file, or pass --token-store memory to keep none"},
		{"a lock that stays held", &tokencache.LockTimeoutError{Path: "key.lock"}, 5, ""},
		{"an open token file", &tokencache.PermissionError{Path: "token", Mode: 0o644}, 1, "take the rights of others away (chmod 600) if nobody can have copied it, else run appsyncctl logout"},
		{"no free port", app.Advise(errOther, "free one of these ports"), 1, "free one of these ports"},
		{"a senseless answer of the provider", &auth.AnswerError{Endpoint: "id.example.com/oauth/token", Problem: "it is not JSON"}, 1, "check --issuer (APPSYNCCTL_ISSUER)"},
		{"a damaged token", &auth.ClaimsError{Reason: "its payload is no JSON object"}, 1, ""},
		{"an API that takes any token", errors.New("the API accepted a tampered token"), 1, ""},
		{"null and no reason", &appsync.NullError{Operation: "createCustomer"}, 1, ""},
		{"pages without end", &paging.EndlessError{Reason: "again"}, 1, ""},
		{"an answer that is too large", &transport.TooLargeError{Host: "api.example.com", Max: 8 << 20}, 1, ""},
		{"a web page", &appsync.ResponseError{Status: 404, NotGraphQL: "a web page (HTML)"}, 1, "check --endpoint: it should end in /graphql"},
		{"a web page with success", &appsync.ResponseError{Status: 200, NotGraphQL: "a web page (HTML)"}, 1, "check --endpoint: it should end in /graphql"},
		{"a firewall", &appsync.ResponseError{Status: 403, Message: "Forbidden"}, 1, "a firewall or a private API refused the request before AppSync saw it"},
		{"a redirect, where a login was to be renewed", &session.LoginNeededError{Reason: "over", Err: refusal(302, "")}, 1, "run appsyncctl login"},
		{"a refused token, and a redirect where another was to be had", &transport.RenewalError{Refusal: "401", Err: refusal(302, "")}, 1, ""},

		// 2: the command line or a setting
		{"the command line", &app.UsageError{Err: errOther, Command: "appsyncctl login"}, 2, "run appsyncctl login --help"},
		{"a mode without tokens", session.NoToken("iam"), 2, ""},
		{"a filter", errorOf(appsync.ParseFilter("city =")), 2, ""},
		{"a file that is no record", kinds.Errorf(kinds.Usage, "a.json: not JSON"), 2, ""},
		{"a format that does not fit", app.CSV.CheckDocument(), 2, ""},
		{"no jq expression", errorOf(output.ParseQuery(".[")), 2, ""},
		{"a missing setting", missing(config.Endpoint), 2, "pass --endpoint or set APPSYNCCTL_ENDPOINT"},
		{"a missing secret", missing(config.ClientSecret), 2, "set APPSYNCCTL_CLIENT_SECRET, pass --client-secret-file, or run appsyncctl login --client-secret-stdin to keep it; a person logs in with --grant device"},
		{"a value that is none", &config.ValueError{Setting: config.Describe(config.Auth)}, 2, ""},
		{"a damaged file of profiles", &config.FileError{Path: "config.yaml", Err: errOther}, 2, ""},
		{"an unknown profile", &config.UnknownProfileError{Name: "x", Known: []string{"home", "work"}}, 2, "the profiles are home, work"},
		{"a first profile", &config.UnknownProfileError{Name: "x"}, 2, "run appsyncctl login --profile x to create it"},
		{"a name for no profile", config.ProfileNameError("a/b"), 2, ""},
		{"no home", &config.NoHomeError{Variable: "HOME"}, 2, "set HOME, or XDG_CONFIG_HOME and XDG_STATE_HOME"},
		{"an endpoint that is none", errorOf(appsync.ParseEndpoint(":")), 2, ""},
		{"a secret that cannot be had", &session.SecretError{From: "secret command", Err: errOther}, 2, ""},
		{"a key that is none", &auth.KeyError{Reason: "it is no PEM"}, 2, ""},
		{"no AWS credentials", kinds.Wrap(kinds.Usage, errOther), 2, ""},
		{"an opaque token", &session.OpaqueTokenError{Audience: ""}, 2, "pass --audience or set APPSYNCCTL_AUDIENCE to the identifier of the API, as the provider has it"},
		{"nothing to seal with", tokencache.NoSealError{}, 2, "set APPSYNCCTL_CLIENT_SECRET (or --client-secret-file), or APPSYNCCTL_PASSPHRASE, whichever sealed the file; --token-store takes another store"},
		{"an issuer that is none", &auth.IssuerError{Input: "ftp://", Reason: "not https"}, 2, ""},
		{"another issuer", &auth.IssuerMismatchError{Expected: "a", Found: "b"}, 2, "check --issuer (APPSYNCCTL_ISSUER)"},
		{"no metadata", &auth.DiscoveryError{Issuer: "https://id.example.com/", Reason: auth.NotFound}, 2, "check --issuer (APPSYNCCTL_ISSUER)"},
		{"a refused endpoint of the provider", &auth.EndpointError{Endpoint: "x", Reason: "http"}, 2, ""},
		{"a grant that is not offered", &auth.UnsupportedError{Issuer: "https://id.example.com/", Feature: "the device code grant"}, 2, ""},
		{"no secret to renew with", &transport.RenewalError{Refusal: "401", Err: missing(config.ClientSecret)}, 2, "set APPSYNCCTL_CLIENT_SECRET, pass --client-secret-file, or run appsyncctl login --client-secret-stdin to keep it; a person logs in with --grant device"},

		// 3: GraphQL errors
		{"a GraphQL error", graphQL(200, "DynamoDB:ConditionalCheckFailedException", "no"), 3, ""},
		{"a field that is denied", graphQL(200, "Unauthorized", "Not Authorized to access id"), 3, "the API took the token, but its rules deny this field; a new token cannot help"},
		{"a field that the schema lacks", graphQL(200, "", "'id' is not defined for input object type 'CreateCustomerInput'"), 3, "this API's schema has no such input field; the wizard's schema makes the id itself, so leave --id out"},
		{"a request that is not understood", graphQL(400, "MalformedHttpRequestException", "no"), 3, ""},

		// 4: logins
		{"nobody is logged in", &session.LoginNeededError{Reason: "you are not logged in"}, 4, "run appsyncctl login"},
		{"a login that has ended", &session.LoginNeededError{Reason: "over", Err: refusal(403, auth.InvalidGrant)}, 4, "run appsyncctl login"},
		{"a login that was not renewed for another reason", &session.LoginNeededError{Reason: "over", Err: refusal(400, "invalid_request")}, 4, "run appsyncctl login"},
		{"a code that ran out", &auth.DeviceExpiredError{}, 4, "run appsyncctl login again, and confirm the code in time"},
		{"a denied login", &auth.DeviceDeniedError{Err: refusal(403, auth.AccessDenied)}, 4, ""},
		{"a false ID token", kinds.Wrap(kinds.Login, errOther), 4, ""},
		{"a wrong secret", refusal(401, auth.InvalidClient), 4, "check the client ID and the client secret"},
		{"a wrong secret, without a code", refusal(401, ""), 4, "check the client ID and the client secret"},
		{"a spent grant", refusal(403, auth.InvalidGrant), 4, "run appsyncctl login"},
		{"a grant that is not allowed", refusal(403, auth.UnauthorizedClient), 4, "allow this grant for the application at the provider, or choose another with --grant"},
		{"a second factor", refusal(403, auth.MFARequired), 4, "a second factor is asked for: run appsyncctl login"},
		{"wrong scopes", refusal(400, auth.InvalidScope), 4, "check the scopes against those of the API at the provider"},
		{"a wrong audience", refusal(403, auth.AccessDenied), 4, "check the audience (--audience, APPSYNCCTL_AUDIENCE), and that the application is authorized for that API at the provider"},
		{"a denial in the browser", refusal(0, auth.AccessDenied), 4, ""},
		{"another refusal", refusal(400, "invalid_request"), 4, ""},
		{"a refused key", graphQL(401, "UnauthorizedException", "Valid authorization header not provided."), 4, "check --auth, and the API key or the AWS credentials: an API key lasts a year at most; appsyncctl doctor looks further"},
		{"a refused caller under 403", graphQL(403, "UnauthorizedException", "no"), 4, "check --auth, and the API key or the AWS credentials: an API key lasts a year at most; appsyncctl doctor looks further"},
		{"a refused token", app.Advise(graphQL(401, "UnauthorizedException", "no"), "the token is opaque"), 4, "the token is opaque"},
		{"a refused token and no other", &transport.RenewalError{Refusal: "401", Err: errOther}, 4, ""},
		{"a refused token and a login that has ended", &transport.RenewalError{Refusal: "401", Err: &session.LoginNeededError{Reason: "over", Err: refusal(403, auth.InvalidGrant)}}, 4, "run appsyncctl login"},

		// 5: the network
		{"no answer of the API", &transport.NoAnswerError{Host: "api.example.com", Attempts: 4, Err: errOther}, 5, ""},
		{"no answer of the provider", &auth.TransportError{Endpoint: "id.example.com/oauth/token", Err: errOther}, 5, ""},
		{"a broken real-time connection", &appsync.ConnectionError{Host: "api.example.com", Err: errOther}, 5, ""},
		{"a broken API", graphQL(500, "InternalFailure", "no"), 5, ""},
		{"a broken gateway", &appsync.ResponseError{Status: 502, NotGraphQL: "a web page (HTML)"}, 5, ""},
		{"a throttling API", &appsync.ResponseError{Status: 429, Message: "Too Many Requests"}, 5, "the API is throttling: try again later"},
		{"a throttling API by its type", graphQL(400, "LimitExceededError", "no"), 5, "the API is throttling: try again later"},
		{"a throttling provider", refusal(429, auth.TooManyRequests), 5, "the provider throttles: try again later"},
		{"a broken provider", refusal(503, ""), 5, ""},
		{"a broken provider that blames the client", refusal(500, auth.InvalidClient), 5, ""},
		{"a refused token, and a provider without an answer", &transport.RenewalError{Refusal: "401", Err: &auth.TransportError{Err: errOther}}, 5, ""},
		{"a refused token, and a broken provider", &transport.RenewalError{Refusal: "401", Err: refusal(503, "")}, 5, ""},
		{"a code that ran out for want of answers", &auth.DeviceExpiredError{Err: &auth.TransportError{Err: errOther}}, 5, "run appsyncctl login again, and confirm the code in time"},
		{"an import without answers, for want of AWS credentials", &bulk.OutageError{For: time.Minute, Err: kinds.Wrap(kinds.Usage, errOther)}, 5, ""},
		{"a list that broke off", app.AlsoAdvise(graphQL(500, "InternalFailure", "no"), "--next-token x goes on where the list ended"), 5, "--next-token x goes on where the list ended"},
		{"a list that was throttled", app.AlsoAdvise(&appsync.ResponseError{Status: 429}, "--next-token x goes on where the list ended"), 5, "the API is throttling: try again later; --next-token x goes on where the list ended"},
	}
}

// ways are the ways in which an error reaches the top.
var ways = []struct {
	name string
	come func(error) error
}{
	{"alone", func(err error) error { return err }},
	{"wrapped", func(err error) error { return fmt.Errorf("list: %w", err) }},
	{"before another", func(err error) error { return errors.Join(err, errOther) }},
	{"after another", func(err error) error { return fmt.Errorf("twice: %w", errors.Join(errOther, err)) }},
}

func TestExitCode(t *testing.T) {
	described := map[string]bool{}
	for _, row := range cli.ExitCodes() {
		described[row[0]] = true
	}
	for _, tt := range failures() {
		for _, way := range ways {
			if got := cli.ExitCode(t.Context(), way.come(tt.err)); got != tt.code {
				t.Errorf("%s, %s: got %d, want %d", tt.name, way.name, got, tt.code)
			}
		}
		if !described[strconv.Itoa(tt.code)] {
			t.Errorf("the help does not describe %d", tt.code)
		}
	}
}

// Of several causes the one that a person can change first decides, in whichever
// order they come.
func TestExitCodeOfSeveral(t *testing.T) {
	usage := &config.MissingError{Setting: config.Describe(config.Issuer)}
	network := &auth.TransportError{Err: errOther}
	login := &session.LoginNeededError{Reason: "over"}
	tests := []struct {
		name string
		errs [2]error
		want int
	}{
		{"a setting and the network", [2]error{usage, network}, 2},
		{"a setting and a login", [2]error{usage, login}, 2},
		{"a setting and the API", [2]error{usage, graphQL(200, "", "no")}, 2},
		{"the network and a login", [2]error{network, login}, 5},
	}
	for _, tt := range tests {
		for _, order := range [][2]int{{0, 1}, {1, 0}} {
			if got := cli.ExitCode(t.Context(), errors.Join(tt.errs[order[0]], tt.errs[order[1]])); got != tt.want {
				t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
			}
		}
	}
}

func TestExitCodeInterrupted(t *testing.T) {
	alive := t.Context()
	ended, cancel := context.WithCancelCause(alive)
	cancel(errors.New("terminated"))
	tests := []struct {
		name string
		ctx  context.Context
		err  error
		want int
	}{
		{"success", alive, nil, 0},
		{"success, then a signal", ended, nil, 0}, // as the emulator ends
		{"a signal", ended, context.Cause(ended), 130},
		{"whatever came of a signal", ended, &transport.NoAnswerError{Err: errOther}, 130},
		{"a setting that a signal made look wrong", ended, &session.SecretError{From: "secret command", Err: errOther}, 130},
		{"an interrupted part", alive, fmt.Errorf("list: %w", context.Canceled), 130},
		{"an interrupted request", alive, &auth.TransportError{Err: context.Canceled}, 130},
		{"a child", alive, childError{7, ""}, 7},
		{"a child that is wrapped", alive, fmt.Errorf("exec: %w", childError{127, "none"}), 127},
		{"a child that heard the signal", ended, childError{3, ""}, 3},
		{"a child that took no notice", ended, childError{0, ""}, 0},
	}
	for _, tt := range tests {
		if got := cli.ExitCode(tt.ctx, tt.err); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestReport(t *testing.T) {
	a, b := errors.New("a failed"), errors.New("b failed")
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"nothing", nil, ""},
		{"an error", a, "error: a failed\n"},
		{"joined", errors.Join(a, b), "error: a failed; b failed\n"},
		{"one by two ways", errors.Join(a, a, b), "error: a failed; b failed\n"},
		{"one by two ways, nested", fmt.Errorf("twice: %w", errors.Join(errors.Join(b, a), a)), "error: twice: b failed; a failed\n"},
		{"again, later", errors.Join(a, b, a), "error: a failed; b failed; a failed\n"},
		{"several lines", errors.New("one\ntwo\r\n\tthree"), "error: one; two ;  three\n"},
		{"commands for a terminal", errors.New("\x1b[2Jgone\a\u009b0m\x7f"), "error: \ufffd[2Jgone\ufffd\ufffd0m\ufffd\n"},
		{"text that turns round", errors.New("user\u202egnp.exe\u2066"), "error: user\ufffdgnp.exe\ufffd\n"},
		{"a separator of lines", errors.New("one\u2028error: two"), "error: one error: two\n"},
		{"with a hint", &app.UsageError{Err: a, Command: "appsyncctl login"}, "error: a failed\nhint: run appsyncctl login --help\n"},
		{
			"a hint with a server's words", app.Advise(graphQL(401, "UnauthorizedException", "no"), "issuer \x1b]0;x\a\nhint: two"),
			"error: UnauthorizedException: no\nhint: issuer \ufffd]0;x\ufffd hint: two\n",
		},
		{"interrupted", fmt.Errorf("get https://api.example.com/: %w", context.Canceled), "error: interrupted\n"},
		{"a child that has spoken", childError{3, ""}, ""},
		{"a child that could not", childError{127, `there is no command "x"`}, "error: there is no command \"x\"\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			cli.Report(&app.App{Out: &out, Err: &errs}, tt.err)
			if got := errs.String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if out.Len() > 0 {
				t.Errorf("standard output holds %q", out.String())
			}
		})
	}
}

// childError is the end of a command that the program has run.
type childError struct {
	code int
	text string
}

func (e childError) Error() string      { return e.text }
func (e childError) ChildExitCode() int { return e.code }
