package doctor_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

func TestReadAnswer(t *testing.T) {
	tests := []struct {
		name   string
		text   string
		status int
		header string // of Content-Type
		body   string
		reason string // of the error
	}{
		{"as curl -i writes it", "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n\r\n{\"errors\":[]}", 401, "application/json", `{"errors":[]}`, ""},
		{"HTTP/2", "HTTP/2 200 \r\ncontent-type: application/json\r\n\r\n{}", 200, "application/json", "{}", ""},
		{"line feeds only", "HTTP/2 403\ncontent-type: text/html\n\n<html>", 403, "text/html", "<html>", ""},
		{"after a redirect", "HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n{}", 200, "a/b", "{}", ""},
		{"after a proxy and 100", "HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/2 401\r\ncontent-type: c\r\n\r\n{}\n", 401, "c", "{}\n", ""},
		{"a header alone", "HTTP/1.1 204 No Content\r\nContent-Type: x\r\n\r\n", 204, "x", "", ""},
		{"a header that ends early", "HTTP/1.1 503 Service Unavailable\r\nContent-Type: x\r\n", 503, "x", "", ""},
		{"a status line alone", "HTTP/1.1 503", 503, "", "", ""},
		{"a body that speaks of HTTP", "HTTP/1.1 200 OK\n\nHTTP/ is a protocol", 200, "", "HTTP/ is a protocol", ""},
		{"a body alone", "\n {\"data\":null}\n", 0, "", "{\"data\":null}\n", ""},
		{"a body behind a mark", "\ufeff{}", 0, "", "{}", ""},
		{"a page", "<html></html>", 0, "", "<html></html>", ""},

		{"nothing", " \r\n\t", 0, "", "", "it is empty"},
		{"no status", "HTTP/1.1\r\n\r\n{}", 0, "", "", "its status line has no status"},
		{"a status of another kind", "HTTP/1.1 abc\r\n\r\n{}", 0, "", "", "its status line has no status"},
		{"a status out of range", "HTTP/1.1 999 No\r\n\r\n{}", 0, "", "", "its status line has no status"},
		{"a header that is none", "HTTP/1.1 200 OK\r\nno header\r\n\r\n{}", 0, "", "", "its header is not HTTP's"},
		{"a status line without an end", "HTTP/1.1 200 " + strings.Repeat("x", 1<<16), 0, "", "", "its status line is too long"},
		{"too many", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 21), 0, "", "", "it has more than 20 answers"},
		{"too much", strings.Repeat("x", 8<<20+1), 0, "", "", "it has more than 8 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := doctor.ReadAnswer(strings.NewReader(tt.text))
			if tt.reason != "" {
				wrong, typed := errors.AsType[*doctor.AnswerError](err)
				if !typed || wrong.Reason != tt.reason {
					t.Errorf("got %v, want %q", err, tt.reason)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != tt.status || string(got.Body) != tt.body || got.Header.Get("Content-Type") != tt.header {
				t.Errorf("got %d %v %q", got.Status, got.Header, got.Body)
			}
		})
	}
	_, err := doctor.ReadAnswer(iotest.ErrReader(io.ErrUnexpectedEOF))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

// TestReadTold recognises what commands write with -o json: it is no answer of the API.
func TestReadTold(t *testing.T) {
	tests := []struct {
		name    string
		text    string
		message string // empty if it is an answer
	}{
		{"refused", `{"error":{"type":"UnauthorizedException","message":"UnauthorizedException: Token has expired.","request_id":"1","status":401,"retryable":false,"exit_code":4}}`, "UnauthorizedException: Token has expired."},
		{"a firewall", `{"error":{"type":"login","message":"the API answered 403 Forbidden: Forbidden","status":403,"retryable":false,"exit_code":4}}`, "the API answered 403 Forbidden: Forbidden"},
		{"a page", `{"error":{"type":"graphql","message":"the API answered 404 Not Found with a web page (HTML)","status":404,"retryable":false,"exit_code":3}}`, "the API answered 404 Not Found with a web page (HTML)"},
		{"after notices", "waiting\n{\"a\":1}\n{\"error\":{\"type\":\"graphql\",\"message\":\"no such field\",\"status\":200,\"exit_code\":3}}\n", "no such field"},
		{"formatted", "{\n  \"error\": {\n    \"type\": \"graphql\",\n    \"message\": \"no such field\",\n    \"status\": 200,\n    \"exit_code\": 3\n  }\n}\n", "no such field"},
		{"no answer", `{"error":{"type":"network","message":"no answer from the API","retryable":true,"exit_code":5}}`, "no answer from the API"},
		{"somebody else's", `{"error":{"type":"x","message":"y","status":401}}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := doctor.ReadAnswer(strings.NewReader(tt.text))
			if tt.message != "" {
				wrong, typed := errors.AsType[*doctor.AnswerError](err)
				if want := "it is an error of this program: " + tt.message; !typed || wrong.Reason != want {
					t.Errorf("got %v, want %q", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Body) != tt.text {
				t.Errorf("got %q", got.Body)
			}
		})
	}
}

// FuzzReadAnswer reads whatever somebody has saved, and never more than there is.
func FuzzReadAnswer(f *testing.F) {
	f.Add("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\nHTTP/2 401\r\nx-amzn-errortype: UnauthorizedException\r\n\r\n{\"errors\":[{\"message\":\"Unauthorized\"}]}")
	f.Add("HTTP/1.1 200 OK\n\nHTTP/1.1")
	f.Add("{\"data\":{}}")
	f.Add("HTTP/1.1 100 Continue\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := doctor.ReadAnswer(strings.NewReader(text))
		if err != nil {
			if _, typed := errors.AsType[*doctor.AnswerError](err); !typed || got != nil {
				t.Fatalf("%v, %v", got, err)
			}
			return
		}
		if got.Status != 0 && (got.Status < 100 || got.Status > 599) {
			t.Errorf("status %d", got.Status)
		}
		if !strings.HasSuffix(text, string(got.Body)) {
			t.Errorf("the body is not the end of the file: %q", got.Body)
		}
	})
}
