// Package session goes the way from settings to an authorised client: flags, environment
// and profile make settings, settings a grant, the grant a token source, the source a
// chain of RoundTrippers, and the chain a GraphQL client. It is the only place where
// config, auth, tokencache, transport and appsync are wired together.
//
// A command opens one Session. Its parts are made when they are first asked for, and kept:
// the profile is read once, and a secret command runs once. Variations, such as no retries
// for doctor or a pool of connections for an import, are Options of API.
package session

import (
	"context"
	"net/url"
	"path/filepath"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// A Session is one command's settings and access.
type Session struct {
	App   *app.App
	Flags *app.Flags

	profiles kept[*config.ProfileFile]
	settings kept[config.Resolved]
	problem  SettingsProblem // with the settings, if they are only readable
	client   kept[*credentials]
	cached   kept[*CachedGrant]
	memory   tokencache.Memory
	commands secretCommands
}

// New returns a session of the world and the flags, which may be parsed later. Nothing is
// read yet.
func New(world *app.App, flags *app.Flags) *Session { return &Session{App: world, Flags: flags} }

// Close ends the session, and waits for secret commands that were given up on: their
// context must have ended.
func (s *Session) Close() { s.commands.end() }

// kept is a part of a session, made when it is first asked for.
type kept[T any] struct {
	made  bool
	value T
	err   error
}

func (k *kept[T]) get(create func() (T, error)) (T, error) {
	if !k.made {
		k.value, k.err = create()
		k.made = true
	}
	return k.value, k.err
}

// Profiles returns the configuration file. Without a home there is none.
func (s *Session) Profiles() (*config.ProfileFile, error) {
	return s.profiles.get(func() (*config.ProfileFile, error) {
		path, err := config.Path(s.App.LookupEnv)
		if failure.Is[*config.NoHomeError](err) {
			return &config.ProfileFile{}, nil
		}
		if err != nil {
			return nil, err
		}
		return config.ReadProfiles(path)
	})
}

// ReadProfilesAgain is Profiles for a command that has waited for others which may have
// written the file.
func (s *Session) ReadProfilesAgain() (*config.ProfileFile, error) {
	s.profiles.made = false
	return s.Profiles()
}

// SaveProfile writes a profile; that takes a home.
func (s *Session) SaveProfile(ctx context.Context, name string, profile config.ProfileSettings) error {
	path, err := config.Path(s.App.LookupEnv)
	if err != nil {
		return err
	}
	return config.SaveProfile(ctx, path, name, profile)
}

// Settings resolves the settings of a command that uses a profile.
func (s *Session) Settings() (config.Resolved, error) {
	return s.settings.get(func() (config.Resolved, error) {
		settings, err := resolve(s)
		if err != nil {
			return config.Resolved{}, err
		}
		return settings, s.profiles.value.Check(settings.Get(config.Profile))
	})
}

// NewSettings is Settings for a command that may make the profile.
func (s *Session) NewSettings() (config.Resolved, error) {
	return s.settings.get(func() (config.Resolved, error) { return resolve(s) })
}

// ReadableSettings resolves as many settings as can be, and returns the first thing
// that was wrong: for doctor a broken profile is a finding, and no end. The session goes
// on with these settings.
func (s *Session) ReadableSettings() (config.Resolved, SettingsProblem) {
	settings, _ := s.settings.get(func() (config.Resolved, error) {
		return readable(s, func(err error) {
			if err != nil && s.problem.Err == nil {
				s.problem = SettingsProblem{err, settingsRemedy(err)}
			}
		}), nil
	})
	return settings, s.problem
}

// Override puts a value in the place of a setting's. It is for what a command reads by
// itself, such as a secret from standard input, before it asks for any access.
func (s *Session) Override(name config.Name, value config.Value) {
	s.settings.value = s.settings.value.With(name, value)
	s.App.Secrets.Add(value.Text)
}

// Endpoint returns the address of the API.
func (s *Session) Endpoint() (*url.URL, error) {
	settings, err := s.Settings()
	if err != nil {
		return nil, err
	}
	text, err := settings.Require(config.Endpoint)
	if err != nil {
		return nil, err
	}
	return appsync.ParseEndpoint(text)
}

// CheckEndpoint checks the endpoint of a command that does not need one.
func (s *Session) CheckEndpoint() error {
	settings, err := s.Settings()
	if err != nil || settings.Text(config.Endpoint) == "" {
		return err
	}
	_, err = s.Endpoint()
	return err
}

// StateFile returns the path of a file that the program keeps for itself.
func (s *Session) StateFile(elements ...string) (string, error) { return stateFile(s.App, elements...) }

func stateFile(world *app.App, elements ...string) (string, error) {
	dir, err := config.StateDir(world.LookupEnv)
	return filepath.Join(append([]string{dir}, elements...)...), err
}
