package tokencache_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

func TestEntryValid(t *testing.T) {
	obtained := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name      string
		life      time.Duration // none if 0
		age       time.Duration
		remaining time.Duration
		want      bool
	}{
		{"new", time.Hour, 0, 0, true},
		{"before the margin of a minute", time.Hour, time.Hour - time.Minute - time.Second, 0, true},
		{"at the margin", time.Hour, time.Hour - time.Minute, 0, false},
		{"over", time.Hour, 2 * time.Hour, 0, false},
		{"short life, before a tenth of it", 100 * time.Second, 89 * time.Second, 0, true},
		{"short life, at a tenth of it", 100 * time.Second, 90 * time.Second, 0, false},
		{"more wanted than is left", time.Hour, 30 * time.Minute, 30 * time.Minute, false},
		{"less wanted than is left", time.Hour, 30 * time.Minute, 29 * time.Minute, true},
		{"less wanted than the margin", time.Hour, time.Hour - 30*time.Second, time.Second, false},
		{"unknown expiry", 0, 0, 0, false},
		{"expired before it was obtained", -time.Hour, 0, 0, false},
		{"a clock that was set back", time.Hour, -time.Hour, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entry := tokencache.Entry{AccessToken: "a", Obtained: obtained}
			if tt.life != 0 {
				entry.Expiry = obtained.Add(tt.life)
			}
			if got := entry.Valid(obtained.Add(tt.age), tt.remaining); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
			entry.AccessToken = ""
			if entry.Valid(obtained.Add(tt.age), tt.remaining) {
				t.Error("an entry without an access token is valid")
			}
		})
	}
}

func TestEntryRoundTrip(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 987654321, time.FixedZone("", 3600))
	tests := []struct {
		name  string
		token *oauth2.Token
	}{
		{"all", (&oauth2.Token{
			AccessToken: "access", RefreshToken: "refresh", TokenType: "Bearer", Expiry: now.Add(time.Hour),
		}).WithExtra(map[string]any{"scope": "read write"})},
		{"access token only", &oauth2.Token{AccessToken: "access"}},
		{"refresh token only", &oauth2.Token{RefreshToken: "refresh"}},
		{"odd scope", (&oauth2.Token{AccessToken: "access"}).WithExtra(map[string]any{"scope": 5})},
		{"odd characters", &oauth2.Token{AccessToken: "\"\\\n\u2028<&>é"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := tokencache.NewEntry(tt.token, now)
			data, err := want.Encode()
			if err != nil {
				t.Fatal(err)
			}
			got, err := tokencache.DecodeEntry(data)
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Error("got another entry than was encoded")
			}
			if got.AccessToken != tt.token.AccessToken || got.RefreshToken != tt.token.RefreshToken {
				t.Error("a token was changed")
			}
		})
	}
}

func TestDecodeEntryRefuses(t *testing.T) {
	tests := []struct {
		name string
		data string
	}{
		{"nothing", ``},
		{"no JSON", `planted-token`},
		{"cut short", `{"v":1,"at":"planted-token`},
		{"no tokens", `{"v":1}`},
		{"empty tokens", `{"v":1,"at":"","rt":""}`},
		{"no version", `{"at":"planted-token"}`},
		{"a later version", `{"v":2,"at":"planted-token"}`},
		{"token of another type", `{"v":1,"at":["planted-token"]}`},
		{"time of another kind", `{"v":1,"at":"planted-token","exp":"planted-token"}`},
		{"null", `null`},
		{"more behind it", `{"v":1,"at":"planted-token"}{}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tokencache.DecodeEntry([]byte(tt.data))
			if err == nil {
				t.Fatal("got no error")
			}
			if strings.Contains(err.Error(), "planted") {
				t.Errorf("the error quotes the data: %v", err)
			}
		})
	}
}

func FuzzDecodeEntry(f *testing.F) {
	f.Add([]byte(`{"v":1,"at":"a","rt":"r","typ":"Bearer","scope":"s","iat":"2026-01-01T00:00:00Z","exp":"2026-01-02T00:00:00Z"}`))
	f.Add([]byte(`{"v":1,"rt":"r"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		entry, err := tokencache.DecodeEntry(data)
		if err != nil {
			return
		}
		if entry.AccessToken == "" && entry.RefreshToken == "" {
			t.Fatal("an entry without tokens was accepted")
		}
		again, err := entry.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := tokencache.DecodeEntry(again)
		if err != nil {
			t.Fatal(err)
		}
		if got.AccessToken != entry.AccessToken || got.RefreshToken != entry.RefreshToken || !got.Expiry.Equal(entry.Expiry) {
			t.Error("got another entry after a second round")
		}
	})
}

func TestSecretsPrintRedacted(t *testing.T) {
	entry := tokencache.Entry{AccessToken: "planted-access", RefreshToken: "planted-refresh"}
	for name, value := range map[string]any{
		"entry":           entry,
		"pointer":         &entry,
		"in a struct":     struct{ E tokencache.Entry }{entry},
		"in a slice":      []tokencache.Entry{entry},
		"secret seal":     tokencache.SecretSeal("planted-secret"),
		"passphrase seal": tokencache.PassphraseSeal("planted-passphrase"),
	} {
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", value)
		for _, got := range []string{fmt.Sprint(value), fmt.Sprintf("%+v %#v %s %q %x", value, value, value, value, value), log.String()} {
			if strings.Contains(got, "planted") || strings.Contains(got, fmt.Sprintf("%x", "planted")) {
				t.Errorf("%s prints as %s", name, got)
			}
			if !strings.Contains(got, "redacted") && !strings.Contains(got, fmt.Sprintf("%x", "redacted")) {
				t.Errorf("%s prints as %s, want [redacted]", name, got)
			}
		}
	}
}
