package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

func (app *App) statusCommand(flags *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show who is logged in, and where each setting came from",
		Long: `Show what the stored token says of itself, where it is stored and where each
setting came from. Nothing is sent, and the token is not shown; its claims are
read without being verified.

The exit code is 4 when a login is needed.`,
		Example: "  appsyncctl status -o json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.status(cmd.Context(), flags)
		},
	}
}

// statusView is the document that status writes.
type statusView struct {
	Profile  string        `json:"profile"`
	Auth     string        `json:"auth"` // the API's authorization mode
	Grant    string        `json:"grant,omitempty"`
	Store    string        `json:"store,omitempty"` // of the token or the API key: keyring, file or environment
	Token    *tokenView    `json:"token"`           // null when there is none
	Settings []settingView `json:"settings"`
}

// tokenView is what a token says of itself.
type tokenView struct {
	Subject      string     `json:"subject,omitempty"`
	Name         string     `json:"name,omitempty"`
	Email        string     `json:"email,omitempty"`
	Organization string     `json:"organization,omitempty"`
	Issuer       string     `json:"issuer,omitempty"`
	ClientID     string     `json:"client_id,omitempty"`
	Audience     []string   `json:"audience,omitempty"`
	Scopes       []string   `json:"scopes,omitempty"`
	IssuedAt     *time.Time `json:"issued_at,omitempty"`
	ExpiresAt    *time.Time `json:"expires_at,omitempty"`
	Expired      bool       `json:"expired"`
	Renewable    bool       `json:"renewable"` // without a person
}

type settingView struct {
	Name   string `json:"name"`
	Value  string `json:"value,omitempty"`
	Source string `json:"source"`
	Origin string `json:"origin,omitempty"`
}

func (app *App) status(ctx context.Context, flags *globals) error {
	settings, err := app.settings(flags)
	if err != nil {
		return err
	}
	view := statusView{
		Profile:  settings.Text(config.Profile),
		Auth:     cmp.Or(settings.Text(config.Auth), authOIDC),
		Settings: settingViews(settings),
	}
	problem := app.inspect(ctx, settings, flags, &view)
	err = flags.Output.Write(app.Out, view, func(w io.Writer) error {
		return app.writeStatus(w, view, problem)
	})
	if err != nil {
		return err
	}
	return problem
}

// inspect fills view with what is known of the token.
func (app *App) inspect(ctx context.Context, settings config.Resolved, flags *globals, view *statusView) error {
	switch view.Auth {
	case authIAM:
		return nil // the AWS CLI's credentials are its own matter
	case authAPIKey:
		endpoint, err := endpoint(settings)
		if err == nil {
			_, view.Store, err = app.apiKey(ctx, settings, flags, endpoint.String())
		}
		return err
	}
	if token := settings.Text(config.Token); token != "" {
		view.Store = "environment"
		view.Token = app.describeToken(token, "")
		if view.Token.Expired {
			return &loginNeededError{reason: "the token in " + config.Describe(config.Token).Variable + " has expired"}
		}
		return nil
	}
	cached, err := app.cachedGrant(ctx, settings, flags)
	if err != nil {
		return err
	}
	view.Grant = cached.name
	entry, err := cached.source.Stored(ctx)
	switch {
	case err != nil:
		return err
	case entry.AccessToken == "" && cached.name == grantClientCredentials:
		return nil // the next command gets one
	case entry.AccessToken == "":
		return &loginNeededError{reason: "you are not logged in"}
	}
	view.Store = cached.place.Name()
	view.Token = app.describeToken(entry.AccessToken, entry.Scope)
	view.Token.Expired = !entry.Valid(app.Now(), 0) // as every command sees it
	view.Token.Renewable = entry.RefreshToken != "" || cached.name == grantClientCredentials
	if !entry.Expiry.IsZero() {
		view.Token.ExpiresAt = &entry.Expiry
	}
	if view.Token.Expired && !view.Token.Renewable {
		return &loginNeededError{reason: "the login has expired"}
	}
	return nil
}

// describeToken reads a token's claims, and the scopes that came with it if they
// are not among them.
func (app *App) describeToken(token, scope string) *tokenView {
	claims, _ := auth.ParseClaims(token) // what cannot be read stays empty
	view := &tokenView{
		Subject:      claims.Subject,
		Name:         claims.Name,
		Email:        claims.Email,
		Organization: claims.Organization,
		Issuer:       claims.Issuer,
		ClientID:     claims.ClientID,
		Audience:     claims.Audience,
		Scopes:       claims.Scopes,
		Expired:      !claims.Expiry.IsZero() && !app.Now().Before(claims.Expiry),
	}
	if len(view.Scopes) == 0 {
		view.Scopes = strings.Fields(scope)
	}
	if !claims.IssuedAt.IsZero() {
		view.IssuedAt = &claims.IssuedAt
	}
	if !claims.Expiry.IsZero() {
		view.ExpiresAt = &claims.Expiry
	}
	return view
}

func settingViews(settings config.Resolved) []settingView {
	var views []settingView
	for _, setting := range config.Settings() {
		if setting.Name == config.File {
			continue
		}
		value := settings.Get(setting.Name)
		if value.Source == config.Unset && slices.Contains(setting.Values, setting.Default) {
			value = config.Value{Text: setting.Default, Source: config.FromDefault, Origin: "default"}
		}
		if setting.Secret && value.Text != "" {
			value.Text = redact.Redacted
		}
		views = append(views, settingView{string(setting.Name), value.Text, string(value.Source), value.Origin})
	}
	return views
}

func (app *App) writeStatus(w io.Writer, view statusView, problem error) error {
	pairs := [][2]string{{"Profile", view.Profile}, {"Grant", view.Grant}}
	switch token := view.Token; {
	case view.Auth == authIAM:
		pairs = append(pairs, [2]string{"Credentials", "those of the AWS CLI"})
	case view.Auth == authAPIKey && problem == nil:
		pairs = append(pairs, [2]string{"API key", "from the " + view.Store})
	case token != nil:
		pairs = append(pairs, [][2]string{
			{"Identity", strings.Join(nonEmpty(token.Name, token.Email, token.Subject), ", ")},
			{"Organization", token.Organization},
			{"Client", token.ClientID},
			{"Issuer", token.Issuer},
			{"Audience", strings.Join(token.Audience, ", ")},
			{"Scopes", strings.Join(token.Scopes, " ")},
			{"Expires", app.expiry(token)},
			{"Stored in", view.Store},
		}...)
	case is[*loginNeededError](problem):
		pairs = append(pairs, [2]string{"Token", "none"})
	case problem != nil:
		pairs = append(pairs, [2]string{"Token", "unknown: see the error"})
	default:
		pairs = append(pairs, [2]string{"Token", "none yet; the next command gets one"})
	}
	if err := output.Fields(w, pairs); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	rows := make([][]string, 0, len(view.Settings))
	for _, setting := range view.Settings {
		if setting.Source != string(config.Unset) {
			rows = append(rows, []string{setting.Name, setting.Value, setting.Origin})
		}
	}
	return output.Table(w, []string{"SETTING", "VALUE", "FROM"}, rows)
}

func (app *App) expiry(token *tokenView) string {
	if token.ExpiresAt == nil {
		return "unknown"
	}
	at := stamp(*token.ExpiresAt)
	left := token.ExpiresAt.Sub(app.Now())
	switch {
	case left > 0:
		return fmt.Sprintf("%s (in %s)", at, span(left))
	case token.Renewable:
		return at + " (expired; the next command renews it)"
	default:
		return at + " (expired)"
	}
}

func nonEmpty(texts ...string) []string {
	var kept []string
	for _, text := range texts {
		if text != "" {
			kept = append(kept, text)
		}
	}
	return kept
}
