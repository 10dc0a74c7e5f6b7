// The client's authorization modes, and what AppSync calls them.

package doctor

import "github.com/appsyncctl/appsyncctl/internal/awsaccount"

// The modes, as the setting auth has them.
const (
	modeOIDC    = "oidc"
	modeCognito = "cognito"
	modeLambda  = "lambda"
	modeAPIKey  = "api-key"
	modeIAM     = "iam"
)

// The grants, as the setting grant has them.
const (
	grantDevice  = "device"
	grantBrowser = "browser"
	grantMachine = "client-credentials"
)

// mode is the mode that is set.
func (s *Subject) mode() string {
	if s.Mode == "" {
		return modeOIDC
	}
	return s.Mode
}

// tokened tells whether the mode shows a token.
func (s *Subject) tokened() bool { return s.jwt() || s.mode() == modeLambda }

// jwt tells whether AppSync itself reads the mode's token.
func (s *Subject) jwt() bool { return s.mode() == modeOIDC || s.mode() == modeCognito }

// modeType is AppSync's name of a mode.
func modeType(mode string) awsaccount.ModeType {
	return map[string]awsaccount.ModeType{
		modeOIDC: awsaccount.OpenIDConnect, modeCognito: awsaccount.UserPools, modeLambda: awsaccount.Lambda,
		modeAPIKey: awsaccount.APIKey, modeIAM: awsaccount.IAM,
	}[mode]
}

// modeName is the client's name of a mode; empty for one that it has not.
func modeName(kind awsaccount.ModeType) string {
	for _, name := range []string{modeOIDC, modeCognito, modeLambda, modeAPIKey, modeIAM} {
		if modeType(name) == kind {
			return name
		}
	}
	return ""
}

// directive is what opens a field to the mode where it is not the API's default.
func directive(mode string) string {
	return map[string]string{
		modeOIDC: "@aws_oidc", modeCognito: "@aws_cognito_user_pools", modeLambda: "@aws_lambda",
		modeAPIKey: "@aws_api_key", modeIAM: "@aws_iam",
	}[mode]
}
