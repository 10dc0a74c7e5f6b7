package cli

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
)

// everyClient is what AppSync takes for "all clients" although it is no expression
// (Amplify and the CDK write it).
const everyClient = "*"

// checkClientIDPattern refuses a regular expression that is broken in Java as well, which
// is AppSync's language, and in Go, which is this program's. javaOnly reports one that only
// Go cannot read, such as a lookahead.
func checkClientIDPattern(pattern string) (javaOnly bool, err error) {
	if pattern == everyClient {
		return false, nil
	}
	if _, err = syntax.Parse(pattern, syntax.Perl); err == nil {
		return false, nil
	}
	// What Java has beyond Go may hide a mistake behind it.
	reduced := strings.NewReplacer(
		"(?=", "(?:", "(?!", "(?:", "(?<=", "(?:", "(?<!", "(?:", "(?>", "(?:",
		"++", "+", "*+", "*", "?+", "?", "}+", "}",
	).Replace(pattern)
	_, err = syntax.Parse(reduced, syntax.Perl)
	failed, _ := errors.AsType[*syntax.Error](err)
	if failed == nil || !broken(failed) {
		return true, nil
	}
	return false, fmt.Errorf("--client-id-pattern %q is not a regular expression: %s", pattern, failed.Code)
}

// broken reports whether a mistake is one in Java too (java.util.regex.Pattern).
func broken(mistake *syntax.Error) bool {
	surely := []syntax.ErrorCode{
		syntax.ErrMissingParen, syntax.ErrUnexpectedParen, syntax.ErrMissingBracket,
		syntax.ErrTrailingBackslash, syntax.ErrMissingRepeatArgument, syntax.ErrInvalidUTF8,
	}
	reversed := mistake.Code == syntax.ErrInvalidCharRange && !strings.Contains(mistake.Expr, `\`) // z-a
	return reversed || slices.Contains(surely, mistake.Code)
}
