// What checks of several kinds say: what one is a consequence of, and the things to
// do that stand in no setting.

package doctor

import (
	"cmp"
	"net/url"
	"strings"
)

// maxText is how many bytes of a text from outside a finding repeats.
const maxText = 200

// bounded shortens a text that a server or a token made.
func bounded(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText-len("…")], "") + "…"
}

// cause returns the first of the checks with these ids that failed or that could
// not tell; "" if there is none. The asking check must depend on them.
func (e *examination) cause(ids ...ID) ID {
	for _, id := range ids {
		if finding, found := e.finding(id); found && (finding.Result == Failure || finding.Result == Unknown) {
			return id
		}
	}
	return ""
}

// attributed makes verdict a consequence of the first of the checks with these ids
// that did not pass, if there is one.
func (e *examination) attributed(verdict Verdict, ids ...ID) Verdict {
	if id := e.cause(ids...); id != "" {
		return consequence(verdict, id)
	}
	return verdict
}

// consequence is verdict as one that the check called id explains: what is to be
// done is said there.
func consequence(verdict Verdict, id ID) Verdict {
	verdict.Message += ": see " + string(id)
	verdict.Because, verdict.Fix = id, ""
	return verdict
}

// asked is the evidence of what a setting asks for.
func (e *examination) asked(setting string) Evidence {
	found := e.setting(setting)
	return Evidence{Name: setting, Found: found.Value, From: found.from()}
}

// from names where a setting came from, for evidence.
func (s Setting) from() string {
	if s.Origin == "" {
		return "settings"
	}
	return s.Origin
}

// login is the command by which a person logs in.
func (e *examination) login(flags ...string) string {
	return e.command(append([]string{"login"}, flags...)...)
}

// command is one of this program's own, for the profile that is looked at.
func (e *examination) command(words ...string) string {
	words = append([]string{"appsyncctl"}, words...)
	if e.setting("profile").Source == "flag" {
		words = append(words, "--profile", quoted(e.Profile))
	}
	return strings.Join(words, " ")
}

// newSecret is the way to give the client another secret, where it has it from now.
// None shows it.
func (e *examination) newSecret() string {
	secret := e.atProvider("Applications", cmp.Or(e.setting("client_id").Value, "CLIENT"), "Settings", "Client Secret")
	file, command := e.setting("client_secret_file"), e.setting("secret_command")
	switch {
	case e.setting("client_secret").Value != "":
		return "read -rs APPSYNCCTL_CLIENT_SECRET && export APPSYNCCTL_CLIENT_SECRET"
	case file.Value != "":
		return secret + ": copy it into " + file.Value
	case command.Value != "":
		return secret + ": copy it to where the command of " + command.from() + " has it from"
	default:
		return e.login("--client-secret-stdin")
	}
}

// anotherToken is the way to a token in place of the one that was looked at.
func (e *examination) anotherToken() string {
	switch {
	case e.Grant == grantMachine:
		return e.command("token", "--force") + " >/dev/null"
	case e.Grant != "":
		return e.login()
	case e.TokenFrom != nil && e.TokenFrom() == "APPSYNCCTL_TOKEN":
		return "unset APPSYNCCTL_TOKEN"
	default:
		return "appsyncctl token | appsyncctl doctor --token -"
	}
}

// atProvider is a path through the console of the provider. Only Auth0's is known;
// of others' the last step is what can be said.
func (e *examination) atProvider(path ...string) string {
	if e.auth0() {
		return strings.Join(append([]string{"Auth0 dashboard"}, path...), " → ")
	}
	return "in the provider's console: " + strings.Join(path, " → ")
}

// auth0 reports whether the provider is Auth0, also behind a custom domain: nobody
// else has its token endpoint there.
func (e *examination) auth0() bool {
	known := e.known()
	if known.provider != nil {
		return strings.HasSuffix(known.provider.TokenEndpoint, "/oauth/token")
	}
	issuer, err := url.Parse(known.issuer)
	return err == nil && isAuth0(issuer.Hostname())
}

// unbind is the way to tokens that are bound to no key.
func (e *examination) unbind() string {
	return e.atProvider("Applications", "APIs", cmp.Or(e.setting("audience").Value, "API"), "Settings", "Token Sender-Constraining", "None")
}
