package transport_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/appsyncctl/appsyncctl/internal/transport"
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
	planted  = "S3cret/+value=&<planted>"
)

// trace returns what a trace prints of one exchange.
func trace(t *testing.T, req *http.Request, answer reply) string {
	t.Helper()
	var text strings.Builder
	chain := &transport.Trace{Writer: &text, Base: &network{replies: []reply{answer}}}
	resp, err := chain.RoundTrip(req)
	if err != nil {
		if !errors.Is(err, answer.err) {
			t.Fatal(err)
		}
		return text.String()
	}
	if got := read(t, resp); got != answer.body {
		t.Errorf("the answer is %q behind the trace, want %q", got, answer.body)
	}
	return text.String()
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// asJSON returns text as it stands inside a JSON string.
func asJSON(t *testing.T, text string) string {
	t.Helper()
	data, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(data[1 : len(data)-1])
}

func TestTraceHidesSecrets(t *testing.T) {
	escaped := asJSON(t, planted)
	form := func(name string) string { return url.Values{name: {planted}, "grant_type": {"x"}}.Encode() }
	query := `{"query":"{a}"}`
	tests := []struct {
		name    string
		url     string
		request http.Header
		body    string
		answer  reply
	}{
		{name: "Authorization, bare", request: header("Authorization", planted)},
		{name: "Authorization, Bearer", request: header("Authorization", "Bearer "+planted)},
		{name: "Cookie", request: header("Cookie", "a="+planted)},
		{name: "X-Api-Key", request: header("X-Api-Key", planted)},
		{name: "X-Amz-Security-Token", request: header("X-Amz-Security-Token", planted)},
		{name: "unknown header", request: header("X-New", planted)},
		{name: "query of the URL", url: endpoint + "?code=" + url.QueryEscape(planted)},
		{name: "user of the URL", url: "https://" + url.QueryEscape(planted) + "@api.example.com/"},
		{name: "password of the URL", url: "https://u:" + url.QueryEscape(planted) + "@api.example.com/"},
		{name: "client_secret", request: header("Content-Type", formType), body: form("client_secret")},
		{name: "client_assertion", request: header("Content-Type", formType), body: form("client_assertion")},
		{name: "refresh_token", request: header("Content-Type", formType), body: form("refresh_token")},
		{name: "device_code", request: header("Content-Type", formType), body: form("device_code")},
		{name: "code_verifier", request: header("Content-Type", formType), body: form("code_verifier")},
		{name: "new field", request: header("Content-Type", formType+"; charset=utf-8"), body: form("new")},
		{name: "a form that cannot be read", request: header("Content-Type", formType), body: "client_secret=%zz" + planted},
		{name: "JSON sent as a form", request: header("Content-Type", formType), body: `{"client_secret":"` + planted + `"}`},
		{name: "a form sent as JSON", request: header("Content-Type", jsonType), body: form("client_secret")},
		{name: "JSON with a secret", request: header("Content-Type", jsonType), body: `{"client_secret":"` + escaped + `"}`},
		{name: "Set-Cookie", answer: reply{header: header("Set-Cookie", "auth0="+planted)}},
		{name: "Location", answer: reply{status: 302, header: header("Location", "https://x/?code="+planted)}},
		{name: "access_token", answer: reply{body: `{"access_token":"` + escaped + `","expires_in":5}`}},
		{name: "refresh_token in an answer", answer: reply{body: `{"refresh_token":"` + escaped + `"}`}},
		{name: "id_token", answer: reply{body: `{"id_token":"` + escaped + `"}`}},
		{name: "device_code in an answer", answer: reply{body: `{"device_code":"` + escaped + `","interval":5}`}},
		{name: "access_token twice", answer: reply{body: `{"access_token":"a","access_token":"` + escaped + `"}`}},
		{name: "nested", answer: reply{body: `{"result":{"access_token":"` + escaped + `"}}`}},
		{name: "nested in a field that is shown", answer: reply{body: `{"error":{"access_token":"` + escaped + `"}}`}},
		{name: "in a list in a field that is shown", answer: reply{body: `{"scope":["` + escaped + `"]}`}},
		{name: "as a name", answer: reply{body: `{"` + escaped + `":1}`}},
		{name: "in a list", answer: reply{body: `["` + escaped + `"]`}},
		{name: "alone", answer: reply{body: `"` + escaped + `"`}},
		{name: "in a web page", answer: reply{body: "<html>" + planted + "</html>"}},
		{name: "in an answer that looks like GraphQL's, to a form", request: header("Content-Type", formType),
			body: "grant_type=x", answer: reply{body: `{"data":{"access_token":"` + escaped + `"}}`}},
		{name: "in an answer that looks like GraphQL's, to nothing",
			answer: reply{body: `{"data":{"access_token":"` + escaped + `"}}`}},
		{name: "form answer", answer: reply{header: header("Content-Type", formType), body: form("access_token")}},
		{name: "echo of a form", request: header("Content-Type", formType), body: form("client_secret"),
			answer: reply{body: `{"error_description":"bad secret ` + escaped + `"}`}},
		{name: "echo of a form, other escapes", request: header("Content-Type", formType), body: form("client_secret"),
			answer: reply{body: `{"error_description":"bad ` + strings.NewReplacer("/", `\/`, "+", `\u002b`, "=", `\u003D`).Replace(planted) + `"}`}},
		{name: "echo of a query", url: endpoint + "?code=" + url.QueryEscape(planted),
			answer: reply{body: `{"error_description":"bad ` + escaped + `"}`}},
		{name: "echo of a token", request: header("Authorization", planted), body: query,
			answer: reply{body: `{"errors":[{"message":"bad token ` + escaped + `"}]}`}},
		{name: "echo of a token after Bearer", request: header("Authorization", "Bearer "+planted), body: query,
			answer: reply{body: `{"errors":[{"message":"bad token ` + escaped + `"}]}`}},
		{name: "echo of a token in a header", request: header("Authorization", planted),
			answer: reply{header: header("Server", "I know "+planted)}},
		{name: "echo of a token in an error", request: header("Authorization", planted),
			answer: reply{err: errors.New("malformed HTTP response " + planted)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target := endpoint
			if tt.url != "" {
				target = tt.url
			}
			req := post(t, target, tt.body)
			if tt.request != nil {
				req.Header = tt.request
			}
			if tt.answer.status == 0 {
				tt.answer.status = 200
			}
			got := trace(t, req, tt.answer)
			wantHidden(t, got, planted)
			if !strings.Contains(got, "> POST ") || !strings.Contains(got, "\n< ") {
				t.Errorf("the exchange is not there:\n%s", got)
			}
		})
	}
}

// wantHidden fails if text holds secret as it is or as JSON or a URL writes it.
func wantHidden(t *testing.T, text, secret string) {
	t.Helper()
	for _, form := range []string{secret, asJSON(t, secret), url.QueryEscape(secret), url.PathEscape(secret), strings.ReplaceAll(secret, "/", `\/`)} {
		if strings.Contains(text, form) {
			t.Errorf("the trace shows the secret:\n%s", text)
			return
		}
	}
}

func TestTraceHidesTheSecretOfBasic(t *testing.T) {
	req := post(t, endpoint, "")
	req.SetBasicAuth("client-1", url.QueryEscape(planted))
	credentials := strings.Fields(req.Header.Get("Authorization"))[1]
	got := trace(t, req, reply{status: 401, body: `{"error_description":"not ` + asJSON(t, planted) + ` nor ` + credentials + `"}`})
	wantHidden(t, got, planted)
	wantHidden(t, got, credentials)
}

// A secret that is the beginning of another must not leave the end of that one.
func TestTraceHidesOverlappingSecrets(t *testing.T) {
	const short, long = "abcdefgh", "abcdefgh-and-the-rest"
	for range 20 { // the order of a map differs
		req := post(t, endpoint, "")
		req.Header = header("Authorization", short, "X-Other", long)
		got := trace(t, req, reply{status: 401, body: `{"message":"` + short + ` ` + long + `"}`})
		if strings.Contains(got, short) || strings.Contains(got, "and-the-rest") {
			t.Fatalf("the trace shows a part of a secret:\n%s", got)
		}
	}
}

func TestTraceShows(t *testing.T) {
	req := post(t, endpoint+"?audience=https%3A%2F%2Fapi&state=x", `{"query":"query A { a }","variables":{"name":"Ann"}}`)
	req.Header = header("Authorization", "token-token", "Content-Type", jsonType)
	req.Header["Idempotency-Key"] = []string{}
	got := trace(t, req, reply{
		status: 200,
		header: header("X-Amzn-Requestid", "request-1", "X-Amzn-Errortype", "UnauthorizedException", "Set-Cookie", "c=d"),
		body:   `{"data":{"a":[1]},"errors":[{"errorType":"X","message":"went wrong"}]}`,
	})
	for _, want := range []string{
		"> POST https://api.example.com/graphql?audience=https://api&state=[redacted]\n",
		"> Authorization: [redacted]\n",
		"> Content-Type: application/json\n",
		`> {"query":"query A { a }","variables":{"name":"Ann"}}` + "\n",
		"< OK (",
		"< X-Amzn-Requestid: request-1\n",
		"< X-Amzn-Errortype: UnauthorizedException\n",
		"< Set-Cookie: [redacted]\n",
		`< {"data":{"a":[1]},"errors":[{"errorType":"X","message":"went wrong"}]}` + "\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant in it %q", got, want)
		}
	}
	if strings.Contains(got, "Idempotency-Key") {
		t.Errorf("got\n%s\nwith a header that is not sent", got)
	}
}

func TestTraceShowsTheProvider(t *testing.T) {
	req := post(t, "https://tenant.example.com/oauth/token", "grant_type=client_credentials&client_id=c1&client_secret=s3cr3t-s3cr3t&audience=https%3A%2F%2Fapi")
	req.Header = header("Content-Type", formType)
	got := trace(t, req, reply{status: 403, body: `{"error":"access_denied","error_description":"no grant","expires_in":86400,"extra":1}`})
	for _, want := range []string{
		"> audience=https://api&client_id=c1&client_secret=[redacted]&grant_type=client_credentials\n",
		`< {"error":"access_denied","error_description":"no grant","expires_in":86400,"extra":"[redacted]"}` + "\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant in it %q", got, want)
		}
	}
}

func TestTraceChangesNothing(t *testing.T) {
	net := &network{replies: []reply{{status: 200, body: "x"}}}
	req := post(t, endpoint+"?code=1", "whole body")
	req.Header.Set("Authorization", "token-token")
	if _, err := (&transport.Trace{Writer: io.Discard, Base: net}).RoundTrip(req); err != nil {
		t.Fatal(err)
	}
	got := net.sent[0]
	if got.url != endpoint+"?code=1" || got.body != "whole body" || got.header.Get("Authorization") != "token-token" {
		t.Errorf("sent %+v", got)
	}
}

func TestTraceBodyThatBreaksOff(t *testing.T) {
	chain := &transport.Trace{Writer: io.Discard, Base: roundTrip(func(req *http.Request) (*http.Response, error) {
		resp := respond(req, reply{status: 200})
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("start"), &failing{}))
		return resp, nil
	})}
	resp, err := chain.RoundTrip(post(t, endpoint, ""))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	if string(got) != "start" || !errors.Is(err, errBroken) {
		t.Errorf("got %q, %v; want the start and the error", got, err)
	}
}

type failing struct{}

func (*failing) Read([]byte) (int, error) { return 0, errBroken }

// A body without an end must reach whoever limits it.
func TestTraceLargeBody(t *testing.T) {
	var text strings.Builder
	body := strings.Repeat(planted, 200_000)
	chain := &transport.Trace{Writer: &text, Base: &network{replies: []reply{{status: 200, body: body}}}}
	resp, err := chain.RoundTrip(post(t, endpoint, ""))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, resp); got != body {
		t.Errorf("got %d bytes behind the trace, want %d", len(got), len(body))
	}
	if got := text.String(); !strings.Contains(got, "[more than 1 MiB]") || strings.Contains(got, planted) {
		t.Errorf("got a trace of %d bytes, want the size only", len(got))
	}
}

// A secret that a client sends, and one that a server answers with, never
// appears, whatever stands around it.
func FuzzTrace(f *testing.F) {
	f.Add("0123456789abcdef", "access_token", `{"error_description":"`, `"}`, true)
	f.Add("se/cr+et=val\"ue\\", "error", `{"errors":[{"message":"`, `"}]}`, false)
	f.Add("[redacted]", "scope", "<", ">", true)
	f.Add("&amp;<script>", "x", `{"scope":{"a":"`, `"}}`, false)
	f.Fuzz(func(t *testing.T, secret, name, before, after string, form bool) {
		if len(secret) < 8 || !utf8.ValidString(secret) || strings.TrimSpace(secret) != secret || strings.Contains("[redacted]", secret) {
			t.Skip("not a secret")
		}
		// What surrounds the secret is public, so it must not hold it.
		around := name + before + after + `{"query":"{a}","data"}` + "> POST https://api.example.com/graphql Content-Type application/x-www-form-urlencoded OK grant_type=x"
		if strings.Contains(around, secret) || !utf8.ValidString(around) {
			t.Skip("not secret")
		}
		req := post(t, endpoint, `{"query":"{a}"}`)
		req.Header = header("Content-Type", jsonType, "Authorization", secret)
		if form {
			req = post(t, endpoint, url.Values{"client_secret": {secret}}.Encode())
			req.Header = header("Content-Type", formType)
		}
		got := trace(t, req, reply{status: 400, body: before + asJSON(t, secret) + after})
		if strings.Contains(got, secret) {
			t.Errorf("the trace shows an echo of %q:\n%s", secret, got)
		}

		answer, err := json.Marshal(map[string]any{name: secret, "expires_in": 5})
		if err != nil {
			t.Fatal(err)
		}
		if publicFields[name] {
			return
		}
		got = trace(t, post(t, endpoint, ""), reply{status: 200, body: string(answer)})
		if strings.Contains(got, secret) || strings.Contains(got, asJSON(t, secret)) {
			t.Errorf("the trace shows %q, which the server sent as %q:\n%s", secret, name, got)
		}
	})
}

// The fields that RFC 6749, RFC 8628 and OpenID discovery make public.
var publicFields = map[string]bool{
	"audience": true, "client_id": true, "client_assertion_type": true, "grant_type": true, "organization": true,
	"scope": true, "error": true, "error_description": true, "message": true, "expires_in": true, "interval": true,
	"token_type": true, "verification_uri": true, "issuer": true, "jwks_uri": true, "token_endpoint": true,
	"device_authorization_endpoint": true, "authorization_endpoint": true, "revocation_endpoint": true,
	"userinfo_endpoint": true,
}
