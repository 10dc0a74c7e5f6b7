// Settings that have no value, and how to give them one.

package doctor

import (
	"slices"
	"strings"
)

// lacking skips a check that a setting, the endpoint or the issuer, must have a value for.
func lacking(setting string) Verdict {
	return Verdict{Result: Skipped, Message: "no " + setting + " is set", Lacks: setting}
}

// missingText names settings: "no endpoint, issuer or client ID is set".
func missingText(missing []Setting) string {
	labels := make([]string, len(missing))
	for i, setting := range missing {
		labels[i] = setting.Label
	}
	last := len(labels) - 1
	list := labels[last]
	if last > 0 {
		list = strings.Join(labels[:last], ", ") + " or " + list
	}
	return "no " + list + " is set"
}

// give is one command that gives all of settings a value, with words in capitals for
// what only a person knows.
func (e *examination) give(settings []Setting) string {
	if slices.ContainsFunc(settings, func(s Setting) bool { return s.Flag == "" }) {
		return settings[0].remedy() // no profile has it
	}
	words := []string{"appsyncctl profile set", quoted(e.Profile)}
	for _, setting := range settings {
		words = append(words, "--"+setting.Flag, placeholder(setting))
	}
	return strings.Join(words, " ")
}

// placeholder stands for the value of a setting.
func placeholder(setting Setting) string {
	switch setting.Name {
	case "endpoint", "issuer":
		return "URL"
	case "client_id":
		return "ID"
	case "client_key_file":
		return "FILE"
	default:
		return strings.ToUpper(setting.Name)
	}
}
