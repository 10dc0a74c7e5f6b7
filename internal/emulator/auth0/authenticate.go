// Client authentication: which client sent a request, and is it really that one.

package auth0

import (
	"crypto/subtle"
	"net/http"
	"net/url"
)

// authenticate finds the client that sent a request and checks that it is the one
// it says, by the method the client is registered with (RFC 6749 section 2.3).
func (t *Tenant) authenticate(r *http.Request, p parameters) (*Client, error) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = p["client_id"], p["client_secret"]
	}
	if id == "" && p["client_assertion"] != "" {
		id = assertionSubject(p["client_assertion"])
	}
	if id == "" {
		return nil, errMissing("client_id")
	}
	client, known := t.registry.client(id)
	if !known && basic {
		id = unescaped(id)
		client, known = t.registry.client(id)
	}
	if !known {
		return nil, errUnauthorized
	}
	switch client.Method {
	case None:
		return client, nil
	case PrivateKeyJWT:
		return client, t.checkAssertion(client, p)
	case SecretBasic:
		if !basic {
			return nil, errUnauthorized
		}
	case SecretPost:
		if basic {
			return nil, errUnauthorized
		}
	}
	// Auth0 documents the header without the URL encoding that RFC 6749 section
	// 2.3.1 asks for; clients of both kinds exist.
	if !client.Secret.is(secret) && (!basic || !client.Secret.is(unescaped(secret))) {
		return nil, errUnauthorized
	}
	return client, nil
}

func (s Secret) is(given string) bool {
	return subtle.ConstantTimeCompare([]byte(s), []byte(given)) == 1
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}
