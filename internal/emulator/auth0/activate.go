// The page where a person enters the code of a device and approves or denies it. The
// code alone identifies the device, so the page shows what is asked for before it asks.

package auth0

import "net/http"

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
func (t *Tenant) activate(w http.ResponseWriter, r *http.Request) {
	typed := r.URL.Query().Get("user_code")
	if typed == "" {
		showPage(w, http.StatusOK, "activate.html", activatePage{})
		return
	}
	page := activatePage{UserCode: typed, Users: t.config.Users}
	if !t.describeDevice(&page) {
		showUnknownCode(w, typed)
		return
	}
	showPage(w, http.StatusOK, "activate.html", page)
}

// describeDevice fills in what device the page's code is for, if any.
func (t *Tenant) describeDevice(page *activatePage) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.deviceByUserCode(normalizeUserCode(page.UserCode))
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
func (t *Tenant) activateDecide(w http.ResponseWriter, r *http.Request) {
	p, err := readParameters(r)
	if err != nil {
		showMessage(w, http.StatusBadRequest, "That did not work", "The form could not be read. Go back and try again.")
		return
	}
	user := t.user(p["user"])
	switch {
	case p["action"] == "approve" && user != nil:
		if !t.decideDevice(p["user_code"], deviceApproved, user) {
			showUnknownCode(w, p["user_code"])
			return
		}
		showMessage(w, http.StatusOK, "Congratulations, you're all set!", "Your device is now connected. You can close this page.")
	case p["action"] == "deny":
		if !t.decideDevice(p["user_code"], deviceDenied, nil) {
			showUnknownCode(w, p["user_code"])
			return
		}
		showMessage(w, http.StatusOK, "Connection refused", "Your device was not connected. You can close this page.")
	default:
		showMessage(w, http.StatusBadRequest, "That did not work", "The form was not complete. Go back and try again.")
	}
}

// decideDevice settles the device that waits for the code typed, if there is one.
func (t *Tenant) decideDevice(typed string, state deviceState, user *User) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.deviceByUserCode(normalizeUserCode(typed))
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

// user returns the user with an id, the first one for an empty id, else nil.
func (t *Tenant) user(id string) *User {
	for i := range t.config.Users {
		if id == "" || t.config.Users[i].ID == id {
			return &t.config.Users[i]
		}
	}
	return nil
}
