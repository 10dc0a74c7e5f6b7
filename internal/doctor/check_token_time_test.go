package doctor_test

import (
	"context"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// Tokens whose time is over, or has not come.
func TestTokenTimes(t *testing.T) {
	at := func(after time.Duration) int64 { return tokenTime().Add(after).Unix() }
	runTokenCases(t, []tokenCase{
		// AUTH-010 and AUTH-011
		{
			name: "expired", token: claims{"exp": at(-90 * time.Second)},
			want: "AUTH-010 failure: the token expired 1m30s ago", fix: newMachineToken,
		},
		{
			name: "expires at this moment", token: claims{"exp": at(0)},
			want: "AUTH-010 failure: the token expired 0s ago", fix: newMachineToken,
		},
		{
			name: "about to expire, given", token: claims{"exp": at(30 * time.Second)}, change: given,
			want: "AUTH-010 warning: the token expires in 30s, and nothing renews it", fix: newGivenToken,
		},
		{name: "about to expire", token: claims{"exp": at(30 * time.Second)}},
		{
			name: "never expires", token: claims{"exp": nil},
			want: "AUTH-010 warning: the token does not say when it expires", fix: newMachineToken,
		},
		{
			name: "for tomorrow", token: claims{"nbf": at(24 * time.Hour)},
			want: "AUTH-011 failure: the token is for later: it becomes valid in 24h0m0s", fix: newMachineToken,
		},
		{
			name: "issued tomorrow", token: claims{"iat": at(20 * time.Hour)},
			want: "AUTH-011 failure: the token was issued 20h0m0s in the future of the API's clock", fix: newMachineToken,
		},
		{
			name: "issued never", token: claims{"iat": nil},
			want: "AUTH-011 warning: the token does not say when it was issued, which AppSync asks for", fix: newMachineToken,
		},
		{name: "issued by a clock that is a little fast", token: claims{"iat": at(20 * time.Second)}},
	})
}

// A wrong clock is named before what follows from it.
func TestTokenClocks(t *testing.T) {
	tests := []struct {
		name          string
		api, provider time.Duration // how far their clocks are ahead
		claims        map[string]any
		id, because   doctor.ID
		message       string
	}{
		{
			"this machine's is late", 2 * time.Hour, 2 * time.Hour, map[string]any{"exp": tokenTime().Add(time.Hour).Unix()},
			"AUTH-010", "NET-004", "the token expired 1h0m0s ago: see NET-004",
		},
		{
			"the provider's is early", 0, 10 * time.Minute, map[string]any{"iat": tokenTime().Add(10 * time.Minute).Unix()},
			"AUTH-011", "NET-007", "the token was issued 10m0s in the future of the API's clock: see NET-007",
		},
		{
			"the API's is late", -10 * time.Minute, 0, map[string]any{"iat": tokenTime().Unix()},
			"AUTH-011", "NET-004", "the token was issued 9m59s in the future of the API's clock: see NET-004",
		},
		{
			"expired by any", 2 * time.Hour, 2 * time.Hour, map[string]any{"exp": tokenTime().Add(-time.Hour).Unix()},
			"AUTH-010", "", "the token expired 3h0m0s ago",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newTokenWorld(t)
			w.apiClock, w.providerClock = tt.api, tt.provider
			token := w.token(tt.claims)
			found := examineToken(t, w.subject(nil, func(context.Context) (string, error) { return token, nil }))
			got := found[tt.id]
			if got.Result != doctor.Failure || got.Because != tt.because || got.Message != tt.message {
				t.Errorf("got %s because of %q: %s\nwant failure because of %q: %s", got.Result, got.Because, got.Message, tt.because, tt.message)
			}
			if got.Because != "" && (got.Fix != "" || found[got.Because].Result != doctor.Failure) {
				t.Errorf("the cause is %s, and the fix is %q", found[got.Because].Result, got.Fix)
			}
		})
	}
}

// The API that a token was saved with went by its own time.
func TestTokenOfSavedAnswer(t *testing.T) {
	w := newTokenWorld(t)
	token := w.token(map[string]any{"exp": tokenTime().Add(-time.Hour).Unix(), "iat": tokenTime().Add(-3 * time.Hour).Unix()})
	subject := w.subject(nil, func(context.Context) (string, error) { return token, nil })
	subject.Grant = "" // the token was given
	subject.Answer = &doctor.Answer{Status: 401, Header: map[string][]string{"Date": {tokenTime().Add(-2 * time.Hour).Format("Mon, 02 Jan 2006 15:04:05 GMT")}}, Body: []byte("{}")}
	got := examineToken(t, subject)["AUTH-010"]
	if want := "the token is valid for 1h0m0s"; got.Result != doctor.OK || got.Message != want {
		t.Errorf("got %s: %s, want ok: %s", got.Result, got.Message, want)
	}
}
