package login

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// NewStatusCommand returns the command status.
func NewStatusCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show who is logged in, and where each setting came from",
		Long: `Show what the stored token says of itself, where it is stored and where each
setting came from. Nothing is sent, and the token is not shown; its claims are
read without being verified.

The exit code is 4 when a login is needed.`,
		Example: "  appsyncctl status -o json",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runStatus(cmd.Context(), s)
		},
	}
}

// statusView is the document that status writes.
type statusView struct {
	Profile  string                `json:"profile"`
	Auth     string                `json:"auth"` // the API's authorization mode
	Grant    string                `json:"grant,omitempty"`
	Store    string                `json:"store,omitempty"` // of the token or the API key: keyring, file or environment
	Token    *tokenView            `json:"token"`           // null when there is none
	Settings []session.SettingView `json:"settings"`
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

func runStatus(ctx context.Context, s *session.Session) error {
	settings, err := s.Settings()
	if err != nil {
		return err
	}
	view := statusView{
		Profile:  settings.Text(config.Profile),
		Auth:     cmp.Or(settings.Text(config.Auth), session.ModeOIDC),
		Settings: session.SettingViews(settings),
	}
	problem := inspect(ctx, s, settings, &view)
	err = s.Flags.Output.Write(s.App.Out, view, func(w io.Writer) error {
		return writeStatus(s, w, view, problem)
	})
	if err != nil {
		return err
	}
	return problem
}

// inspect fills view with what is known of the token.
func inspect(ctx context.Context, s *session.Session, settings config.Resolved, view *statusView) error {
	switch view.Auth {
	case session.ModeIAM:
		return nil // the AWS CLI's credentials are its own matter
	case session.ModeAPIKey:
		var err error
		_, view.Store, err = s.APIKey(ctx)
		return err
	}
	if token := settings.Text(config.Token); token != "" {
		view.Store = "environment"
		view.Token = describeToken(s, token, "")
		if view.Token.Expired {
			return &session.LoginNeededError{Reason: "the token in " + config.Describe(config.Token).Variable + " has expired"}
		}
		return nil
	}
	cached, err := s.CachedGrant(ctx)
	if err != nil {
		return err
	}
	view.Grant = cached.Name
	entry, err := cached.Source.Stored(ctx)
	switch {
	case err != nil:
		return err
	case entry.AccessToken == "" && cached.Name == session.ClientCredentials:
		return nil // the next command gets one
	case entry.AccessToken == "":
		return &session.LoginNeededError{Reason: "you are not logged in"}
	}
	view.Store = cached.Store.Name()
	view.Token = describeToken(s, entry.AccessToken, entry.Scope)
	view.Token.Expired = !entry.Valid(s.App.Now(), 0) // as every command sees it
	view.Token.Renewable = entry.RefreshToken != "" || cached.Name == session.ClientCredentials
	if !entry.Expiry.IsZero() {
		view.Token.ExpiresAt = &entry.Expiry
	}
	if view.Token.Expired && !view.Token.Renewable {
		return &session.LoginNeededError{Reason: "the login has expired"}
	}
	return nil
}

// describeToken reads a token's claims, and the scopes that came with it if they
// are not among them.
func describeToken(s *session.Session, token, scope string) *tokenView {
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
		Expired:      !claims.Expiry.IsZero() && !s.App.Now().Before(claims.Expiry),
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

func writeStatus(s *session.Session, w io.Writer, view statusView, problem error) error {
	pairs := [][2]string{{"Profile", view.Profile}, {"Grant", view.Grant}}
	switch token := view.Token; {
	case view.Auth == session.ModeIAM:
		pairs = append(pairs, [2]string{"Credentials", "those of the AWS CLI"})
	case view.Auth == session.ModeAPIKey && problem == nil:
		pairs = append(pairs, [2]string{"API key", "from the " + view.Store})
	case token != nil:
		pairs = append(pairs, [][2]string{
			{"Identity", strings.Join(nonEmpty(token.Name, token.Email, token.Subject), ", ")},
			{"Organization", token.Organization},
			{"Client", token.ClientID},
			{"Issuer", token.Issuer},
			{"Audience", strings.Join(token.Audience, ", ")},
			{"Scopes", strings.Join(token.Scopes, " ")},
			{"Expires", expiry(s, token)},
			{"Stored in", view.Store},
		}...)
	case failure.Is[*session.LoginNeededError](problem):
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

func expiry(s *session.Session, token *tokenView) string {
	if token.ExpiresAt == nil {
		return "unknown"
	}
	at := token.ExpiresAt.UTC().Format(time.RFC3339)
	left := token.ExpiresAt.Sub(s.App.Now())
	switch {
	case left > 0:
		return fmt.Sprintf("%s (in %s)", at, output.Span(left))
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
