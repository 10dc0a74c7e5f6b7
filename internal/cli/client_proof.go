package cli

import (
	"context"
	"os"
	"strings"
	"sync"

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

// clientProof is how a machine's client proves itself to the provider. The
// method is never tried out: a wrong guess costs quota and hides the first error.
type clientProof struct {
	method  string
	secret  auth.Secret                 // from the environment or a file; may be empty
	ask     func() (auth.Secret, error) // runs the secret command, once; nil without one
	keyFile string
}

func (app *App) clientProof(ctx context.Context, settings config.Resolved) (*clientProof, error) {
	secret, err := app.noted(clientSecret(ctx, settings))
	if err != nil {
		return nil, err
	}
	proof := &clientProof{
		method:  settings.Text(config.ClientAuth),
		secret:  secret,
		keyFile: settings.Text(config.ClientKeyFile),
	}
	if command := settings.Text(config.SecretCommand); command != "" {
		proof.ask = sync.OnceValues(func() (auth.Secret, error) {
			return app.noted(app.commands.do(func() (auth.Secret, error) { return app.secretFromCommand(ctx, command) }))
		})
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
	return proof, nil
}

// atHand reports whether settings hold a secret or a key, or the way to one.
func (p *clientProof) atHand() bool {
	return p.secret != "" || p.ask != nil || p.keyFile != ""
}

// seal returns what can seal a token file on this machine: whatever the client
// proves itself with. A command is run only when there is something to seal.
func (p *clientProof) seal() tokencache.Seal {
	switch {
	case p.byKey():
		return tokencache.SecretSealFrom(func() (string, error) {
			key, err := p.key()
			return string(key), err
		})
	case p.secret != "":
		return tokencache.SecretSeal(string(p.secret))
	case p.ask != nil:
		return tokencache.SecretSealFrom(func() (string, error) {
			secret, err := p.ask()
			return string(secret), err
		})
	default:
		return tokencache.Seal{}
	}
}

func (p *clientProof) key() ([]byte, error) {
	encoded, err := os.ReadFile(p.keyFile)
	if err != nil {
		return nil, &secretError{"client key file", err}
	}
	return encoded, nil
}

// byKey reports whether the client signs, and has no secret.
func (p *clientProof) byKey() bool { return p.method == proveByRS256 || p.method == proveByPS256 }

// authentication returns the proof for one token request. stored looks up a
// secret that no setting gives.
func (p *clientProof) authentication(stored func() (auth.Secret, error)) (auth.Authentication, error) {
	if p.byKey() {
		encoded, err := p.key()
		if err != nil {
			return nil, err
		}
		return auth.NewPrivateKeyJWT(encoded, "", strings.ToUpper(p.method))
	}
	secret, err := p.secret, error(nil)
	switch {
	case secret != "":
	case p.ask != nil:
		secret, err = p.ask()
	default:
		secret, err = stored()
	}
	if err != nil {
		return nil, err
	}
	if p.method == proveByBasic {
		return auth.SecretBasic{Secret: secret}, nil
	}
	return auth.SecretPost{Secret: secret}, nil
}
