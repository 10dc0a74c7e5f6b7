package appsync_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// recording is an answer of the real service with its source, and the request that
// makes the emulator give the like. Where the real request was against another
// schema, ours is the nearest one; names and places differ, the rest must not.
type recording struct {
	Source  string
	Caller  string // who asks; empty is one with a good token
	Request json.RawMessage
	Status  int
	Body    any
	Frame   map[string]any // instead of a status and a body
}

func recordings(t *testing.T) map[string]recording {
	t.Helper()
	files, err := filepath.Glob("testdata/recorded/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	all := map[string]recording{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var r recording
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if r.Source == "" {
			t.Errorf("%s names no source", file)
		}
		all[filepath.Base(file)] = r
	}
	return all
}

func TestRecordedAnswers(t *testing.T) {
	configs := map[string]func(*appsync.Config){
		"another client": func(c *appsync.Config) { c.ClientID = "another" },
		"api key":        func(c *appsync.Config) { c.APIKeys = []redact.Secret{"da2-good"} },
		"denied":         once(appsync.FaultUnauthorized),
	}
	for name, r := range recordings(t) {
		if r.Frame != nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s := serve(t, configs[r.Caller])
			headers := map[string]string{"Authorization": s.auth}
			switch r.Caller {
			case "opaque":
				headers["Authorization"] = "opaque"
			case "api key":
				headers = map[string]string{"x-api-key": "da2-expired"}
			}
			body := string(r.Request)
			if body == "null" {
				body = ""
			}
			got := s.send(t, http.MethodPost, s.endpoint, body, headers)
			if got.status != r.Status {
				t.Errorf("status: got %d, want %d", got.status, r.Status)
			}
			var answer any
			if err := json.Unmarshal([]byte(got.body), &answer); err != nil {
				t.Fatal(err)
			}
			if got, want := shape(answer), shape(r.Body); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestRecordedFrames(t *testing.T) {
	s := serve(t, extended)
	c := s.dial(t, "", http.Header{"Authorization": {s.auth}}, "graphql-ws")
	frames := map[string]string{}
	next := func(count int) {
		for range count {
			var frame map[string]any
			if err := json.Unmarshal([]byte(c.read()), &frame); err != nil {
				t.Fatal(err)
			}
			frames[frame["type"].(string)] = shape(frame)
		}
	}
	c.send(`{"type":"connection_init"}`)
	next(2)
	c.start("1", "subscription { onCreateCustomer { id } }", nil, s.auth)
	next(1)
	s.create(t, map[string]any{})
	next(1)
	c.send(`{"id":"1","type":"stop"}`)
	next(1)
	for name, r := range recordings(t) {
		if r.Frame == nil {
			continue
		}
		if got, want := frames[r.Frame["type"].(string)], shape(r.Frame); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// shape prints a JSON value with its keys, its types and its fixed words: what is
// quoted in a message is blanked, and so are ids and places.
func shape(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			part := shape(v[key])
			if text, ok := v[key].(string); ok && (key == "message" || key == "errorType" || key == "type") {
				part = words(text)
			}
			parts = append(parts, key+":"+part)
		}
		return "{" + strings.Join(parts, " ") + "}"
	case []any:
		var parts []string
		for _, element := range v {
			parts = append(parts, shape(element))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case nil:
		return "null"
	}
	return fmt.Sprintf("%T", v)
}

func words(message string) string {
	message = regexp.MustCompile(`'[^']*'`).ReplaceAllString(message, "''")
	message = regexp.MustCompile(`of field \w+`).ReplaceAllString(message, "of field _")
	message = regexp.MustCompile(`Not Authorized to access \w+`).ReplaceAllString(message, "Not Authorized to access _")
	message = regexp.MustCompile(`Request ID: \w+`).ReplaceAllString(message, "Request ID: _")
	return regexp.MustCompile(`(has an invalid value\.).*`).ReplaceAllString(message, "$1")
}
