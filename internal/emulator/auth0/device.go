// The device code grant: the code for the device, and its polls.

package auth0

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// device is one device authorization (RFC 8628), from the code to its redemption.
type device struct {
	code     string // the device's
	userCode string // the person's, with its hyphen
	client   *Client
	api      *API
	scope    string
	expires  time.Time
	answered time.Time // when the last poll was
	state    deviceState
	user     *User
}

type deviceState int

const (
	devicePending deviceState = iota
	deviceApproved
	deviceDenied
	deviceExpired // and the device was told so
)

// deviceAnswer is the body of RFC 8628 section 3.2.
type deviceAnswer struct {
	DeviceCode      string `json:"device_code"`
	UserCode        string `json:"user_code"`
	URI             string `json:"verification_uri"`
	ExpiresIn       int    `json:"expires_in"` // seconds
	Interval        int    `json:"interval"`   // seconds
	VerificationURI string `json:"verification_uri_complete"`
}

var errDeviceCode = refuse(http.StatusForbidden, "invalid_grant", "Invalid or expired device code.")

// deviceCode answers POST /oauth/device/code.
func (t *Tenant) deviceCode(w http.ResponseWriter, r *http.Request) {
	p, err := readParameters(r)
	if err != nil {
		writeError(w, err)
		return
	}
	d, err := t.newDevice(p)
	if err != nil {
		writeError(w, err)
		return
	}
	noStore(w)
	uri := t.config.Issuer + "activate"
	writeJSON(w, http.StatusOK, deviceAnswer{
		DeviceCode:      d.code,
		UserCode:        d.userCode,
		URI:             uri,
		ExpiresIn:       int(t.config.DeviceLifetime.Seconds()),
		Interval:        int(t.config.DeviceInterval.Seconds()),
		VerificationURI: uri + "?user_code=" + d.userCode,
	})
}

func (t *Tenant) newDevice(p parameters) (*device, error) {
	if p["client_id"] == "" {
		return nil, errMissing("client_id")
	}
	client, known := t.registry.client(p["client_id"])
	if !known {
		return nil, errUnauthorized
	}
	// Only public clients may ask, and a secret in the request makes the client a
	// confidential one (seen at Auth0; the description is unconfirmed).
	if client.Method != None || p["client_secret"] != "" || p["client_assertion"] != "" {
		return nil, refuse(http.StatusForbidden, "unauthorized_client", "Client authentication is not allowed for the device flow.")
	}
	if !slices.Contains(client.Grants, GrantDeviceCode) {
		return nil, errGrantType(GrantDeviceCode)
	}
	// Auth0's device flow does not work with Organizations; the words are unconfirmed.
	if client.Organization == OrganizationRequire {
		return nil, refuse(http.StatusForbidden, "unauthorized_client", "Organizations are not supported in the device flow.")
	}
	api, scope, err := t.allowed(p)
	if err != nil {
		return nil, err
	}
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	forget(t.devices, func(d *device) bool { return now.Sub(d.expires) > t.config.DeviceLifetime })
	d := &device{
		code:     rand.Text(),
		userCode: newUserCode(),
		client:   client,
		api:      api,
		scope:    scope,
		expires:  now.Add(t.config.DeviceLifetime),
	}
	for t.deviceByUserCode(d.userCode) != nil {
		d.userCode = newUserCode()
	}
	t.devices[d.code] = d
	return d, nil
}

// allowed returns the API that a person's client asks for, nil for none, and those
// of the scopes that can be granted; Auth0 drops the others without a word.
func (t *Tenant) allowed(p parameters) (*API, string, error) {
	var api *API
	if audience := p["audience"]; audience != "" {
		var known bool
		if api, known = t.registry.api(audience); !known {
			return nil, "", errService(audience)
		}
	}
	var granted []string
	for _, scope := range p.scopes() {
		switch scope {
		case "openid", "profile", "email":
		case "offline_access":
			if api != nil && !api.OfflineAccess {
				continue
			}
		default:
			if api == nil || !slices.Contains(api.Scopes, scope) {
				continue
			}
		}
		granted = append(granted, scope)
	}
	return api, strings.Join(granted, " "), nil
}

// redeemDeviceCode is one poll (RFC 8628 section 3.5, with Auth0's statuses).
func (t *Tenant) redeemDeviceCode(client *Client, p parameters, _ http.Header) (*grant, error) {
	if p["device_code"] == "" {
		return nil, errMissing("device_code")
	}
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.devices[p["device_code"]]
	if d == nil || d.client.ID != client.ID || d.state == deviceExpired {
		return nil, errDeviceCode
	}
	if now.After(d.expires) { // said once, in unconfirmed words; afterwards the code is unknown
		d.state = deviceExpired
		return nil, refuse(http.StatusForbidden, "expired_token", "The device code has expired.")
	}
	tooFast := !d.answered.IsZero() && now.Sub(d.answered) < t.config.DeviceInterval
	d.answered = now
	if tooFast || t.config.Fault(FaultSlowDown, GrantDeviceCode) {
		return nil, refuse(http.StatusTooManyRequests, "slow_down", "You are polling faster than the specified interval of "+
			strconv.Itoa(int(t.config.DeviceInterval.Seconds()))+" seconds.")
	}
	if d.state == devicePending && t.config.AutoApprove {
		d.state, d.user = deviceApproved, &t.config.Users[0]
	}
	if t.config.Fault(FaultDenial, GrantDeviceCode) {
		d.state = deviceDenied
	}
	switch d.state {
	case deviceApproved:
		delete(t.devices, d.code)
		return &grant{kind: GrantDeviceCode, client: client, user: d.user, api: d.api, scope: d.scope}, nil
	case deviceDenied:
		delete(t.devices, d.code)
		return nil, refuse(http.StatusForbidden, "access_denied", "User cancelled the confirmation prompt.")
	default:
		return nil, refuse(http.StatusForbidden, "authorization_pending",
			"User has yet to authorize device code.")
	}
}

// deviceByUserCode returns the device that waits for the user code, or nil. The
// caller holds t.mu.
func (t *Tenant) deviceByUserCode(code string) *device {
	now := t.now()
	for _, d := range t.devices {
		if d.userCode == code && d.state == devicePending && !now.After(d.expires) {
			return d
		}
	}
	return nil
}
