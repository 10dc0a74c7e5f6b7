package config_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/config"
)

func environment(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}
}

func resolve(t *testing.T, layers config.Layers) config.Resolved {
	t.Helper()
	if layers.LookupEnv == nil {
		layers.LookupEnv = environment(nil)
	}
	if layers.File == nil {
		layers.File = &config.ProfileFile{}
	}
	resolved, err := config.Resolve(layers)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// Every setting comes from the strongest layer that has it, and says so.
func TestResolvePrecedence(t *testing.T) {
	for _, setting := range config.Settings() {
		if setting.Name == config.Profile || setting.Name == config.File {
			continue
		}
		t.Run(string(setting.Name), func(t *testing.T) {
			layers := config.Layers{
				Flags:     map[config.Name]string{},
				LookupEnv: environment(map[string]string{setting.Variable: " environment\n"}),
				File:      &config.ProfileFile{Profiles: map[string]config.ProfileSettings{"default": full(t)}},
			}
			if setting.Flag != "" {
				layers.Flags[setting.Name] = "flag"
				want := config.Value{Text: "flag", Source: config.FromFlag, Origin: "--" + setting.Flag}
				if got := resolve(t, layers).Get(setting.Name); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
				layers.Flags[setting.Name] = ""
			}
			want := config.Value{Text: "environment", Source: config.FromEnvironment, Origin: setting.Variable}
			if got := resolve(t, layers).Get(setting.Name); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			layers.LookupEnv = environment(map[string]string{setting.Variable: " "})
			got := resolve(t, layers).Get(setting.Name)
			if setting.Profile && (got.Source != config.FromProfile || got.Origin != "profile default" || got.Text == "") {
				t.Errorf("got %+v, want the profile's", got)
			}
			if !setting.Profile && got != (config.Value{Source: config.Unset}) {
				t.Errorf("got %+v, want nothing", got)
			}
			layers.File = &config.ProfileFile{}
			if got := resolve(t, layers).Get(setting.Name); got.Text != "" || got.Source != config.Unset {
				t.Errorf("got %+v, want nothing", got)
			}
		})
	}
}

func TestResolveProfile(t *testing.T) {
	file := &config.ProfileFile{Path: "/c.yaml", Current: "kept", Profiles: map[string]config.ProfileSettings{
		"kept": {Issuer: "kept"}, "flag": {Issuer: "flag"}, "env": {Issuer: "env"}, "default": {Issuer: "default"},
	}}
	flag := map[config.Name]string{config.Profile: "flag"}
	env := environment(map[string]string{"APPSYNCCTL_PROFILE": "env"})
	tests := []struct {
		name   string
		layers config.Layers
		want   config.Value
		issuer string
	}{
		{"flag", config.Layers{Flags: flag, LookupEnv: env, File: file}, config.Value{Text: "flag", Source: config.FromFlag, Origin: "--profile"}, "flag"},
		{"environment", config.Layers{LookupEnv: env, File: file}, config.Value{Text: "env", Source: config.FromEnvironment, Origin: "APPSYNCCTL_PROFILE"}, "env"},
		{"current", config.Layers{File: file}, config.Value{Text: "kept", Source: config.FromProfile, Origin: "/c.yaml"}, "kept"},
		{"nobody", config.Layers{File: &config.ProfileFile{Profiles: file.Profiles}}, config.Value{Text: "default", Source: config.FromDefault, Origin: "default"}, "default"},
		{"nobody, no file", config.Layers{}, config.Value{Text: "default", Source: config.FromDefault, Origin: "default"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := resolve(t, tt.layers)
			if got.Get(config.Profile) != tt.want || got.Text(config.Issuer) != tt.issuer {
				t.Errorf("got %+v with issuer %q, want %+v with %q", got.Get(config.Profile), got.Text(config.Issuer), tt.want, tt.issuer)
			}
		})
	}
	for _, layers := range []config.Layers{
		{Flags: map[config.Name]string{config.Profile: "../x"}, LookupEnv: environment(nil), File: file},
		{LookupEnv: environment(map[string]string{"APPSYNCCTL_PROFILE": "a b"}), File: file},
		{LookupEnv: environment(nil), File: &config.ProfileFile{Current: "a/b"}},
	} {
		if _, err := config.Resolve(layers); err == nil || !strings.Contains(err.Error(), "a profile cannot be called") {
			t.Errorf("got %v, want that the name is refused", err)
		}
	}
}

func TestRequire(t *testing.T) {
	resolved := resolve(t, config.Layers{Flags: map[config.Name]string{config.Issuer: "https://x/"}})
	if got, err := resolved.Require(config.Issuer); err != nil || got != "https://x/" {
		t.Errorf("got %q, %v", got, err)
	}
	tests := []struct {
		name   config.Name
		text   string
		remedy string
	}{
		{config.Endpoint, "no endpoint is set", "pass --endpoint or set APPSYNCCTL_ENDPOINT"},
		{config.ClientID, "no client ID is set", "pass --client-id or set APPSYNCCTL_CLIENT_ID"},
		{config.ClientSecret, "no client secret is set", "set APPSYNCCTL_CLIENT_SECRET"},
	}
	for _, tt := range tests {
		_, err := resolved.Require(tt.name)
		var missing *config.MissingError
		if !errors.As(err, &missing) || err.Error() != tt.text || missing.Remedy() != tt.remedy {
			t.Errorf("got %v, want %q and %q", err, tt.text, tt.remedy)
		}
	}
}

func TestScopes(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{"", nil},
		{"read", []string{"read"}},
		{"read write", []string{"read", "write"}},
		{"read,write", []string{"read", "write"}},
		{" read , write\n\tadmin ", []string{"read", "write", "admin"}},
		{" , ", nil},
	}
	for _, tt := range tests {
		got := resolve(t, config.Layers{Flags: map[config.Name]string{config.Scopes: tt.text}}).Scopes()
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

// What a login saves is what the next command finds.
func TestResolvedProfile(t *testing.T) {
	want := full(t)
	file := &config.ProfileFile{Profiles: map[string]config.ProfileSettings{"default": want}}
	got := resolve(t, config.Layers{File: file}).Profile()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestWithLeavesTheOriginalAlone(t *testing.T) {
	before := resolve(t, config.Layers{})
	after := before.With(config.Issuer, config.Value{Text: "x", Source: config.FromFlag})
	if before.Text(config.Issuer) != "" || after.Text(config.Issuer) != "x" {
		t.Errorf("got %q and %q", before.Text(config.Issuer), after.Text(config.Issuer))
	}
}

// No flag carries a secret and no profile keeps one; names do not clash.
func TestSettings(t *testing.T) {
	seen := make(map[string]bool)
	for _, setting := range config.Settings() {
		if setting.Secret && (setting.Flag != "" || setting.Profile) {
			t.Errorf("%s is a secret with a flag or in a profile", setting.Name)
		}
		if !strings.HasPrefix(setting.Variable, "APPSYNCCTL_") || setting.Usage == "" {
			t.Errorf("%s has variable %q and usage %q", setting.Name, setting.Variable, setting.Usage)
		}
		for _, name := range []string{"name " + string(setting.Name), "variable " + setting.Variable, "flag " + setting.Flag} {
			if seen[name] && name != "flag " {
				t.Errorf("there are two with %s", name)
			}
			seen[name] = true
		}
		if !reflect.DeepEqual(config.Describe(setting.Name), setting) {
			t.Errorf("%s is described as something else", setting.Name)
		}
	}
}

// A profile's settings for one provider or client are not for another.
func TestResolveProfileHolds(t *testing.T) {
	file := &config.ProfileFile{Profiles: map[string]config.ProfileSettings{"default": {
		Endpoint: "https://one.example/graphql", Auth: "api-key",
		Issuer: "https://one.example/", ClientID: "c1", ClientSecretFile: "/secret", Grant: "device",
		Audience: "aud", Scopes: []string{"read"}, TokenStore: "file",
	}}}
	tests := []struct {
		name     string
		flags    map[config.Name]string
		from     []config.Name // the profile
		notTaken []config.Name
	}{
		{"nothing else", nil, []config.Name{config.Auth, config.Grant, config.Audience, config.ClientSecretFile, config.TokenStore}, nil},
		{"the same issuer without its slash", map[config.Name]string{config.Issuer: "https://ONE.example"}, []config.Name{config.Grant, config.Audience, config.ClientID}, nil},
		{"another issuer", map[config.Name]string{config.Issuer: "https://two.example/"},
			[]config.Name{config.Auth, config.TokenStore, config.Endpoint},
			[]config.Name{config.ClientID, config.Audience, config.Scopes, config.Grant, config.ClientSecretFile}},
		{"another issuer, the same client ID", map[config.Name]string{config.Issuer: "https://two.example/", config.ClientID: "c1"}, nil,
			[]config.Name{config.Grant, config.ClientSecretFile}},
		{"another client", map[config.Name]string{config.ClientID: "c2"},
			[]config.Name{config.Audience, config.Scopes}, []config.Name{config.Grant, config.ClientSecretFile}},
		{"the same endpoint in another spelling", map[config.Name]string{config.Endpoint: "HTTPS://One.Example:443/graphql"}, []config.Name{config.Auth}, nil},
		{"another client, by the case of its ID", map[config.Name]string{config.ClientID: "C1"}, nil, []config.Name{config.Grant, config.ClientSecretFile}},
		{"another issuer, by the case of its path", map[config.Name]string{config.Issuer: "https://one.example/A"}, nil, []config.Name{config.ClientID, config.Audience}},
		{"another endpoint", map[config.Name]string{config.Endpoint: "https://two.example/graphql"},
			[]config.Name{config.Grant, config.Audience}, []config.Name{config.Auth}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			settings, err := config.Resolve(config.Layers{Flags: tt.flags, LookupEnv: environment(nil), File: file})
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range tt.from {
				if got := settings.Get(name).Source; got != config.FromProfile {
					t.Errorf("%s: got source %s, want the profile", name, got)
				}
			}
			for _, name := range tt.notTaken {
				if got := settings.Get(name).Source; got != config.Unset {
					t.Errorf("%s: got source %s, want it unset", name, got)
				}
			}
		})
	}
}

func TestSettingsCheck(t *testing.T) {
	for _, setting := range config.Settings() {
		for value, fine := range map[string]bool{"nonsense": len(setting.Values) == 0, "": true} {
			layers := config.Layers{
				Flags:     map[config.Name]string{},
				LookupEnv: environment(map[string]string{setting.Variable: value}),
				File:      &config.ProfileFile{},
			}
			settings, err := config.Resolve(layers)
			if err != nil {
				t.Fatal(err)
			}
			_, refused := errors.AsType[*config.ValueError](settings.Check())
			if refused == fine {
				t.Errorf("%s=%q: got refused %t", setting.Variable, value, refused)
			}
		}
	}
}

func TestSettingsPrintNoSecret(t *testing.T) {
	settings, err := config.Resolve(config.Layers{
		LookupEnv: func(string) (string, bool) { return "sesame", true },
		File:      &config.ProfileFile{},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{settings, &settings, settings.Get(config.ClientSecret)} {
			if got := fmt.Sprintf(verb, value); strings.Contains(got, "sesame") || strings.Contains(got, "736573616d65") {
				t.Errorf("%s of %T prints the secret: %s", verb, value, got)
			}
		}
	}
}

func TestPaths(t *testing.T) {
	if runtime.GOOS == "windows" {
		windowsPaths(t)
		return
	}
	tests := []struct {
		name   string
		env    map[string]string
		config string
		state  string
		home   string
	}{
		{
			"home", map[string]string{"HOME": "/h"},
			"/h/.config/appsyncctl/config.yaml", "/h/.local/state/appsyncctl", "/h/.local/state/appsyncctl",
		},
		{
			"XDG", map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"},
			"/c/appsyncctl/config.yaml", "/s/appsyncctl", "/h/.local/state/appsyncctl",
		},
		{
			"XDG that is not absolute", map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "c", "XDG_STATE_HOME": "../s"},
			"/h/.config/appsyncctl/config.yaml", "/h/.local/state/appsyncctl", "/h/.local/state/appsyncctl",
		},
		{
			"variables of Windows", map[string]string{"HOME": "/h", "APPDATA": "/a", "LOCALAPPDATA": "/l"},
			"/h/.config/appsyncctl/config.yaml", "/h/.local/state/appsyncctl", "/h/.local/state/appsyncctl",
		},
		{
			"named file", map[string]string{"HOME": "/h", "APPSYNCCTL_CONFIG": "here.yaml"},
			"here.yaml", "/h/.local/state/appsyncctl", "/h/.local/state/appsyncctl",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantPath(t, config.Path, tt.env, tt.config)
			wantPath(t, config.StateDir, tt.env, tt.state)
			wantPath(t, config.HomeStateDir, tt.env, tt.home)
		})
	}
	for _, env := range []map[string]string{nil, {"HOME": ""}, {"XDG_CONFIG_HOME": "relative", "XDG_STATE_HOME": "relative"}} {
		wantNoHome(t, env, "HOME")
	}
}

func windowsPaths(t *testing.T) {
	t.Helper()
	env := map[string]string{"APPDATA": `C:\a`, "LOCALAPPDATA": `C:\l`, "HOME": `C:\h`, "XDG_CONFIG_HOME": `C:\c`}
	wantPath(t, config.Path, env, `C:\a\appsyncctl\config.yaml`)
	wantPath(t, config.StateDir, env, `C:\l\appsyncctl`)
	wantPath(t, config.HomeStateDir, env, `C:\l\appsyncctl`)
	wantNoHome(t, nil, "APPDATA")
}

func wantPath(t *testing.T, path func(func(string) (string, bool)) (string, error), env map[string]string, want string) {
	t.Helper()
	if got, err := path(environment(env)); err != nil || got != filepath.FromSlash(want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func wantNoHome(t *testing.T, env map[string]string, variable string) {
	t.Helper()
	for _, path := range []func(func(string) (string, bool)) (string, error){config.Path, config.StateDir, config.HomeStateDir} {
		var missing *config.NoHomeError
		if got, err := path(environment(env)); !errors.As(err, &missing) || !strings.Contains(err.Error(), variable) {
			t.Errorf("got %q, %v; want a NoHomeError", got, err)
		}
	}
}
