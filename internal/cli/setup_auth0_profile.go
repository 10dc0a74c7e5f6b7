package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/management"
)

// profilePlan is what a setup has for one profile.
type profilePlan struct {
	name    string
	action  management.Action
	changes []management.Change // of Update
	values  map[config.Name]string
	done    bool
}

// callbacks are where a browser login may come back to.
func callbacks() []string {
	var addresses []string
	for _, port := range callbackPorts() {
		addresses = append(addresses, fmt.Sprintf("http://127.0.0.1:%d/callback", port))
	}
	return addresses
}

// planProfiles plans the profiles that lead to what the setup makes.
func (s *auth0Setup) planProfiles(file *config.ProfileFile, options setupAuth0Options) error {
	people := s.settings.Text(config.Profile)
	machine := firstOf(options.machineProfile, people+"-machine")
	if err := config.CheckProfileName(machine); err != nil {
		return err
	}
	if machine == people {
		return &config.ProfileNameError{Name: machine}
	}
	scopes := s.settings.Scopes()
	if len(scopes) == 0 {
		scopes = []string{"openid"}
	}
	if !slices.Contains(scopes, "offline_access") {
		scopes = append(scopes, "offline_access")
	}
	s.people = s.planProfile(file, people, s.plan.Native.ID, map[config.Name]string{
		config.Grant: grantDevice, config.Scopes: strings.Join(scopes, " "),
	})
	s.machine = s.planProfile(file, machine, s.plan.Machine.ID, map[config.Name]string{config.Grant: grantClientCredentials})
	return nil
}

// planProfile plans one profile. What belongs to another client of it goes.
func (s *auth0Setup) planProfile(file *config.ProfileFile, name, clientID string, values map[config.Name]string) *profilePlan {
	old, exists := file.Profiles[name]
	values[config.Issuer], values[config.Audience], values[config.ClientID] = s.issuer, s.audience, clientID
	endpoint := s.settings.Get(config.Endpoint)
	if old.Endpoint == "" || endpoint.Source == config.FromFlag || endpoint.Source == config.FromEnvironment {
		values[config.Endpoint] = endpoint.Text
	}
	if old.ClientID != clientID {
		for _, of := range []config.Name{config.ClientSecretFile, config.SecretCommand, config.ClientKeyFile, config.ClientAuth} {
			values[of] = ""
		}
	}
	if old.Auth == authAPIKey || old.Auth == authIAM { // which take no token
		values[config.Auth] = ""
	}
	p := &profilePlan{name: name, action: management.Create, values: values}
	if !exists {
		return p
	}
	p.action = management.Keep
	before := texts(old)
	for _, setting := range config.Settings() {
		value, planned := values[setting.Name]
		was := before[setting.Name]
		if !planned || was == value && (value != "" || setting.Name != config.ClientID) {
			continue
		}
		p.action = management.Update
		p.changes = append(p.changes, management.Change{Field: string(setting.Name), From: orNil(was), To: orNil(value)})
	}
	return p
}

// replaces reports whether a setting that the profile has gets another value. To add one
// takes nothing away.
func (p *profilePlan) replaces() bool {
	return slices.ContainsFunc(p.changes, func(c management.Change) bool { return c.From != nil })
}

func texts(p config.ProfileSettings) map[config.Name]string {
	all := make(map[config.Name]string)
	for _, named := range p.Named() {
		all[named.Name] = named.Text
	}
	return all
}

// orNil is nil for what is not set.
func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// writeProfile writes the profile of an application that is there by now.
func (app *App) writeProfile(file *config.ProfileFile, p *profilePlan, application *management.Step) error {
	if p.action == management.Keep {
		p.done = true
		return nil
	}
	p.values[config.ClientID] = application.ID
	if err := app.saveProfile(file, p.name, file.Profiles[p.name].With(p.values)); err != nil {
		return err
	}
	p.done = true
	return nil
}
