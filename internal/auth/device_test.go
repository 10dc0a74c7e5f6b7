package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

const deviceAnswer = `{"device_code":"device-1","user_code":"ABCD-EFGH",
	"verification_uri":"https://tenant.example.com/activate",
	"verification_uri_complete":"https://tenant.example.com/activate?user_code=ABCD-EFGH"`

func TestDeviceCodeRequest(t *testing.T) {
	f := newFake(reply{body: deviceAnswer + `,"expires_in":900,"interval":5}`})
	code, err := f.client().DeviceCode(t.Context(), auth.Parameters{
		Audience: "https://api.example.com", Scopes: []string{"openid", "offline_access"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"client_id": {"client-1"}, "audience": {"https://api.example.com"}, "scope": {"openid offline_access"},
	}
	if got := f.calls[0].form; !reflect.DeepEqual(got, want) {
		t.Errorf("form %v, want %v", got, want)
	}
	if code.UserCode != "ABCD-EFGH" || string(code.Code) != "device-1" ||
		code.VerificationURIComplete != "https://tenant.example.com/activate?user_code=ABCD-EFGH" {
		t.Errorf("code %+v", code)
	}
	if !f.bodies[0].closed {
		t.Error("the answer's body was not closed")
	}
}

func TestDeviceCodeToleratesOddAnswers(t *testing.T) {
	const codes = `{"device_code":"device-1","user_code":"ABCD-EFGH"`
	const uri = codes + `,"verification_uri":"https://tenant.example.com/activate"`
	const first = "https://tenant.example.com/activate"
	tests := []struct {
		name, body     string
		uri, complete  string
		life, interval time.Duration
	}{
		{"numbers", uri + `,"expires_in":600,"interval":7}`, first, "", 10 * time.Minute, 7 * time.Second},
		{"strings", uri + `,"expires_in":"600","interval":"7"}`, first, "", 10 * time.Minute, 7 * time.Second},
		{"floats", uri + `,"expires_in":600.0,"interval":7.5}`, first, "", 10 * time.Minute, 7500 * time.Millisecond},
		{"missing", uri + `}`, first, "", 15 * time.Minute, 5 * time.Second},
		{"zero", uri + `,"expires_in":0,"interval":0}`, first, "", 15 * time.Minute, 5 * time.Second},
		{"negative", uri + `,"expires_in":-1,"interval":-1}`, first, "", 15 * time.Minute, 5 * time.Second},
		{"too short an interval", uri + `,"interval":0.01}`, first, "", 15 * time.Minute, time.Second},
		{"too long a life", uri + `,"expires_in":1e12}`, first, "", 30 * time.Minute, 5 * time.Second},
		{"Google's old name", codes + `,"verification_url":"https://google.com/device"}`, "https://google.com/device", "", 15 * time.Minute, 5 * time.Second},
		{"loopback", codes + `,"verification_uri":"http://127.0.0.1:9000/activate"}`, "http://127.0.0.1:9000/activate", "", 15 * time.Minute, 5 * time.Second},
		{"complete form that no browser may see", uri + `,"verification_uri_complete":"file:///etc/passwd"}`, first, "", 15 * time.Minute, 5 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				code, err := newFake(reply{body: tt.body}).client().DeviceCode(t.Context(), auth.Parameters{})
				if err != nil {
					t.Fatal(err)
				}
				got := []any{code.VerificationURI, code.VerificationURIComplete, time.Until(code.Expiry), code.Interval}
				want := []any{tt.uri, tt.complete, tt.life, tt.interval}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		})
	}
}

func TestDeviceCodeRefusesUselessAnswers(t *testing.T) {
	tests := []struct{ name, body string }{
		{"a page", `<html>`},
		{"empty", `{}`},
		{"no device code", `{"user_code":"A","verification_uri":"https://tenant.example.com/"}`},
		{"no user code", `{"device_code":"device-1","verification_uri":"https://tenant.example.com/"}`},
		{"no address", `{"device_code":"device-1","user_code":"A"}`},
		{"plain http", `{"device_code":"device-1","user_code":"A","verification_uri":"http://tenant.example.com/"}`},
		{"a script", `{"device_code":"device-1","user_code":"A","verification_uri":"javascript:alert(1)"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newFake(reply{body: tt.body}).client().DeviceCode(t.Context(), auth.Parameters{})
			var unusable *auth.AnswerError
			if !errors.As(err, &unusable) || strings.Contains(err.Error(), "device-1") {
				t.Errorf("%v; want an *AnswerError without the code", err)
			}
		})
	}
}

func TestDeviceCodeObeysItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		begin := time.Now()
		_, err := newFake(reply{delay: 4 * time.Second, body: deviceAnswer + "}"}).client().DeviceCode(ctx, auth.Parameters{})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 500*time.Millisecond {
			t.Errorf("%v after %v; want the deadline's end", err, time.Since(begin))
		}
	})
}

func TestDeviceCodeUnsupported(t *testing.T) {
	client := &auth.Client{HTTP: &http.Client{}, Provider: &auth.Provider{Issuer: issuer}}
	var unsupported *auth.UnsupportedError
	if _, err := client.DeviceCode(t.Context(), auth.Parameters{}); !errors.As(err, &unsupported) {
		t.Errorf("%v; want an *UnsupportedError", err)
	}
}

func FuzzDeviceAnswer(f *testing.F) {
	f.Add(deviceAnswer + `,"expires_in":"900","interval":5.5}`)
	f.Add(`{"device_code":"d","user_code":"u","verification_url":"HTTPS://x","interval":-1e300}`)
	f.Fuzz(func(t *testing.T, body string) {
		code, err := newFake(reply{body: body}).client().DeviceCode(t.Context(), auth.Parameters{})
		if err != nil {
			return
		}
		for _, address := range []string{code.VerificationURI, code.VerificationURIComplete} {
			u, err := url.Parse(address)
			if err != nil || address != "" && u.Scheme != "https" && u.Scheme != "http" {
				t.Errorf("a browser would be sent to %q", address)
			}
		}
		if life := time.Until(code.Expiry); code.Interval < time.Second || life <= 0 || life > 30*time.Minute {
			t.Errorf("interval %v, life %v", code.Interval, life)
		}
	})
}
