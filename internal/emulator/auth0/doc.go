// Package auth0 is an Auth0-like tenant: one http.Handler with Auth0's paths,
// bodies, status codes and tokens.
//
// It speaks Auth0's dialect where that differs from the RFCs, since that is what
// a client meets: a pending device is 403, polling too fast is 429, a wrong
// secret is access_denied, an access token without an audience is opaque. Where
// Auth0's exact answer is not known, the comment there says "unconfirmed".
//
// The tenant keeps all its state in memory. net/http serves it, since no Go
// library speaks this dialect; go-jose signs, so that the tokens are made by code
// that many verifiers have been tried against.
package auth0
