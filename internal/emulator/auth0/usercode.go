// User codes: made to be read aloud, taken as people type them.

package auth0

import (
	"crypto/rand"
	"math/big"
	"strings"
)

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
