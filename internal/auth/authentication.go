// How a client proves who it is. The caller chooses one way per client, as
// providers do, and no other is ever tried.

package auth

import (
	"encoding/base64"
	"net/http"
	"net/url"
)

// An Authentication is how a client proves to the token endpoint who it is: a
// SecretPost, a SecretBasic or a *PrivateKeyJWT. Without one (nil) the client is
// public and only names itself, as the device code grant wants it.
type Authentication interface {
	// authenticate adds what proves that the sender is c to a request.
	authenticate(c *Client, form url.Values, header http.Header) error
}

// SecretPost sends the client's secret in the form: client_secret_post (RFC 6749,
// section 2.3.1).
type SecretPost struct{ Secret Secret }

func (s SecretPost) authenticate(c *Client, form url.Values, _ http.Header) error {
	form.Set("client_id", c.ID)
	form.Set("client_secret", string(s.Secret))
	return nil
}

// SecretBasic sends the client's secret in the Authorization header:
// client_secret_basic. Both parts are form-encoded first, as RFC 6749, section
// 2.3.1, wants it; what Auth0 makes up is the same in either encoding.
type SecretBasic struct{ Secret Secret }

func (s SecretBasic) authenticate(c *Client, _ url.Values, header http.Header) error {
	pair := url.QueryEscape(c.ID) + ":" + url.QueryEscape(string(s.Secret))
	header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	return nil
}

func (c *Client) authenticate(form url.Values, header http.Header) error {
	if c.Authentication == nil {
		form.Set("client_id", c.ID)
		return nil
	}
	return c.Authentication.authenticate(c, form, header)
}
