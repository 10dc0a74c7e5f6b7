package auth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

func TestSecretsAreNeverPrinted(t *testing.T) {
	const plain = "hunter22-hunter22"
	secret := auth.Secret(plain)
	values := []any{
		secret, &secret, []auth.Secret{secret}, map[string]auth.Secret{"k": secret},
		auth.SecretPost{Secret: secret}, auth.SecretBasic{Secret: secret},
		auth.DeviceCode{Code: secret}, &auth.DeviceCode{Code: secret},
		&auth.Client{Authentication: auth.SecretPost{Secret: secret}},
	}
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%f"} {
			got := fmt.Sprintf(verb, value)
			if strings.Contains(got, plain) || strings.Contains(got, fmt.Sprintf("%x", plain)) {
				t.Errorf("%s of %T prints the secret: %s", verb, value, got)
			}
		}
		var out bytes.Buffer
		slog.New(slog.NewJSONHandler(&out, nil)).Info("", "value", value)
		slog.New(slog.NewTextHandler(&out, nil)).Info("", "value", value)
		if strings.Contains(out.String(), plain) {
			t.Errorf("the log of %T has the secret: %s", value, out.String())
		}
	}
	encoded, err := json.Marshal(secret)
	if want := `"[redacted]"`; err != nil || string(encoded) != want {
		t.Errorf("JSON = %s, %v; want %s", encoded, err, want)
	}
}
