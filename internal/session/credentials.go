package session

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// The ways in which a client proves itself, as --client-auth takes them.
const (
	proveByPost  = "post"
	proveByBasic = "basic"
	proveByRS256 = "rs256"
	proveByPS256 = "ps256"
)

// credentials are how a machine's client proves itself to the provider. The
// method is never tried out: a wrong guess costs quota and hides the first error.
type credentials struct {
	method  string
	secret  auth.Secret                   // from the environment or a file; may be empty
	file    *rereadFile                   // of the secret; nil if it is from elsewhere
	command *secretCommand                // nil without one
	ask     func() (printedSecret, error) // asks the command
	keyFile string
	seal    tokencache.Seal // of a token file on this machine
	notice  func(string)
}

// atHand reports whether settings hold a secret or a key, or the way to one.
func (p *credentials) atHand() bool {
	return p.secret != "" || p.command != nil || p.keyFile != ""
}

// newSeal returns what can seal a token file on this machine: whatever the client
// proves itself with. A command is run only when there is something to seal.
func (p *credentials) newSeal() tokencache.Seal {
	switch {
	case p.byKey():
		return tokencache.SecretSealFrom(func() (string, error) {
			key, err := p.key()
			return string(key), err
		})
	case p.secret != "":
		return tokencache.SecretSealFrom(func() (string, error) { return string(p.given()), nil })
	case p.command != nil:
		return tokencache.SecretSealFrom(func() (string, error) {
			printed, err := p.ask()
			return string(printed.secret), err
		})
	default:
		return tokencache.Seal{}
	}
}

func (p *credentials) key() ([]byte, error) {
	encoded, err := os.ReadFile(p.keyFile)
	if err != nil {
		return nil, &SecretError{"client key file", err}
	}
	return encoded, nil
}

// byKey reports whether the client signs, and has no secret.
func (p *credentials) byKey() bool { return p.method == proveByRS256 || p.method == proveByPS256 }

// prove sends a token request with the proof. stored looks up a secret that no setting
// gives.
//
// Secrets are rotated while a command runs for hours. When the provider refuses one, the
// request is sent again with the secret that is in its file by now, or that its command
// prints now.
func (p *credentials) prove(stored func() (auth.Secret, error), send func(auth.Authentication) (*oauth2.Token, error)) (*oauth2.Token, error) {
	if !p.byKey() && p.secret == "" && p.command != nil {
		return p.proveByCommand(send)
	}
	for {
		authentication, err := p.authentication(stored)
		if err != nil {
			return nil, err
		}
		token, err := send(authentication)
		if !clientRefused(err) || p.byKey() || p.file == nil || !p.file.reread() {
			return token, err
		}
		p.seal.Forget()
	}
}

// proveByCommand is prove with the secret that a command prints. One that was printed for
// this very request is wrong, and asking for it again would not help.
func (p *credentials) proveByCommand(send func(auth.Authentication) (*oauth2.Token, error)) (*oauth2.Token, error) {
	for {
		printed, err := p.ask()
		if err != nil {
			return nil, err
		}
		token, err := send(p.bySecret(printed.secret))
		if !clientRefused(err) {
			return token, err
		}
		p.command.forget(printed)
		p.seal.Forget()
		if printed.fresh {
			return nil, err
		}
		p.notice("the provider refuses the client secret; running the secret command again")
	}
}

func clientRefused(err error) bool {
	refusal, ok := errors.AsType[*auth.Error](err)
	return ok && refusal.RefusesClient()
}

// given returns the secret from the environment, or from its file.
func (p *credentials) given() auth.Secret {
	if p.file != nil {
		return p.file.last()
	}
	return p.secret
}

// authentication returns the proof by a key, or by a secret that no command prints.
func (p *credentials) authentication(stored func() (auth.Secret, error)) (auth.Authentication, error) {
	if p.byKey() {
		encoded, err := p.key()
		if err != nil {
			return nil, err
		}
		return auth.NewPrivateKeyJWT(encoded, "", strings.ToUpper(p.method))
	}
	secret, err := p.given(), error(nil)
	if secret == "" {
		secret, err = stored()
	}
	if err != nil {
		return nil, err
	}
	return p.bySecret(secret), nil
}

func (p *credentials) bySecret(secret auth.Secret) auth.Authentication {
	if p.method == proveByBasic {
		return auth.SecretBasic{Secret: secret}
	}
	return auth.SecretPost{Secret: secret}
}

// A rereadFile is the file of a secret, and what was in it. A runner's secrets are
// mounted as files, which change when one is rotated.
type rereadFile struct {
	path   string
	hidden func(auth.Secret, error) (auth.Secret, error)

	mu     sync.Mutex
	secret auth.Secret
}

func (f *rereadFile) last() auth.Secret {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.secret
}

// reread reports whether the file holds another secret than before. A pipe can be read
// once only.
func (f *rereadFile) reread() bool {
	if info, err := os.Stat(f.path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	secret, err := f.hidden(readSecretFile(f.path))
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil || secret == f.secret {
		return false
	}
	f.secret = secret
	return true
}

// newCredentials returns how the client of the settings proves itself.
func newCredentials(ctx context.Context, world *app.App, commands *secretCommands, settings config.Resolved) (*credentials, error) {
	hidden := hidden(world)
	secret, err := hidden(clientSecret(ctx, settings))
	if err != nil {
		return nil, err
	}
	proof := &credentials{
		method:  settings.Text(config.ClientAuth),
		secret:  secret,
		keyFile: settings.Text(config.ClientKeyFile),
		notice:  world.Notice,
	}
	if settings.Text(config.ClientSecret) == "" && secret != "" {
		proof.file = &rereadFile{path: settings.Text(config.ClientSecretFile), secret: secret, hidden: hidden}
	}
	if text := settings.Text(config.SecretCommand); text != "" {
		run := func() (auth.Secret, error) {
			return hidden(commands.do(func() (auth.Secret, error) { return secretFromCommand(ctx, world, text) }))
		}
		proof.command = commands.command(text)
		proof.ask = func() (printedSecret, error) { return proof.command.ask(world.Now, run) }
	}
	switch proof.method {
	case "":
		proof.method = proveByPost
		if proof.keyFile != "" {
			proof.method = proveByRS256
		}
	case proveByRS256, proveByPS256:
		if proof.keyFile == "" {
			return nil, &config.MissingError{Setting: config.Describe(config.ClientKeyFile)}
		}
	}
	proof.seal = proof.newSeal()
	return proof, nil
}
