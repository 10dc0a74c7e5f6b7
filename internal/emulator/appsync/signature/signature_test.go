package signature_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/signature"
)

// TestVerify verifies what AWS's own signer signs, and what was changed afterwards.
func TestVerify(t *testing.T) {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	key := signature.Key{ID: "AKIDEXAMPLE", Secret: "the secret"}
	tests := []struct {
		name   string
		key    signature.Key
		change func(*http.Request)
		want   string // the type of the refusal; empty is none
	}{
		{name: "signed", key: key},
		{name: "for the key's region", key: signature.Key{ID: key.ID, Secret: key.Secret, Region: "eu-west-1"}},
		{name: "for another region", key: signature.Key{ID: key.ID, Secret: key.Secret, Region: "us-east-1"}, want: signature.Invalid},
		{name: "another key", key: signature.Key{ID: "AKIDOTHER", Secret: key.Secret}, want: signature.UnknownKey},
		{name: "another secret", key: signature.Key{ID: key.ID, Secret: "another"}, want: signature.Invalid},
		{name: "not signed", key: key, change: func(r *http.Request) { r.Header.Del("Authorization") }, want: signature.Missing},
		{name: "another path", key: key, change: func(r *http.Request) { r.URL.Path = "/other" }, want: signature.Invalid},
		{name: "another header", key: key, change: func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, want: signature.Invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := []byte(`{"query":"{__typename}"}`)
			r := httptest.NewRequest(http.MethodPost, "https://api.example.com/graphql", bytes.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			sum := sha256.Sum256(body)
			keys := aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: string(key.Secret)}
			if err := v4.NewSigner().SignHTTP(t.Context(), keys, r, hex.EncodeToString(sum[:]), "appsync", "eu-west-1", now); err != nil {
				t.Fatal(err)
			}
			if tt.change != nil {
				tt.change(r)
			}
			read, err := signature.Read(r)
			if err != nil {
				t.Fatal(err)
			}
			verifier := signature.Verifier{Key: tt.key, Service: "appsync", Now: func() time.Time { return now }}
			region, refused := verifier.Verify(t.Context(), read)
			switch {
			case tt.want == "" && (refused != nil || region != "eu-west-1"):
				t.Errorf("got %q %v", region, refused)
			case tt.want != "" && (refused == nil || refused.Type != tt.want):
				t.Errorf("got %v, want %s", refused, tt.want)
			}
		})
	}
}
