// What everybody may know of a tenant: its metadata and its public keys.

package auth0

import "net/http"

// metadata is the part of OpenID Connect Discovery 1.0 section 3 (and RFC 8628
// section 4) that Auth0 answers and clients read.
type metadata struct {
	Issuer           string   `json:"issuer"`
	Authorization    string   `json:"authorization_endpoint"`
	Token            string   `json:"token_endpoint"`
	Device           string   `json:"device_authorization_endpoint"`
	UserInfo         string   `json:"userinfo_endpoint"`
	JWKS             string   `json:"jwks_uri"`
	Revocation       string   `json:"revocation_endpoint"`
	EndSession       string   `json:"end_session_endpoint"`
	Scopes           []string `json:"scopes_supported"`
	ResponseTypes    []string `json:"response_types_supported"`
	ResponseModes    []string `json:"response_modes_supported"`
	GrantTypes       []string `json:"grant_types_supported"`
	Challenges       []string `json:"code_challenge_methods_supported"`
	SubjectTypes     []string `json:"subject_types_supported"`
	TokenAuth        []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthSigning []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	Claims           []string `json:"claims_supported"`
	IDTokenSigning   []string `json:"id_token_signing_alg_values_supported"`
	RequestParameter bool     `json:"request_parameter_supported"`
	RequestURI       bool     `json:"request_uri_parameter_supported"`
}

func (t *Tenant) discovery(w http.ResponseWriter, _ *http.Request) {
	issuer := t.config.Issuer
	w.Header().Set("Cache-Control", "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400")
	writeJSON(w, http.StatusOK, metadata{
		Issuer:           issuer,
		Authorization:    issuer + "authorize",
		Token:            issuer + "oauth/token",
		Device:           issuer + "oauth/device/code",
		UserInfo:         issuer + "userinfo",
		JWKS:             issuer + ".well-known/jwks.json",
		Revocation:       issuer + "oauth/revoke",
		EndSession:       issuer + "oidc/logout",
		Scopes:           []string{"openid", "profile", "offline_access", "name", "email"},
		ResponseTypes:    []string{"code"},
		ResponseModes:    []string{"query"},
		GrantTypes:       []string{GrantClientCredentials, GrantAuthorizationCode, GrantRefreshToken, GrantDeviceCode},
		Challenges:       []string{"S256"},
		SubjectTypes:     []string{"public"},
		TokenAuth:        []string{string(SecretBasic), string(SecretPost), string(PrivateKeyJWT), string(None)},
		TokenAuthSigning: []string{"RS256", "RS384", "PS256"},
		Claims:           []string{"aud", "auth_time", "email", "email_verified", "exp", "iat", "iss", "name", "nickname", "sub"},
		IDTokenSigning:   []string{"RS256"},
	})
}

func (t *Tenant) jwks(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400")
	writeJSON(w, http.StatusOK, t.signer.public())
}
