package setup

import (
	"context"
	"slices"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/management"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// profilePlan is what a setup has for one profile.
type profilePlan struct {
	name    string
	action  management.Action
	changes []management.Change // of Update
	values  map[config.Name]string
	done    bool
}

// newProfilePlan plans that a profile gets values; an empty one removes a setting. Its
// other settings stay, but for those that belong to a value which is replaced: a client is
// not for another issuer.
func newProfilePlan(file *config.ProfileFile, name string, values map[config.Name]string) *profilePlan {
	old, exists := file.Profiles[name]
	if sameIssuer(old.Issuer, values[config.Issuer]) {
		values[config.Issuer] = old.Issuer // as its owner wrote it
	}
	p := &profilePlan{name: name, action: management.Create, values: values}
	if !exists {
		return p
	}
	p.action = management.Keep
	before := texts(old)
	for _, setting := range config.Settings() { // what another belongs to comes before it
		was := before[setting.Name]
		value, planned := values[setting.Name]
		if owner, replaced := values[setting.Of]; !planned && was != "" && replaced && before[setting.Of] != "" && before[setting.Of] != owner {
			values[setting.Name], planned = "", true
		}
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

// writePlanned writes the profile.
func writePlanned(ctx context.Context, s *session.Session, file *config.ProfileFile, p *profilePlan) error {
	if p.action != management.Keep {
		if err := s.SaveProfile(context.WithoutCancel(ctx), p.name, file.Profiles[p.name].With(p.values)); err != nil {
			return err
		}
	}
	p.done = true
	return nil
}

// sameIssuer compares what people write with what an issuer is called: the scheme and the
// slash at the end may be left out.
func sameIssuer(written, issuer string) bool {
	parsed, err := auth.ParseIssuer(written)
	return err == nil && parsed == issuer
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
