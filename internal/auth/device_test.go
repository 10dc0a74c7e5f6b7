// The device code grant: its first request, and the polling loop on a clock that the
// test moves: each case of providers and networks that ended logins in other tools.

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

	"golang.org/x/oauth2"

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

// What Auth0 answers to polls.
var (
	pending  = reply{status: 403, body: `{"error":"authorization_pending","error_description":"User has yet to authorize device code."}`}
	slowDown = reply{status: 429, body: `{"error":"slow_down","error_description":"You are polling faster than the specified interval of 5 seconds."}`}
	expired  = reply{status: 403, body: `{"error":"expired_token","error_description":"Expired or invalid device code."}`}
	used     = reply{status: 403, body: `{"error":"invalid_grant","error_description":"Invalid or expired device code."}`}
	denied   = reply{status: 403, body: `{"error":"access_denied","error_description":"User cancelled the confirmation prompt."}`}
	lost     = reply{fault: errors.New("connection reset by peer")}
)

func poll(ctx context.Context, f *fake, life, interval time.Duration, notice func(auth.Notice)) (*oauth2.Token, error) {
	client := f.client()
	client.Notice = notice
	return client.PollDevice(ctx, &auth.DeviceCode{
		Code: "device-1", Expiry: time.Now().Add(life), Interval: interval,
	})
}

// waits returns how long f was left alone before each call, since the last answer.
func waits(f *fake) []time.Duration {
	var found []time.Duration
	var answered time.Duration
	for _, c := range f.calls {
		found = append(found, c.begun-answered)
		answered = c.answered
	}
	return found
}

func TestPollDevicePace(t *testing.T) {
	const s = time.Second
	tests := []struct {
		name     string
		interval time.Duration
		replies  []reply
		want     []time.Duration
	}{
		{"approved at once", 5 * s, []reply{success}, []time.Duration{6 * s}},
		{"a second over a short interval", s, []reply{pending, success}, []time.Duration{2 * s, 2 * s}},
		{"a fifth over a long one", 10 * s, []reply{pending, success}, []time.Duration{12 * s, 12 * s}},
		{"no interval", 0, []reply{pending, success}, []time.Duration{2 * s, 2 * s}},
		{"negative interval", -5 * s, []reply{pending, success}, []time.Duration{2 * s, 2 * s}},
		{
			"slow_down lasts", 5 * s, []reply{slowDown, pending, slowDown, success},
			[]time.Duration{6 * s, 12 * s, 12 * s, 18 * s},
		},
		{
			"slow_down names a longer interval", 5 * s,
			[]reply{{status: 400, body: `{"error":"slow_down","interval":"20"}`}, pending, success},
			[]time.Duration{6 * s, 24 * s, 24 * s},
		},
		{
			"slow_down names a shorter interval", 5 * s,
			[]reply{{status: 400, body: `{"error":"slow_down","interval":1}`}, success},
			[]time.Duration{6 * s, 12 * s},
		},
		{
			"slow_down with Retry-After, which holds once", 5 * s,
			[]reply{{status: 429, body: slowDown.body, header: map[string]string{"Retry-After": "30"}}, pending, success},
			[]time.Duration{6 * s, 30 * s, 12 * s},
		},
		{
			"counted from a slow answer", s,
			[]reply{{status: 403, body: pending.body, delay: 10 * s}, success},
			[]time.Duration{2 * s, 2 * s},
		},
		{
			"network faults back off, an answer ends that", 5 * s, []reply{lost, lost, pending, success},
			[]time.Duration{6 * s, 12 * s, 24 * s, 6 * s},
		},
		{
			"backing off has an end", 5 * s, []reply{lost, lost, lost, lost, lost, lost, success},
			[]time.Duration{6 * s, 12 * s, 24 * s, 48 * s, 60 * s, 60 * s, 60 * s},
		},
		{
			"gateway's pages are survived", 5 * s, []reply{{status: 502, body: "<html>"}, {status: 503, body: `{"error":"access_denied"}`}, success},
			[]time.Duration{6 * s, 12 * s, 24 * s},
		},
		{
			"Retry-After holds once", 5 * s,
			[]reply{{status: 503, header: map[string]string{"Retry-After": "40"}}, lost, success},
			[]time.Duration{6 * s, 40 * s, 24 * s},
		},
		{
			"throttling is survived", 5 * s,
			[]reply{{status: 429, body: `{"error":"too_many_requests"}`, header: map[string]string{"Retry-After": "40"}}, {status: 429, body: "Global limit has been reached"}, success},
			[]time.Duration{6 * s, 40 * s, 24 * s},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(tt.replies...)
				token, err := poll(t.Context(), f, 15*time.Minute, tt.interval, nil)
				if err != nil || token.AccessToken != "access-1" {
					t.Fatalf("token %v, %v", token, err)
				}
				if got := waits(f); !reflect.DeepEqual(got, tt.want) {
					t.Errorf("waits %v\nwant  %v", got, tt.want)
				}
			})
		})
	}
}

func TestPollDeviceSendsOneRequestAPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(pending, success)
		if _, err := poll(t.Context(), f, time.Minute, 5*time.Second, nil); err != nil {
			t.Fatal(err)
		}
		want := url.Values{
			"grant_type":  {"urn:ietf:params:oauth:grant-type:device_code"},
			"device_code": {"device-1"}, "client_id": {"client-1"},
		}
		if len(f.calls) != 2 {
			t.Fatalf("%d requests for two polls", len(f.calls))
		}
		for _, c := range f.calls {
			if !reflect.DeepEqual(c.form, want) || c.header.Get("Authorization") != "" {
				t.Errorf("form %v, want %v: no scope, audience or password", c.form, want)
			}
		}
	})
}

func TestPollDeviceStops(t *testing.T) {
	tests := []struct {
		name  string
		reply reply
		code  string // of the *Error; empty for any other error
	}{
		{"denied", denied, auth.AccessDenied},
		{"invalid grant before its time", used, auth.InvalidGrant},
		{"wrong client", reply{status: 401, body: `{"error":"invalid_client"}`}, auth.InvalidClient},
		{"something new", reply{status: 400, body: `{"error":"teapot"}`}, "teapot"},
		{"page not found", reply{status: 404, body: "<html>"}, ""},
		{"a token that is none", reply{body: `{}`}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(pending, tt.reply, success)
				token, err := poll(t.Context(), f, 15*time.Minute, 5*time.Second, nil)
				var late *auth.DeviceExpiredError
				if token != nil || err == nil || errors.As(err, &late) || len(f.calls) != 2 {
					t.Fatalf("token %v, %v after %d requests; want an error after 2", token, err, len(f.calls))
				}
				var refused *auth.Error
				var no *auth.DeviceDeniedError
				if errors.As(err, &no) != (tt.code == auth.AccessDenied) {
					t.Errorf("%v; want a *DeviceDeniedError only for a denial", err)
				}
				if tt.code != "" && (!errors.As(err, &refused) || refused.Code != tt.code) {
					t.Errorf("%v; want %s", err, tt.code)
				}
			})
		})
	}
}

func TestPollDeviceExpires(t *testing.T) {
	tests := []struct {
		name    string
		replies []reply
		life    time.Duration
		begun   time.Duration // of the last request
		trouble bool          // the last poll got no answer
	}{
		{"the provider says so", []reply{pending, expired}, 15 * time.Minute, 12 * time.Second, false},
		{"still pending at the end", []reply{pending}, 20 * time.Second, 20 * time.Second, false},
		{"told to slow down at the end", []reply{slowDown}, 10 * time.Second, 10 * time.Second, false},
		{"invalid grant at the end", []reply{pending, pending, pending, used}, 20 * time.Second, 20 * time.Second, false},
		{"network gone", []reply{lost}, 5 * time.Minute, 5 * time.Minute, true},
		{"provider gone", []reply{{status: 503}}, 5 * time.Minute, 5 * time.Minute, true},
		{"throttled beyond the end", []reply{{status: 429, header: map[string]string{"Retry-After": "3600"}}}, time.Minute, time.Minute, true},
		{"a life shorter than the interval", []reply{pending}, 3 * time.Second, 3 * time.Second, false},
		{"no life left", []reply{pending}, -time.Second, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(tt.replies...)
				_, err := poll(t.Context(), f, tt.life, 5*time.Second, nil)
				var late *auth.DeviceExpiredError
				if !errors.As(err, &late) || (late.Err != nil) != tt.trouble {
					t.Errorf("%v; want a *DeviceExpiredError, trouble %t", err, tt.trouble)
				}
				if got := f.calls[len(f.calls)-1].begun; got != tt.begun {
					t.Errorf("last request after %v, want %v", got, tt.begun)
				}
			})
		})
	}
}

func TestPollDeviceApprovedAtTheLastMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(pending, pending, pending, success)
		if _, err := poll(t.Context(), f, 20*time.Second, 5*time.Second, nil); err != nil {
			t.Errorf("%v; want the token", err)
		}
	})
}

func TestPollDeviceTellsCancelFromExpiry(t *testing.T) {
	interrupted := errors.New("interrupted")
	tests := []struct {
		name  string
		after time.Duration
		delay time.Duration // of each answer
	}{
		{"while waiting", 8 * time.Second, 0},
		{"while asking", 8 * time.Second, 5 * time.Second},
		{"before", 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(tt.after, func() { cancel(interrupted) })
				begin := time.Now()
				slow := pending
				slow.delay = tt.delay
				_, err := poll(ctx, newFake(slow), 15*time.Minute, 5*time.Second, nil)
				var late *auth.DeviceExpiredError
				if !errors.Is(err, interrupted) || errors.As(err, &late) || time.Since(begin) != tt.after {
					t.Errorf("%v after %v; want %v after %v", err, time.Since(begin), interrupted, tt.after)
				}
			})
		})
	}
}

func TestPollDeviceNotices(t *testing.T) {
	tests := []struct {
		name    string
		replies []reply
		want    []auth.NoticeReason
	}{
		{"nothing to tell", []reply{pending, slowDown, slowDown, pending, success}, nil},
		{"a clock that runs fast", []reply{slowDown, slowDown, slowDown, pending, slowDown, pending, success}, []auth.NoticeReason{auth.TooFast}},
		{"trouble", []reply{lost, pending, {status: 502}, success}, []auth.NoticeReason{auth.Retrying, auth.Retrying}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []auth.NoticeReason
				_, err := poll(t.Context(), newFake(tt.replies...), 15*time.Minute, 5*time.Second, func(n auth.Notice) {
					got = append(got, n.Reason)
				})
				if err != nil || !reflect.DeepEqual(got, tt.want) {
					t.Errorf("notices %v, %v; want %v", got, err, tt.want)
				}
			})
		})
	}
}
