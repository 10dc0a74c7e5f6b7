// The device code grant, first half: getting the code that a person confirms.
// What a server says of times and addresses is brought within sane bounds here.

package auth

import (
	"context"
	"encoding/json"
	"net/url"
	"time"
)

const (
	defaultInterval   = 5 * time.Second // RFC 8628, section 3.2
	defaultDeviceLife = 15 * time.Minute
	maxDeviceLife     = 30 * time.Minute
)

// A DeviceCode is a login that waits for a person (RFC 8628, section 3.2).
type DeviceCode struct {
	Code     Secret // what PollDevice trades for the token
	UserCode string // what the person types at VerificationURI

	VerificationURI         string // https, or http on a loopback host
	VerificationURIComplete string // with the user code in it; empty if the provider has none

	Expiry   time.Time     // 15 minutes from now if the provider does not say, at most 30
	Interval time.Duration // between polls, at least 1 s
}

// DeviceCode begins a login on another device (RFC 8628, section 3.1). The
// audience goes with this request: the later ones cannot change it.
func (c *Client) DeviceCode(ctx context.Context, p Parameters) (*DeviceCode, error) {
	endpoint := c.Provider.DeviceAuthorizationEndpoint
	if endpoint == "" {
		return nil, &UnsupportedError{Issuer: c.Provider.Issuer, Feature: "the device code grant"}
	}
	a, err := c.post(ctx, endpoint, p.form())
	if err != nil {
		return nil, err
	}
	return decodeDeviceCode(a)
}

func decodeDeviceCode(a *answer) (*DeviceCode, error) {
	unusable := func(problem string) (*DeviceCode, error) {
		return nil, &AnswerError{Endpoint: place(a.endpoint), Problem: problem}
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(a.body, &body); err != nil {
		return unusable("it is not a JSON object of at most 1 MiB")
	}
	if text(body["error"]) != "" {
		return nil, newError(a)
	}
	code := &DeviceCode{
		Code:                    Secret(text(body["device_code"])),
		UserCode:                text(body["user_code"]),
		VerificationURI:         text(body["verification_uri"]),
		VerificationURIComplete: text(body["verification_uri_complete"]),
		Interval:                seconds(body["interval"]),
	}
	if code.VerificationURI == "" {
		code.VerificationURI = text(body["verification_url"]) // before the RFC, still Google's
	}
	// The addresses are opened in a browser, which obeys other schemes too.
	switch {
	case code.Code == "" || code.UserCode == "" || code.VerificationURI == "":
		return unusable("it has no device code, user code or verification URI")
	case !browsable(code.VerificationURI):
		return unusable("its verification URI is not https")
	case !browsable(code.VerificationURIComplete):
		code.VerificationURIComplete = ""
	}
	if code.Interval == 0 {
		code.Interval = defaultInterval
	}
	code.Interval = max(code.Interval, time.Second)
	life := seconds(body["expires_in"])
	if life == 0 {
		life = defaultDeviceLife
	}
	code.Expiry = a.started.Add(min(life, maxDeviceLife))
	return code, nil
}

func browsable(address string) bool {
	u, err := url.Parse(address)
	return err == nil && insecure(u) == ""
}
