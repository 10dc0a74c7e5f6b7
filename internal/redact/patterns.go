package redact

import (
	"regexp"
	"strings"
)

var (
	// jwtLike is a JSON Web Token, signed or encrypted, whole or cut off.
	jwtLike = regexp.MustCompile(`eyJ[\w-]{5,}(?:\.[\w-]*){1,4}`)
	// userInfo is the name and the password in a URL.
	userInfo = regexp.MustCompile(`://[^/\s@]+@`)
	// query is a URL, or a path, with its query.
	query = regexp.MustCompile(`((?:[A-Za-z][\w+.-]*:/)?/[^\s?#"'<>]*)\?([^\s#"'<>]+)`)
	// signature is the last part of AWS's Authorization header (Signature Version 4).
	signature = regexp.MustCompile(`(Signature=)[0-9a-fA-F]+`)
	// namedSecret is a member of a form, or of JSON, that is secret by its name.
	namedSecret = regexp.MustCompile(`\b((?:client_secret|client_assertion|refresh_token|access_token|id_token|device_code|code_verifier|api_key|password|passphrase)(?:=|\\?"\s*:\s*\\?"))[^\s&"'\\,;]+`)
	// bearer is what follows the scheme in an Authorization header (RFC 6750). A short
	// word is prose.
	bearer = regexp.MustCompile(`\b((?i:bearer|basic|dpop)\s+)[\w.~+/-]{20,}=*`)
)

// placeholder is what a fix has where a person puts in the real thing.
const placeholder = "://USER:PASSWORD@"

// withoutSecretLike returns text without what looks like a secret outside of a query.
func withoutSecretLike(text string) string {
	text = jwtLike.ReplaceAllString(text, Redacted)
	text = userInfo.ReplaceAllStringFunc(text, func(found string) string {
		if found == placeholder {
			return found
		}
		return "://" + Redacted + "@"
	})
	text = signature.ReplaceAllString(text, "${1}"+Redacted)
	text = namedSecret.ReplaceAllString(text, "${1}"+Redacted)
	return bearer.ReplaceAllString(text, "${1}"+Redacted)
}

// withoutQueries hides what stands in the queries of addresses.
func withoutQueries(text string) string { return query.ReplaceAllStringFunc(text, withoutQuery) }

// withoutQuery hides the values in the query of an address. What ends a sentence is none
// of it.
func withoutQuery(address string) string {
	bare := strings.TrimRight(address, ".,:;)")
	end := address[len(bare):]
	path, query, _ := strings.Cut(bare, "?")
	members := strings.Split(query, "&")
	for i, member := range members {
		name, value, named := strings.Cut(member, "=")
		switch {
		case named && value != "":
			members[i] = name + "=" + Redacted
		case !named && member != "":
			members[i] = Redacted
		}
	}
	return path + "?" + strings.Join(members, "&") + end
}
