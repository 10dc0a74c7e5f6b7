package setup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/management"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// callbacks are where a browser login may come back to.
func callbacks() []string {
	var addresses []string
	for _, port := range session.CallbackPorts() {
		addresses = append(addresses, fmt.Sprintf("http://127.0.0.1:%d/callback", port))
	}
	return addresses
}

// machineProfile is the name of the profile for machines beside that for people, unless
// another is asked for.
func machineProfile(people string) string { return people + "-machine" }

// planProfiles plans the profiles that lead to what the setup makes.
func (s *auth0Setup) planProfiles(options auth0Options) error {
	people := s.settings.Text(config.Profile)
	machine := cmp.Or(options.machineProfile, machineProfile(people))
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
	s.people = s.planProfile(people, s.plan.Native.ID, map[config.Name]string{
		config.Grant: session.Device, config.Scopes: strings.Join(scopes, " "),
	})
	s.machine = s.planProfile(machine, s.plan.Machine.ID, map[config.Name]string{config.Grant: session.ClientCredentials})
	return nil
}

// planProfile plans one profile. What belongs to another client of it goes.
func (s *auth0Setup) planProfile(name, clientID string, values map[config.Name]string) *profilePlan {
	old := s.file.Profiles[name]
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
	if old.Auth == session.ModeAPIKey || old.Auth == session.ModeIAM { // which take no token
		values[config.Auth] = ""
	}
	return newProfilePlan(s.file, name, values)
}

// writeProfile writes the profile of an application that is there by now.
func writeProfile(ctx context.Context, s *session.Session, file *config.ProfileFile, p *profilePlan, application *management.Step) error {
	p.values[config.ClientID] = application.ID
	return writePlanned(ctx, s, file, p)
}
