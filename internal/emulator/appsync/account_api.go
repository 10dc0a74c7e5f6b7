package appsync

// apiAnswer is an API as AppSync's control plane tells it (AppSync API reference,
// GraphqlApi). What is not set is left out.
type apiAnswer struct {
	ID     string            `json:"apiId"`
	Name   string            `json:"name"`
	ARN    string            `json:"arn"`
	Kind   string            `json:"apiType"`
	URIs   map[string]string `json:"uris"`
	Owner  string            `json:"owner"`
	Access string            `json:"visibility"`

	modeAnswer

	More          []modeAnswer      `json:"additionalAuthenticationProviders,omitempty"`
	Introspection string            `json:"introspectionConfig"`
	DepthLimit    int               `json:"queryDepthLimit"`
	ResolverLimit int               `json:"resolverCountLimit"`
	XRay          bool              `json:"xrayEnabled"`
	Tags          map[string]string `json:"tags"`
}

// modeAnswer is a mode with its configuration.
type modeAnswer struct {
	Type     Mode            `json:"authenticationType"`
	Provider *providerAnswer `json:"openIDConnectConfig,omitempty"`
	Pool     *poolAnswer     `json:"userPoolConfig,omitempty"`
	Function *functionAnswer `json:"lambdaAuthorizerConfig,omitempty"`
}

// providerAnswer has its times in milliseconds.
type providerAnswer struct {
	Issuer   string `json:"issuer"`
	ClientID string `json:"clientId,omitempty"`
	IatTTL   int64  `json:"iatTTL,omitempty"`
	AuthTTL  int64  `json:"authTTL,omitempty"`
}

type poolAnswer struct {
	ID            string `json:"userPoolId"`
	Region        string `json:"awsRegion"`
	DefaultAction string `json:"defaultAction,omitempty"` // of the default mode only
}

type functionAnswer struct {
	ARN string `json:"authorizerUri"`
	TTL int    `json:"authorizerResultTtlInSeconds"` // seconds
}

// apis are those of the account. The first is not the one that is served here.
func (a *Account) apis(region string) []apiAnswer {
	other := newAnswer(a.other, "orders", region)
	other.URIs = map[string]string{ // their host does not begin with the id
		"GRAPHQL":  "https://" + a.host + ".appsync-api." + region + ".amazonaws.com/graphql",
		"REALTIME": "wss://" + a.host + ".appsync-realtime-api." + region + ".amazonaws.com/graphql",
	}
	other.modeAnswer = modeAnswer{Type: ModeAPIKey}

	api := a.config.API
	served := newAnswer(a.api, "customers", region)
	served.URIs = map[string]string{"GRAPHQL": a.config.Endpoint, "REALTIME": a.config.RealTime}
	served.DepthLimit, served.ResolverLimit = api.DepthLimit, api.ResolverLimit
	if api.IntrospectionOff {
		served.Introspection = "DISABLED"
	}
	for i, mode := range a.config.Modes {
		if answer := a.mode(mode, region, i == 0); i == 0 {
			served.modeAnswer = answer
		} else {
			served.More = append(served.More, answer)
		}
	}
	return []apiAnswer{other, served}
}

func newAnswer(id, name, region string) apiAnswer {
	return apiAnswer{
		ID: id, Name: name, Kind: "GRAPHQL", Access: "GLOBAL", Introspection: "ENABLED", Owner: accountNumber,
		ARN: "arn:aws:appsync:" + region + ":" + accountNumber + ":apis/" + id, Tags: map[string]string{},
	}
}

func (a *Account) mode(mode Mode, region string, first bool) modeAnswer {
	answer := modeAnswer{Type: mode}
	switch mode {
	case ModeOpenID:
		answer.Provider = &providerAnswer{
			Issuer: a.config.API.Issuer, ClientID: a.config.API.ClientID,
			IatTTL: a.config.API.IatTTL.Milliseconds(), AuthTTL: a.config.API.AuthTTL.Milliseconds(),
		}
	case ModeCognito:
		answer.Pool = &poolAnswer{ID: region + "_emulator", Region: region}
		if first {
			answer.Pool.DefaultAction = "ALLOW"
		}
	case ModeLambda:
		answer.Function = &functionAnswer{ARN: "arn:aws:lambda:" + region + ":" + accountNumber + ":function:authorizer", TTL: 300}
	case ModeAPIKey, ModeIAM:
	}
	return answer
}
