package appsync

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

func (a *API) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	a.headers(w.Header())
	if r.Method == http.MethodOptions {
		w.Header().Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
		w.Header().Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
		w.WriteHeader(http.StatusOK)
		return
	}
	answer, refused := a.answer(r)
	if refused != nil {
		w.Header().Set("x-amzn-ErrorType", refused.Type)
		write(w, r, refused.Status, refusalBody(refused))
		return
	}
	w.Header().Set("x-amzn-appsync-tokensconsumed", "1")
	write(w, r, http.StatusOK, answer.encode())
}

func (a *API) answer(r *http.Request) (*response, *refusal) {
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		return nil, &refusal{Status: http.StatusMethodNotAllowed, Type: "BadRequestException", Message: "Method not allowed."}
	}
	body, refused := readBody(r)
	if refused != nil {
		return nil, refused
	}
	mode, refused := a.authorizer.authorize(r.Context(), credentials{header: r.Header, host: r.Host, method: r.Method, url: r.URL, body: body})
	if refused != nil {
		return nil, refused
	}
	req, refused := decode(r, body)
	if refused != nil {
		return nil, refused
	}
	return a.execute(withMode(r.Context(), mode), req)
}

func (a *API) headers(h http.Header) {
	h.Set("Content-Type", "application/json;charset=UTF-8")
	h.Set("x-amzn-RequestId", uuid.NewString())
	h.Set("Date", a.config.Now().UTC().Format(http.TimeFormat))
	h.Set("Vary", "accept-encoding")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType,x-amz-user-agent,x-amzn-ErrorMessage,Date,x-amz-schema-version")
}

// refusalBody prints as the edge prints: indented, with a blank before each colon.
func refusalBody(r *refusal) []byte {
	kind, message := quote(r.Type), quote(r.Message)
	first, second := `"errorType" : `+kind, `"message" : `+message
	if r.Status != http.StatusUnauthorized {
		first, second = second, first
	}
	return fmt.Appendf(nil, "{\n  \"errors\" : [ {\n    %s,\n    %s\n  } ]\n}", first, second)
}

func quote(s string) string { return string(marshal(s)) }

// marshal encodes what is known to encode, and leaves < > & alone as AppSync does.
func marshal(v any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}

func write(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		var packed bytes.Buffer
		zip := gzip.NewWriter(&packed)
		_, _ = zip.Write(body) // into memory
		_ = zip.Close()
		w.Header().Set("Content-Encoding", "gzip")
		body = packed.Bytes()
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone
}

func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" {
			weight = strings.ReplaceAll(weight, " ", "")
			return weight != "q=0" && weight != "q=0.0"
		}
	}
	return false
}
