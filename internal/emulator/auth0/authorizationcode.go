package auth0

import "net/http"

type authorization struct{}

func (t *Tenant) redeemAuthorizationCode(*Client, parameters, http.Header) (*grant, error) {
	return nil, errGrantType(GrantAuthorizationCode)
}
