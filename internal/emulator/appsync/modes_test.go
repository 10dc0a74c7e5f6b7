package appsync_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/signature"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// The mode follows from the shape of the headers; a JWT is never the function's.
func TestModes(t *testing.T) {
	pool := newIssuer(t)
	pool.rotate(t, "pool")
	s := serve(t, func(c *appsync.Config) {
		c.APIKeys = []redact.Secret{"da2-one", "da2-two"}
		c.LambdaToken = "open sesame"
		c.CognitoIssuer = pool.url
	})
	tests := []struct {
		name               string
		key, authorization string
		want               string
		wantAlone          string // with OpenID as the only mode
	}{
		{name: "api key", key: "da2-two", wantAlone: notAllowed},
		{name: "wrong api key", key: "da2-three", want: notAllowed, wantAlone: notAllowed},
		{name: "lambda", authorization: "open sesame", wantAlone: unreadable},
		{name: "wrong lambda token", authorization: "shut sesame", want: notAllowed, wantAlone: unreadable},
		{name: "a JWT is not the function's", authorization: "eyJhbGciOiJSUzI1NiJ9.e30.AAAA", want: noHeader, wantAlone: noHeader},
		{name: "Bearer is not the function's", authorization: "Bearer open sesame", want: unreadable, wantAlone: unreadable},
		{name: "cognito", authorization: pool.token(t, nil), wantAlone: noHeader},
		{name: "cognito, Bearer", authorization: "Bearer " + pool.token(t, nil), wantAlone: noHeader},
		{name: "cognito, expired", authorization: pool.token(t, map[string]any{"exp": 1}), want: expired, wantAlone: noHeader},
		{name: "iam", authorization: "AWS4-HMAC-SHA256 Credential=a", want: notAllowed, wantAlone: notAllowed},
		{name: "nothing", want: noHeader, wantAlone: noHeader},
	}
	only := serve(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			headers := map[string]string{}
			if tt.key != "" {
				headers["x-api-key"] = tt.key
			}
			if tt.authorization != "" {
				headers["Authorization"] = tt.authorization
			}
			checkRefusal(t, s.send(t, http.MethodPost, s.endpoint, `{"query":"{__typename}"}`, headers), tt.want)
			checkRefusal(t, only.send(t, http.MethodPost, only.endpoint, `{"query":"{__typename}"}`, headers), tt.wantAlone)
		})
	}
	checkRefusal(t, s.post(t, `{"query":"{__typename}"}`), "") // OpenID, beside the others
}

// Signatures are made by AWS's own signer, as a client makes them.
func TestIAM(t *testing.T) {
	keys := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "the secret"}
	s := serve(t, func(c *appsync.Config) {
		c.IAM = &signature.Key{ID: keys.AccessKeyID, Secret: redact.Secret(keys.SecretAccessKey), Region: "eu-west-1"}
	})
	const body, mismatch = `{"query":"{__typename}"}`, "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	signed := func(keys aws.Credentials, service, region string, when time.Time) map[string]string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.endpoint, bytes.NewBufferString(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		sum := sha256.Sum256([]byte(body))
		if err := v4.NewSigner().SignHTTP(t.Context(), keys, req, hex.EncodeToString(sum[:]), service, region, when); err != nil {
			t.Fatal(err)
		}
		headers := map[string]string{}
		for name := range req.Header {
			headers[name] = req.Header.Get(name)
		}
		return headers
	}
	now := time.Now()
	session, wrong, unknown := keys, keys, keys
	session.SessionToken, wrong.SecretAccessKey, unknown.AccessKeyID = "session", "another", "AKIDOTHER"
	garbled := signed(keys, "appsync", "eu-west-1", now)
	garbled["Authorization"] = "AWS4-HMAC-SHA256 meow"
	undated := signed(keys, "appsync", "eu-west-1", now)
	delete(undated, "X-Amz-Date")
	tests := []struct {
		name    string
		headers map[string]string
		body    string
		want    string // the start of the message; empty is success
	}{
		{name: "signed", headers: signed(keys, "appsync", "eu-west-1", now), body: body},
		{name: "with a session token", headers: signed(session, "appsync", "eu-west-1", now), body: body},
		{name: "another body", headers: signed(keys, "appsync", "eu-west-1", now), body: body + " ", want: mismatch},
		{name: "another secret", headers: signed(wrong, "appsync", "eu-west-1", now), body: body, want: mismatch},
		{name: "an unknown key", headers: signed(unknown, "appsync", "eu-west-1", now), body: body, want: "Permission denied"},
		{name: "another service", headers: signed(keys, "s3", "eu-west-1", now), body: body, want: "Credential should be scoped to a valid region"},
		{name: "another region", headers: signed(keys, "appsync", "eu-west-2", now), body: body, want: "Credential should be scoped to a valid region"},
		{name: "old", headers: signed(keys, "appsync", "eu-west-1", now.Add(-time.Hour)), body: body, want: "Signature expired: "},
		{name: "garbled", headers: garbled, body: body, want: "Authorization header requires "},
		{name: "without a date", headers: undated, body: body, want: "Authorization header requires existence of "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := s.send(t, http.MethodPost, s.endpoint, tt.body, tt.headers)
			if tt.want == "" {
				checkRefusal(t, got, "")
				return
			}
			if got.status != http.StatusUnauthorized || !strings.Contains(got.body, `"message" : "`+tt.want) {
				t.Errorf("got %d %s, want %s", got.status, got.body, tt.want)
			}
		})
	}
}

// The handshake signs POST …/graphql/connect with {}, a start its own data.
func TestIAMInRealTime(t *testing.T) {
	keys := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "the secret"}
	s := serve(t, func(c *appsync.Config) {
		c.IAM = &signature.Key{ID: keys.AccessKeyID, Secret: redact.Secret(keys.SecretAccessKey)}
	})
	signed := func(path, body string) map[string]string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+s.host()+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", "application/json, text/javascript")
		req.Header.Set("Content-Encoding", "amz-1.0")
		req.Header.Set("Content-Type", "application/json; charset=UTF-8")
		sum := sha256.Sum256([]byte(body))
		if err := v4.NewSigner().SignHTTP(t.Context(), keys, req, hex.EncodeToString(sum[:]), "appsync", "eu-west-1", time.Now()); err != nil {
			t.Fatal(err)
		}
		pairs := map[string]string{"host": s.host()}
		for name := range req.Header {
			pairs[strings.ToLower(name)] = req.Header.Get(name)
		}
		return pairs
	}
	c := s.dial(t, "", nil, "graphql-ws", "header-"+base64.RawURLEncoding.EncodeToString(encode(t, signed("/graphql/connect", "{}"))))
	c.send(`{"type":"connection_init"}`)
	c.want(`{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`)
	c.want(`{"type":"ka"}`)
	const data = `{"query":"subscription { onCreateCustomer { id } }"}`
	start := func(authorization map[string]string) {
		c.send(string(encode(t, map[string]any{"id": "1", "type": "start", "payload": map[string]any{
			"data": data, "extensions": map[string]any{"authorization": authorization},
		}})))
	}
	start(signed("/graphql", "{}"))
	if got := c.read(); !strings.Contains(got, `"errorCode":401,"message":"The request signature we calculated`) {
		t.Errorf("got %s", got)
	}
	start(signed("/graphql", data))
	c.want(`{"id":"1","type":"start_ack"}`)
}

func TestSecretsDoNotPrint(t *testing.T) {
	config := appsync.Config{APIKeys: []redact.Secret{"da2-hidden"}, LambdaToken: "hidden", IAM: &signature.Key{Secret: "hidden"}}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		text := fmt.Sprintf(format, []any{config.APIKeys, config.LambdaToken, *config.IAM})
		if strings.Contains(text, "hidden") || !strings.Contains(text, "[redacted]") {
			t.Errorf("%s: %s", format, text)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name   string
		config appsync.Config
		want   string
	}{
		{"a broken schema", appsync.Config{Schema: "type"}, "schema: "},
		{"a schema of another API", appsync.Config{Schema: "type Query { x: Int }"}, "schema: "},
		{"a broken pattern", appsync.Config{Schema: schema.Wizard(), Issuer: "http://x/", ClientID: "("}, "client id: "},
		{"a short key", appsync.Config{Schema: schema.Wizard(), TokenKey: []byte("short")}, "token key: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := appsync.New(tt.config); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s…", err, tt.want)
			}
		})
	}
}

// With a default mode the others need a directive (aws-appsync-community#361).
func TestDefaultMode(t *testing.T) {
	opened := strings.Replace(schema.Wizard(), "getCustomer(id: ID!): Customer", "getCustomer(id: ID!): Customer @aws_api_key", 1)
	s := serve(t, func(c *appsync.Config) {
		c.Schema = opened
		c.APIKeys = []redact.Secret{"da2-x"}
		c.DefaultMode = appsync.ModeOpenID
	})
	const query = `{"query":"{ getCustomer(id: \"1\") { id } listCustomers { nextToken } }"}`
	denied := func(field string) string {
		return `"errorType":"Unauthorized","errorInfo":null,"locations":[{"line":1,"column":` + map[string]string{"getCustomer": "3", "listCustomers": "31"}[field] +
			`,"sourceName":null}],"message":"Not Authorized to access ` + field + ` on type Query"}]}`
	}
	tests := []struct{ name, header, value, want string }{
		{"the default", "Authorization", s.auth, `{"data":{"getCustomer":null,"listCustomers":{"nextToken":null}},"errors":[{"path":["getCustomer"],"data":null,` + denied("getCustomer")},
		{"another", "x-api-key", "da2-x", `{"data":{"getCustomer":null,"listCustomers":null},"errors":[{"path":["listCustomers"],"data":null,` + denied("listCustomers")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := s.send(t, http.MethodPost, s.endpoint, query, map[string]string{tt.header: tt.value})
			if got.status != http.StatusOK || got.header.Get("x-amzn-ErrorType") != "" || got.body != tt.want {
				t.Errorf("got  %d %s\nwant %s", got.status, got.body, tt.want)
			}
		})
	}
}
