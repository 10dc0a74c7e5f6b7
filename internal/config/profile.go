package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"go.yaml.in/yaml/v3"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// A ProfileFile is the content of the configuration file.
type ProfileFile struct {
	Path     string                     `yaml:"-"`
	Current  string                     `yaml:"current,omitempty"` // used when nobody names a profile
	Profiles map[string]ProfileSettings `yaml:"profiles,omitempty"`
}

// ProfileSettings are the settings that a profile may keep; none is a secret.
type ProfileSettings struct {
	Endpoint         string   `yaml:"endpoint,omitempty"`
	Auth             string   `yaml:"auth,omitempty"`
	AuthScheme       string   `yaml:"auth_scheme,omitempty"`
	Issuer           string   `yaml:"issuer,omitempty"`
	ClientID         string   `yaml:"client_id,omitempty"`
	ClientSecretFile string   `yaml:"client_secret_file,omitempty"`
	SecretCommand    string   `yaml:"secret_command,omitempty"`
	ClientKeyFile    string   `yaml:"client_key_file,omitempty"`
	ClientAuth       string   `yaml:"client_auth,omitempty"`
	Audience         string   `yaml:"audience,omitempty"`
	Organization     string   `yaml:"organization,omitempty"`
	Scopes           []string `yaml:"scopes,omitempty,flow"`
	Grant            string   `yaml:"grant,omitempty"`
	TokenStore       string   `yaml:"token_store,omitempty"`
	Region           string   `yaml:"region,omitempty"`
}

func (p ProfileSettings) texts() map[Name]string {
	return map[Name]string{
		Endpoint:         p.Endpoint,
		Auth:             p.Auth,
		AuthScheme:       p.AuthScheme,
		Issuer:           p.Issuer,
		ClientID:         p.ClientID,
		ClientSecretFile: p.ClientSecretFile,
		SecretCommand:    p.SecretCommand,
		ClientKeyFile:    p.ClientKeyFile,
		ClientAuth:       p.ClientAuth,
		Audience:         p.Audience,
		Organization:     p.Organization,
		Scopes:           strings.Join(p.Scopes, " "),
		Grant:            p.Grant,
		TokenStore:       p.TokenStore,
		Region:           p.Region,
	}
}

// A NamedText is a setting with its value.
type NamedText struct {
	Name Name
	Text string
}

// Named returns the settings that p has, in the order of Settings.
func (p ProfileSettings) Named() []NamedText {
	texts := p.texts()
	var named []NamedText
	for _, setting := range Settings() {
		if text := texts[setting.Name]; text != "" {
			named = append(named, NamedText{setting.Name, text})
		}
	}
	return named
}

// With returns p with other values for some settings; an empty one removes a
// setting.
func (p ProfileSettings) With(values map[Name]string) ProfileSettings {
	resolved := Resolved{values: make(map[Name]Value)}
	for name, text := range p.texts() {
		resolved.values[name] = Value{Text: text, Source: FromProfile}
	}
	for name, text := range values {
		resolved.values[name] = Value{Text: text, Source: FromFlag}
	}
	return resolved.Profile()
}

// Check returns a *ValueError for a value that its setting cannot have.
func (p ProfileSettings) Check() error {
	resolved := Resolved{values: make(map[Name]Value)}
	for name, text := range p.texts() {
		if text != "" {
			resolved.values[name] = Value{Text: text, Source: FromFlag, Origin: "--" + Describe(name).Flag}
		}
	}
	return resolved.Check()
}

// FileError says what is wrong with the configuration file, with the line where
// the YAML reader names one.
type FileError struct {
	Path string
	Err  error
}

// goType is how the YAML reader names the Go types that it fills.
var goType = regexp.MustCompile(` (in type|into) [\w.\[\]]+`)

func (e *FileError) Error() string {
	// The reader heads a list of complaints with this line; the path says it.
	text := strings.TrimPrefix(e.Err.Error(), "yaml: unmarshal errors:\n  ")
	text = goType.ReplaceAllString(text, "") // nobody else's business
	return fmt.Sprintf("%s: %s", e.Path, strings.ReplaceAll(text, "\n  ", "; "))
}
func (e *FileError) Unwrap() error { return e.Err }

// Kind implements the interface of failure.Of.
func (*FileError) Kind() failure.Kind { return failure.Usage }

// UnknownProfileError says that a named profile is not in the file.
type UnknownProfileError struct {
	Name  string
	Known []string
}

func (e *UnknownProfileError) Error() string { return fmt.Sprintf("there is no profile %q", e.Name) }

// Kind implements the interface of failure.Of.
func (*UnknownProfileError) Kind() failure.Kind { return failure.Usage }

// ReadProfiles reads the configuration file. A missing file has no profiles; an
// unknown key is an error, since it is mostly a misspelt one.
func ReadProfiles(path string) (*ProfileFile, error) {
	file := &ProfileFile{Path: path}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) { // HOME may be /dev/null
		return file, nil
	}
	if err != nil {
		return nil, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(file); err != nil && !errors.Is(err, io.EOF) {
		return nil, &FileError{path, err}
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, &FileError{path, errors.New("more than one YAML document")}
	}
	for name := range file.Profiles {
		if err := CheckProfileName(name); err != nil {
			return nil, &FileError{path, err}
		}
	}
	return file, nil
}

// Check returns an *UnknownProfileError when somebody named a profile that is
// not in the file. The profile that nobody named need not exist.
func (f *ProfileFile) Check(profile Value) error {
	if _, known := f.Profiles[profile.Text]; known || profile.Source == FromDefault {
		return nil
	}
	return f.unknown(profile.Text)
}

// Get returns the profile called name, or an *UnknownProfileError.
func (f *ProfileFile) Get(name string) (ProfileSettings, error) {
	if profile, known := f.Profiles[name]; known {
		return profile, nil
	}
	return ProfileSettings{}, f.unknown(name)
}

func (f *ProfileFile) unknown(name string) error {
	return &UnknownProfileError{name, slices.Sorted(maps.Keys(f.Profiles))}
}
