package awsaccount_test

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
)

func TestHasCredentials(t *testing.T) {
	metadata := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/latest/api/token":
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
			_, _ = io.WriteString(w, "token")
		case "/latest/meta-data/iam/security-credentials/":
			_, _ = io.WriteString(w, "role")
		default:
			_ = json.NewEncoder(w).Encode(map[string]any{
				"Code": "Success", "AccessKeyId": "ASIATEST", "SecretAccessKey": "s", "Token": "t",
				"Expiration": time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
			})
		}
	})
	gone := make(chan struct{})
	silent := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-gone:
		}
	})
	t.Cleanup(func() { close(gone) })
	files := t.TempDir()
	for name, text := range map[string]string{
		"keys":    "[default]\naws_access_key_id = AKIATEST\naws_secret_access_key = s\n",
		"sso":     "[default]\nsso_account_id = 1\nsso_role_name = r\nsso_region = eu-west-1\nsso_start_url = https://sso.invalid/start\n",
		"profile": "[profile other]\naws_access_key_id = AKIATEST\naws_secret_access_key = s\n",
	} {
		if err := os.WriteFile(filepath.Join(files, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name      string
		variables map[string]string
		want      bool
	}{
		{"none", nil, false},
		{"environment", map[string]string{"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "s"}, true},
		{"half of them", map[string]string{"AWS_ACCESS_KEY_ID": "AKIATEST"}, false},
		{"file", map[string]string{"AWS_SHARED_CREDENTIALS_FILE": filepath.Join(files, "keys")}, true},
		{"profile", map[string]string{"AWS_CONFIG_FILE": filepath.Join(files, "profile"), "AWS_PROFILE": "other"}, true},
		{"single sign-on, which is not asked", map[string]string{"AWS_CONFIG_FILE": filepath.Join(files, "sso")}, true},
		{"machine", map[string]string{"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata}, true},
		{"silent machine", map[string]string{"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": silent}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			environment(t, tt.variables)
			options := awsaccount.Options{}
			if tt.name == "silent machine" {
				options.MetadataTime = 10 * time.Millisecond
			}
			if got := open(t, options).HasCredentials(t.Context()); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

func TestOpenRefusesAnUnknownProfile(t *testing.T) {
	environment(t, map[string]string{"AWS_PROFILE": "nobody"})
	_, err := awsaccount.Open(t.Context(), awsaccount.Options{})
	expect(t, err, awsaccount.Misconfigured, "nobody")
}

// TestAround sends through what the caller puts around, on top of a transport that
// trusts AWS_CA_BUNDLE, and follows no redirect.
func TestAround(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(server.Close)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(bundle, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	environment(t, credentials(server.URL))
	t.Setenv("AWS_CA_BUNDLE", bundle)
	seen := ""
	account := open(t, awsaccount.Options{Around: func(base http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			seen = r.Header.Get("X-Amz-Target")
			return base.RoundTrip(r)
		})
	}})
	_, _, err := account.Item(t.Context(), "customers", "1")
	expect(t, err, awsaccount.Failed, "dynamodb:GetItem")
	if !strings.HasSuffix(seen, ".GetItem") || asked.Load() != 1 {
		t.Errorf("around saw %q, the server %d requests", seen, asked.Load())
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
