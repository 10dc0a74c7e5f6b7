package doctor

import (
	"fmt"
	"strings"
)

// A Setting is one setting as it was resolved.
type Setting struct {
	Name     string // "client_id"
	Label    string // "client ID"
	Flag     string // without dashes; empty when no flag may carry it
	Variable string
	Value    string // empty when unset, "[redacted]" for a secret
	Source   string // flag, environment, profile, default or unset
	Origin   string // the flag, variable or profile that it came from, as a person would name it
}

// setting returns the setting called name; its zero value if there is none.
func (s *Subject) setting(name string) Setting {
	for _, setting := range s.Settings {
		if setting.Name == name {
			return setting
		}
	}
	return Setting{}
}

// change returns the way to give a setting another value, where its value is now.
func (s *Subject) change(name, value string) string {
	setting := s.setting(name)
	switch {
	case setting.Source == "environment" || setting.Flag == "":
		return fmt.Sprintf("export %s=%s", setting.Variable, quoted(value))
	case setting.Source == "flag":
		return fmt.Sprintf("--%s %s", setting.Flag, quoted(value))
	default:
		return fmt.Sprintf("appsyncctl profile set %s --%s %s", s.Profile, setting.Flag, quoted(value))
	}
}

// remedy names the ways to give a setting a value.
func (s Setting) remedy() string {
	if s.Flag == "" {
		return "set " + s.Variable
	}
	return fmt.Sprintf("pass --%s or set %s", s.Flag, s.Variable)
}

// quoted is text as one word of a POSIX shell.
func quoted(text string) string {
	harmless := func(c rune) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-_./:@%+=,", c)
	}
	if text != "" && !strings.ContainsFunc(text, func(c rune) bool { return !harmless(c) }) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
