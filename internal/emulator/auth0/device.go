// The device code grant: the code for the device, and its polls.

package auth0

import (
	"crypto/rand"
	"math/big"
	"net/http"
	"slices"
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
func (l *loginPages) deviceCode(w http.ResponseWriter, r *http.Request) {
	p, err := readParameters(r)
	if err != nil {
		writeError(w, err)
		return
	}
	d, err := l.newDevice(p)
	if err != nil {
		writeError(w, err)
		return
	}
	noStore(w)
	uri := l.config.Issuer + "activate"
	writeJSON(w, http.StatusOK, deviceAnswer{
		DeviceCode:      d.code,
		UserCode:        d.userCode,
		URI:             uri,
		ExpiresIn:       int(l.config.DeviceLifetime.Seconds()),
		Interval:        int(l.config.DeviceInterval.Seconds()),
		VerificationURI: uri + "?user_code=" + d.userCode,
	})
}

func (l *loginPages) newDevice(p parameters) (*device, error) {
	if p["client_id"] == "" {
		return nil, errMissing("client_id")
	}
	client, known := l.registry.client(p["client_id"])
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
	api, scope, err := l.allowed(p)
	if err != nil {
		return nil, err
	}
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	forget(l.devices, func(d *device) bool { return now.Sub(d.expires) > l.config.DeviceLifetime })
	d := &device{
		code:     rand.Text(),
		userCode: newUserCode(),
		client:   client,
		api:      api,
		scope:    scope,
		expires:  now.Add(l.config.DeviceLifetime),
	}
	for l.deviceByUserCode(d.userCode) != nil {
		d.userCode = newUserCode()
	}
	l.devices[d.code] = d
	return d, nil
}

// allowed returns the API that a person's client asks for, nil for none, and those
// of the scopes that can be granted; Auth0 drops the others without a word.
func (l *loginPages) allowed(p parameters) (*API, string, error) {
	var api *API
	if audience := p["audience"]; audience != "" {
		var known bool
		if api, known = l.registry.api(audience); !known {
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

// deviceByUserCode returns the device that waits for the user code, or nil. The
// caller holds l.mu.
func (l *loginPages) deviceByUserCode(code string) *device {
	now := l.now()
	for _, d := range l.devices {
		if d.userCode == code && d.state == devicePending && !now.After(d.expires) {
			return d
		}
	}
	return nil
}

// User codes: made to be read aloud, taken as people type them.

// The letters of a user code: no vowels, so that no word comes out, and none that
// look like others (RFC 8628 section 6.1).
const userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"

func newUserCode() string {
	var b strings.Builder
	for i := range 8 {
		if i == 4 {
			b.WriteByte('-')
		}
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(userCodeLetters))))
		if err != nil {
			panic(err) // crypto/rand does not fail
		}
		b.WriteByte(userCodeLetters[n.Int64()])
	}
	return b.String()
}

// normalizeUserCode takes what a person typed, in any case and with any separators,
// to the form that newUserCode makes.
func normalizeUserCode(typed string) string {
	letters := strings.Map(func(c rune) rune {
		if strings.ContainsRune(userCodeLetters, c) {
			return c
		}
		return -1
	}, strings.ToUpper(typed))
	if len(letters) != 8 {
		return ""
	}
	return letters[:4] + "-" + letters[4:]
}
