package config

import (
	"fmt"
	"io"
	"maps"
	"strings"
	"unicode"

	"github.com/appsyncctl/appsyncctl/internal/address"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// Layers are the places where settings come from. A setting that is empty in
// one layer is looked up in the next.
type Layers struct {
	Flags     map[Name]string
	LookupEnv func(string) (string, bool)
	File      *ProfileFile
}

// Resolved holds the value of each setting, secrets too: it prints as [redacted].
type Resolved struct {
	values map[Name]Value
}

// Format prints "[redacted]" for every verb.
func (Resolved) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redact.Redacted) }

// Resolve finds the value of each setting.
func Resolve(layers Layers) (Resolved, error) {
	resolved := Resolved{values: make(map[Name]Value)}
	profile, err := layers.profile()
	if err != nil {
		return Resolved{}, err
	}
	resolved.values[Profile] = profile
	kept := layers.File.Profiles[profile.Text].texts()
	for _, setting := range Settings() {
		if setting.Name == Profile || setting.Name == File {
			continue
		}
		value, found := layers.override(setting)
		if text := kept[setting.Name]; !found && text != "" && resolved.holds(setting, kept) {
			value, found = Value{text, FromProfile, "profile " + profile.Text}, true
		}
		if found {
			resolved.values[setting.Name] = value
		}
	}
	return resolved, nil
}

// holds reports whether the profile's value of setting may be used beside the
// values that are resolved already: whatever it belongs to is the profile's too.
func (r Resolved) holds(setting Setting, kept map[Name]string) bool {
	if setting.Of == "" {
		return true
	}
	owner := Describe(setting.Of)
	same := kept[owner.Name] == "" || owner.same(kept[owner.Name], r.Text(owner.Name))
	return same && r.holds(owner, kept)
}

// same reports whether two values of a setting mean the same: the spelling of a host
// makes no other issuer or endpoint.
func (s Setting) same(a, b string) bool {
	if s.Name == Issuer || s.Name == Endpoint {
		return address.Same(a, b)
	}
	return a == b
}

// override looks in the layers that stand above the profile.
func (l Layers) override(setting Setting) (Value, bool) {
	if text := l.Flags[setting.Name]; text != "" {
		return Value{text, FromFlag, "--" + setting.Flag}, true
	}
	if text, _ := l.LookupEnv(setting.Variable); strings.TrimSpace(text) != "" {
		return Value{strings.TrimSpace(text), FromEnvironment, setting.Variable}, true
	}
	return Value{}, false
}

func (l Layers) profile() (Value, error) {
	value, named := l.override(Describe(Profile))
	switch {
	case named:
	case l.File.Current != "":
		value = Value{l.File.Current, FromProfile, l.File.Path}
	default:
		value = Value{"default", FromDefault, "default"}
	}
	return value, CheckProfileName(value.Text)
}

// Get returns the value of a setting; its Source is Unset when there is none.
func (r Resolved) Get(name Name) Value {
	value, ok := r.values[name]
	if !ok {
		return Value{Source: Unset}
	}
	return value
}

// Text returns the value of a setting, or "".
func (r Resolved) Text(name Name) string { return r.values[name].Text }

// Check returns a *ValueError for the first setting whose value it cannot have.
func (r Resolved) Check() error {
	for _, setting := range Settings() {
		if value, ok := r.values[setting.Name]; ok {
			if err := setting.check(value); err != nil {
				return err
			}
		}
	}
	return nil
}

// With returns r with another value for one setting.
func (r Resolved) With(name Name, value Value) Resolved {
	values := maps.Clone(r.values)
	values[name] = value
	return Resolved{values}
}

// Without returns r with one setting left unset.
func (r Resolved) Without(name Name) Resolved {
	values := maps.Clone(r.values)
	delete(values, name)
	return Resolved{values}
}

// Require returns the value of a setting, or a *MissingError.
func (r Resolved) Require(name Name) (string, error) {
	if text := r.Text(name); text != "" {
		return text, nil
	}
	return "", &MissingError{Describe(name)}
}

// Scopes returns the scopes as a list.
func (r Resolved) Scopes() []string {
	return strings.FieldsFunc(r.Text(Scopes), func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
}

// Profile returns what a profile may keep of the settings that somebody chose.
func (r Resolved) Profile() ProfileSettings {
	return ProfileSettings{
		Endpoint:         r.Text(Endpoint),
		Auth:             r.Text(Auth),
		AuthScheme:       r.Text(AuthScheme),
		Issuer:           r.Text(Issuer),
		ClientID:         r.Text(ClientID),
		ClientSecretFile: r.Text(ClientSecretFile),
		SecretCommand:    r.Text(SecretCommand),
		ClientKeyFile:    r.Text(ClientKeyFile),
		ClientAuth:       r.Text(ClientAuth),
		Audience:         r.Text(Audience),
		Organization:     r.Text(Organization),
		Scopes:           r.Scopes(),
		Grant:            r.Text(Grant),
		TokenStore:       r.Text(TokenStore),
		Region:           r.Text(Region),
	}
}

// CheckProfileName refuses a name that no profile can have.
func CheckProfileName(name string) error {
	if name == "" {
		return ProfileNameError(name)
	}
	for _, c := range name {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && !('0' <= c && c <= '9') && !strings.ContainsRune("._-", c) {
			return ProfileNameError(name)
		}
	}
	return nil
}

// ProfileNameError says that a profile cannot be called that.
func ProfileNameError(name string) error {
	return failure.Errorf(failure.Usage, "a profile cannot be called %q: use letters, digits, dots, dashes and underscores", name)
}
