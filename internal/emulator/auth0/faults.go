// The faults on demand that need to know how a tenant works. What needs to know no
// more than HTTP is not here.

package auth0

import (
	"github.com/go-jose/go-jose/v4"
)

// The faults that a tenant can commit, by the names under which Config.Fault is
// asked for them. Each is asked for only where it would have an effect.
const (
	FaultExpiredToken  = "expired-token"  // the access token expired an hour ago; expires_in does not say so
	FaultWrongAudience = "wrong-audience" // the access token is for another API
	FaultOpaqueToken   = "opaque-token"   // the access token is not a JWT
	FaultAlteredToken  = "altered-token"  // the access token has another header or other claims: see Config.Alter
	FaultTamperedToken = "tampered-token" // the signature is of another key
	FaultEncrypted     = "encrypted-token"
	FaultRotateKeys    = "rotate-keys" // a new key signs; the old ones stay in the JWKS
	FaultRevokeKeys    = "revoke-keys" // a new key signs; the old ones leave the JWKS
	FaultSlowDown      = "slow-down"   // a poll counts as too fast
	FaultDenial        = "denial"      // the person refuses
)

// Faults returns the names of all of them.
func Faults() []string {
	return []string{
		FaultExpiredToken, FaultWrongAudience, FaultOpaqueToken,
		FaultAlteredToken, FaultTamperedToken, FaultEncrypted,
		FaultRotateKeys, FaultRevokeKeys, FaultSlowDown, FaultDenial,
	}
}

func (t *Tenant) applyKeyFaults(g *grant) {
	if t.config.Fault(FaultRotateKeys, g.kind) {
		t.signer.rotate(func(jose.JSONWebKey) bool { return true })
	}
	if t.config.Fault(FaultRevokeKeys, g.kind) {
		t.signer.rotate(func(jose.JSONWebKey) bool { return false })
	}
}
