// The API's modes of authorization, and what a client needs for each.

package emulator

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/signature"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// The modes, under the names that the client has for them.
const (
	modeOpenID  = "oidc"
	modeCognito = "cognito"
	modeAPIKey  = "api-key"
	modeIAM     = "iam"
	modeLambda  = "lambda"
)

// ModeNames returns the names that Config.Modes takes. In the mode cognito the tenant
// plays the user pool.
func ModeNames() []string {
	return []string{modeOpenID, modeCognito, modeAPIKey, modeIAM, modeLambda}
}

// modes are those of an API, with the credentials that they take. All are made, since
// that costs nothing; those of a mode that is off open nothing.
type modes struct {
	names  []string
	apiKey redact.Secret
	iam    signature.Key
	lambda redact.Secret
}

func newModes(names []string) (modes, error) {
	if len(names) == 0 {
		names = []string{modeOpenID}
	}
	for _, name := range names {
		if !slices.Contains(ModeNames(), name) {
			return modes{}, fmt.Errorf("unknown mode of authorization %q; known are %s", name, strings.Join(ModeNames(), ", "))
		}
	}
	return modes{
		names:  names,
		apiKey: redact.Secret("da2-" + strings.ToLower(rand.Text())),
		iam:    signature.Key{ID: "AKIA" + rand.Text()[:16], Secret: redact.Secret((rand.Text() + rand.Text())[:40])},
		lambda: redact.Secret("function-" + rand.Text()),
	}, nil
}

func (m modes) on(name string) bool { return slices.Contains(m.names, name) }

// open turns the modes on; issuer is the tenant's.
func (m modes) open(api *appsync.Config, issuer string) {
	if m.on(modeOpenID) {
		api.Issuer = issuer
	}
	if m.on(modeCognito) {
		api.CognitoIssuer = issuer
	}
	if m.on(modeAPIKey) {
		api.APIKeys = []redact.Secret{m.apiKey}
	}
	if m.on(modeIAM) {
		api.IAM = &m.iam
	}
	if m.on(modeLambda) {
		api.LambdaToken = m.lambda
	}
}

// inAccount are the modes in order, as AppSync's control plane names them.
func (m modes) inAccount() []appsync.Mode {
	var all []appsync.Mode
	for _, name := range m.names {
		all = append(all, map[string]appsync.Mode{
			modeOpenID: appsync.ModeOpenID, modeCognito: appsync.ModeCognito, modeAPIKey: appsync.ModeAPIKey,
			modeIAM: appsync.ModeIAM, modeLambda: appsync.ModeLambda,
		}[name])
	}
	return all
}

// variables are the settings that the modes add to those of the tenant. The first
// mode is the one that the client uses. Who gets the key of the mode iam is led to the
// emulator's account as well, since that key opens no other; only for the two services
// that it plays, so that the rest of AWS stays where it is.
func (m modes) variables(origin string) []Variable {
	var all []Variable
	if first := m.names[0]; first != modeOpenID {
		all = append(all, Variable{"APPSYNCCTL_AUTH", first})
		if first == modeLambda {
			all = append(all, Variable{"APPSYNCCTL_TOKEN", string(m.lambda)})
		}
	}
	if m.on(modeAPIKey) {
		all = append(all, Variable{"APPSYNCCTL_API_KEY", string(m.apiKey)})
	}
	if m.on(modeIAM) {
		all = append(all, Variable{"AWS_ACCESS_KEY_ID", m.iam.ID}, Variable{"AWS_SECRET_ACCESS_KEY", string(m.iam.Secret)},
			Variable{"AWS_SESSION_TOKEN", ""}, Variable{"AWS_REGION", "us-east-1"},
			Variable{"AWS_DEFAULT_REGION", "us-east-1"}, // boto3 reads no other
			Variable{"AWS_ENDPOINT_URL_APPSYNC", origin}, Variable{"AWS_ENDPOINT_URL_DYNAMODB", origin})
	}
	if m.on(modeLambda) {
		all = append(all, Variable{"APPSYNCCTL_EMULATOR_LAMBDA_TOKEN", string(m.lambda)})
	}
	return all
}
