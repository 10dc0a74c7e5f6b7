package redact_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// TestPatterns takes out what is secret by where it stands.
func TestPatterns(t *testing.T) {
	clean := known("p/anted+secret one").Text
	tests := []struct{ name, text, want string }{
		{"a form", "sent secret=p%2Fanted%2Bsecret+one.", "sent secret=[redacted]."},
		{"a path", "sent p%2Fanted+secret%20one.", "sent [redacted]."},
		{"JSON", `sent "p\/anted+secret one"`, `sent "[redacted]"`},
		{"cut off", "it said p/anted+…", "it said [redacted]…"},
		{"cut off in a sentence", "it said p/anted+sec… (403)", "it said [redacted]… (403)"},
		{"cut off by chance", "it said stop…", "it said stop…"},
		{"a query", "see https://example.com/graphql?api_key=QUERY88&n=1: not found", "see https://example.com/graphql?api_key=[redacted]&n=[redacted]: not found"},
		{"a query without a name", "moved to /login?QUERY88", "moved to /login?[redacted]"},
		{"a query at the root", "https://id.example.com?k=QUERY88", "https://id.example.com?k=[redacted]"},
		{"no query", "what is this? a question", "what is this? a question"},
		{"a signature", "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0123456789abcdef", "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=[redacted]"},
		{"a member of a form", "grant_type=x&client_secret=abc123&scope=y", "grant_type=x&client_secret=[redacted]&scope=y"},
		{"a member of JSON", `{"client_secret": "abc123","n":1}`, `{"client_secret": "[redacted]","n":1}`},
		{"a header", "got Authorization: Bearer abcdefghij0123456789xyz", "got Authorization: Bearer [redacted]"},
		{"prose", "Bearer tokens are not accepted", "Bearer tokens are not accepted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := clean(tt.text)
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if again := clean(got); again != got {
				t.Errorf("%s becomes %s when it is cleaned again", got, again)
			}
		})
	}
	for _, document := range []string{"p%2Fanted%2Bsecret+one", `"p\/anted+secret one"`, "p/anted+se…"} {
		if clean(document) == document {
			t.Errorf("%s passes", document)
		}
	}
}

// FuzzCutSecret cuts a text with a secret anywhere: three bytes of it may stay.
func FuzzCutSecret(f *testing.F) {
	const secret = "Zq7-planted-secret-0123456789"
	clean := known(secret).Text
	for at := range len(secret) + 10 {
		f.Add("it said ", at)
	}
	f.Fuzz(func(t *testing.T, before string, at int) {
		text := before + secret + " to it"
		if at < 0 || at > len(text) || strings.Contains(before, "Zq7-") {
			t.Skip("no cut")
		}
		if got := clean(text[:at] + "…"); strings.Contains(got, secret[:4]) {
			t.Errorf("%q cut at %d became %q", text, at, got)
		}
	})
}

// TestText takes out what is known, and what looks like a token.
func TestText(t *testing.T) {
	const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"
	clean := known("correct horse", "correct horse battery", "wrong").Text
	tests := []struct{ text, want string }{
		{"nothing of it", "nothing of it"},
		{"it said correct horse battery!", "it said [redacted]!"},
		{"it said correct horse!", "it said [redacted]!"},
		{"token " + jwt + " was refused", "token [redacted] was refused"},
		{"cut off: " + jwt[:30], "cut off: [redacted]"},
		{"https://me:pass@example.com/graphql", "https://[redacted]@example.com/graphql"},
		{"me@example.com", "me@example.com"},
		{"its ID or its secret is wrong", "its ID or its secret is wrong"}, // too short to be one
	}
	for _, tt := range tests {
		if got := clean(tt.text); got != tt.want {
			t.Errorf("%q became %q, want %q", tt.text, got, tt.want)
		}
		if again := clean(tt.want); again != tt.want {
			t.Errorf("%q becomes %q when it is cleaned again", tt.want, again)
		}
	}
	for _, document := range []string{"…correct horse…", jwt} {
		if clean(document) == document {
			t.Errorf("%q passes", document)
		}
	}
}

func known(secrets ...string) *redact.Secrets {
	all := new(redact.Secrets)
	for _, secret := range secrets {
		all.Add(secret)
	}
	return all
}

// TestSecret prints a secret in every way there is.
func TestSecret(t *testing.T) {
	const plain = "hunter22-hunter22"
	secret := redact.Secret(plain)
	var out bytes.Buffer
	for _, value := range []any{secret, &secret, []redact.Secret{secret}, map[string]redact.Secret{"k": secret}, struct{ Key redact.Secret }{secret}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%f"} {
			fmt.Fprintf(&out, verb, value)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("", "value", value)
		slog.New(slog.NewTextHandler(&out, nil)).Info("", "value", value)
	}
	if got := out.String(); strings.Contains(got, plain) || strings.Contains(got, fmt.Sprintf("%x", plain)) || !strings.Contains(got, redact.Redacted) {
		t.Errorf("got %s", got)
	}
	got, err := json.Marshal(secret)
	if want := `"[redacted]"`; err != nil || string(got) != want {
		t.Errorf("JSON is %s, %v; want %s", got, err, want)
	}
}
