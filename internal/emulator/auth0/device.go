// The device code grant: the code for the device, its polls, and the page where a
// person decides.

package auth0

import (
	"crypto/rand"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
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

// deviceFlow holds the devices that wait.
type deviceFlow struct {
	config   Config
	registry *registry

	mu      sync.Mutex // guards what follows, and the devices in it
	devices map[string]*device
}

func newDeviceFlow(config Config, registry *registry) *deviceFlow {
	return &deviceFlow{config: config, registry: registry, devices: map[string]*device{}}
}

// deviceCode answers POST /oauth/device/code.
func (f *deviceFlow) deviceCode(w http.ResponseWriter, r *http.Request) {
	p, err := readParameters(r)
	if err != nil {
		writeError(w, err)
		return
	}
	d, err := f.newDevice(p)
	if err != nil {
		writeError(w, err)
		return
	}
	noStore(w)
	uri := f.config.Issuer + "activate"
	writeJSON(w, http.StatusOK, deviceAnswer{
		DeviceCode:      d.code,
		UserCode:        d.userCode,
		URI:             uri,
		ExpiresIn:       int(f.config.DeviceLifetime.Seconds()),
		Interval:        int(f.config.DeviceInterval.Seconds()),
		VerificationURI: uri + "?user_code=" + d.userCode,
	})
}

func (f *deviceFlow) newDevice(p parameters) (*device, error) {
	if p["client_id"] == "" {
		return nil, errMissing("client_id")
	}
	client, known := f.registry.client(p["client_id"])
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
	api, scope, err := f.registry.allowed(p)
	if err != nil {
		return nil, err
	}
	now := f.config.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	forget(f.devices, func(d *device) bool { return now.Sub(d.expires) > f.config.DeviceLifetime })
	d := &device{
		code:     rand.Text(),
		userCode: newUserCode(),
		client:   client,
		api:      api,
		scope:    scope,
		expires:  now.Add(f.config.DeviceLifetime),
	}
	for f.byUserCode(d.userCode) != nil {
		d.userCode = newUserCode()
	}
	f.devices[d.code] = d
	return d, nil
}

// redeem is one poll (RFC 8628 section 3.5, with Auth0's statuses).
func (f *deviceFlow) redeem(client *Client, p parameters, _ http.Header) (*grant, error) {
	if p["device_code"] == "" {
		return nil, errMissing("device_code")
	}
	now := f.config.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.devices[p["device_code"]]
	if d == nil || d.client.ID != client.ID || d.state == deviceExpired {
		return nil, errDeviceCode
	}
	if now.After(d.expires) { // said once, in unconfirmed words; afterwards the code is unknown
		d.state = deviceExpired
		return nil, refuse(http.StatusForbidden, "expired_token", "The device code has expired.")
	}
	tooFast := !d.answered.IsZero() && now.Sub(d.answered) < f.config.DeviceInterval
	d.answered = now
	if tooFast || f.config.Fault(FaultSlowDown, GrantDeviceCode) {
		return nil, refuse(http.StatusTooManyRequests, "slow_down", "You are polling faster than the specified interval of "+
			strconv.Itoa(int(f.config.DeviceInterval.Seconds()))+" seconds.")
	}
	if d.state == devicePending && f.config.AutoApprove {
		d.state, d.user = deviceApproved, &f.config.Users[0]
	}
	if f.config.Fault(FaultDenial, GrantDeviceCode) {
		d.state = deviceDenied
	}
	switch d.state {
	case deviceApproved:
		delete(f.devices, d.code)
		return &grant{kind: GrantDeviceCode, client: client, user: d.user, api: d.api, scope: d.scope}, nil
	case deviceDenied:
		delete(f.devices, d.code)
		return nil, refuse(http.StatusForbidden, "access_denied", "User cancelled the confirmation prompt.")
	default:
		return nil, refuse(http.StatusForbidden, "authorization_pending",
			"User has yet to authorize device code.")
	}
}

// byUserCode returns the device that waits for the user code, or nil. The
// caller holds f.mu.
func (f *deviceFlow) byUserCode(code string) *device {
	now := f.config.Now()
	for _, d := range f.devices {
		if d.userCode == code && d.state == devicePending && !now.After(d.expires) {
			return d
		}
	}
	return nil
}

// The page where a person enters the code of a device and approves or denies it. The
// code alone identifies the device, so the page shows what is asked for before it asks.

// activatePage is what pages/activate.html shows: the form for a code when there is
// no device, else the question about it.
type activatePage struct {
	UserCode string // as typed, or as the device shows it
	Problem  string // why the code was not taken
	Client   string
	Audience string
	Scopes   string
	Users    []User
}

// activate answers GET /activate, with or without ?user_code=.
func (f *deviceFlow) activate(w http.ResponseWriter, r *http.Request) {
	typed := r.URL.Query().Get("user_code")
	if typed == "" {
		showPage(w, http.StatusOK, "activate.html", activatePage{})
		return
	}
	page := activatePage{UserCode: typed, Users: f.config.Users}
	if !f.describeDevice(&page) {
		showUnknownCode(w, typed)
		return
	}
	showPage(w, http.StatusOK, "activate.html", page)
}

// describeDevice fills in what device the page's code is for, if any.
func (f *deviceFlow) describeDevice(page *activatePage) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.byUserCode(normalizeUserCode(page.UserCode))
	if d == nil {
		return false
	}
	page.UserCode, page.Client, page.Scopes = d.userCode, d.client.Name, d.scope
	if d.api != nil {
		page.Audience = d.api.Identifier
	}
	return true
}

// activateDecide answers POST /activate: user_code, action (approve or deny) and
// optionally user, the id of the one who approves.
func (f *deviceFlow) activateDecide(w http.ResponseWriter, r *http.Request) {
	p, err := readParameters(r)
	if err != nil {
		showMessage(w, http.StatusBadRequest, "That did not work", "The form could not be read. Go back and try again.")
		return
	}
	user := f.config.user(p["user"])
	switch {
	case p["action"] == "approve" && user != nil:
		if !f.decideDevice(p["user_code"], deviceApproved, user) {
			showUnknownCode(w, p["user_code"])
			return
		}
		showMessage(w, http.StatusOK, "Congratulations, you're all set!", "Your device is now connected. You can close this page.")
	case p["action"] == "deny":
		if !f.decideDevice(p["user_code"], deviceDenied, nil) {
			showUnknownCode(w, p["user_code"])
			return
		}
		showMessage(w, http.StatusOK, "Connection refused", "Your device was not connected. You can close this page.")
	default:
		showMessage(w, http.StatusBadRequest, "That did not work", "The form was not complete. Go back and try again.")
	}
}

// decideDevice settles the device that waits for the code typed, if there is one.
func (f *deviceFlow) decideDevice(typed string, state deviceState, user *User) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.byUserCode(normalizeUserCode(typed))
	if d == nil {
		return false
	}
	d.state, d.user = state, user
	return true
}

func showUnknownCode(w http.ResponseWriter, typed string) {
	showPage(w, http.StatusNotFound, "activate.html", activatePage{
		UserCode: typed,
		Problem:  "This code is not known, or it has expired or was used already.",
	})
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
