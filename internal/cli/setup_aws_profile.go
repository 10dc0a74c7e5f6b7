package cli

import (
	"fmt"
	"io"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/cloudformation"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// stackView is the result of setup aws --outputs.
type stackView struct {
	Profile string `json:"profile"`
	cloudformation.Stack
}

// setupAWSProfile puts what a stack says of itself into the profile. It may be run
// again; what it changes of an older profile is told.
func (app *App) setupAWSProfile(flags *globals, options setupAWSOptions) error {
	if err := flags.output.oneDocument(); err != nil {
		return err // before anything is written
	}
	file, settings, err := app.readSettings(flags)
	if err != nil {
		return err
	}
	description, err := readInput(options.outputs, app.In)
	if err != nil {
		return err
	}
	stack, err := cloudformation.ReadStack([]byte(description))
	if err != nil {
		return err
	}
	if _, err := appsync.ParseEndpoint(stack.Endpoint); err != nil {
		return err
	}
	if stack.Issuer, err = publicIssuer(stack.Issuer); err != nil {
		return err
	}
	name := settings.Text(config.Profile)
	old := file.Profiles[name]
	values := map[config.Name]string{
		config.Endpoint: stack.Endpoint,
		config.Issuer:   stack.Issuer,
		config.Region:   stack.Region,
	}
	if old.Auth != "" {
		values[config.Auth] = config.Describe(config.Auth).Default // the mode of this API
	}
	changed := old.With(values)
	if err := app.saveProfile(file, name, changed); err != nil {
		return err
	}
	app.tellChanges(name, old, changed)
	app.notice(fmt.Sprintf("profile %s leads to this API now: appsyncctl login --profile %s gets a token for it", name, name))
	return flags.output.write(app.Out, stackView{name, stack}, func(w io.Writer) error {
		return output.Fields(w, [][2]string{
			{"Profile", name},
			{"Stack", stack.Name},
			{"Endpoint", stack.Endpoint},
			{"Issuer", stack.Issuer},
			{"Region", stack.Region},
			{"Table", stack.Table},
		})
	})
}

// tellChanges says which settings a profile had otherwise before.
func (app *App) tellChanges(name string, old, changed config.ProfileSettings) {
	now := make(map[config.Name]string)
	for _, setting := range changed.Named() {
		now[setting.Name] = setting.Text
	}
	for _, was := range old.Named() {
		switch is := now[was.Name]; is {
		case was.Text:
		case "":
			app.notice(fmt.Sprintf("profile %s: %s was %s, and is left out now", name, was.Name, was.Text))
		default:
			app.notice(fmt.Sprintf("profile %s: %s was %s, is %s now", name, was.Name, was.Text, is))
		}
	}
}
