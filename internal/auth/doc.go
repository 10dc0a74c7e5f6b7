// Package auth gets tokens from an OpenID provider: discovery, the client
// credentials, device code, authorization code and refresh grants, revocation,
// and a look into the tokens that come back.
//
// A Client is one OAuth client at one Provider. Its methods send one request
// each, unless their comments say when they send another, and it chooses how to
// authenticate before the first: a wrong guess costs quota, hides the first
// error and burns codes that can be used once. Redirects are not followed, since
// they would carry secrets to another host, and no answer over 1 MiB is read.
//
// A Callback is the loopback address at which a browser ends a login on the same
// machine.
//
// Errors are for deciding: *Error is a refusal in the provider's words,
// *TransportError a request without an answer, and whether it was sent,
// *AnswerError an answer that makes no sense, *UnsupportedError a thing that the
// provider does not offer. None of them holds a token or a secret.
//
// golang.org/x/oauth2 gives the token type and PKCE, go-jose signs client
// assertions, and go-oidc checks ID tokens. The requests themselves are made
// here, because x/oauth2 probes authentication styles with extra requests, ends
// a device login at the first network error, and lets an access token without a
// lifetime live forever.
package auth
