package doctor

// A TokenError is what Subject.Token returns where only the caller can tell what
// kept it from a token. What the provider and the token store say needs none: their
// own errors tell.
type TokenError struct {
	Kind    TokenErrorKind
	Setting string // the name of the setting that Unset and NoSecret are about
	Err     error  // what a command would end with; may wrap an *auth.Error
}

// A TokenErrorKind is a cause of having no token.
type TokenErrorKind string

// The kinds.
const (
	LoginNeeded TokenErrorKind = "login needed"      // a person has to log in
	Unset       TokenErrorKind = "unset"             // a setting has no value
	NoSecret    TokenErrorKind = "no secret"         // the place that a setting names gives no secret
	Unreadable  TokenErrorKind = "not a whole token" // there is one, but it is opaque, and it was thrown away
)

func (e *TokenError) Error() string { return e.Err.Error() }
func (e *TokenError) Unwrap() error { return e.Err }
