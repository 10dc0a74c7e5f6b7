package doctor

import "slices"

// An ID names a check, to people and to programs: it never changes and is never used
// again for another one.
type ID string

// asks is the ID for what the check asks somebody, in the words of Deadline.
func (id ID) asks() string { return string(id) + "/ask" }

// The checks. Each is called after what holds when it passes.
const (
	SettingsComplete ID = "SET-001"
	EndpointUsable   ID = "SET-002"
	EndpointShape    ID = "SET-003"
	IssuerUsable     ID = "SET-004"
	AudienceSet      ID = "SET-005"

	ProxyUsable      ID = "NET-001"
	APIResolves      ID = "NET-002"
	APIConnects      ID = "NET-003"
	APIClock         ID = "NET-004"
	ProviderResolves ID = "NET-005"
	ProviderConnects ID = "NET-006"
	ProviderClock    ID = "NET-007"

	MetadataPublished ID = "OIDC-001"
	IssuerMatches     ID = "OIDC-002"
	GrantOffered      ID = "OIDC-003"
	KeysFetched       ID = "OIDC-004"
	KeysTaken         ID = "OIDC-005"

	StoreReached  ID = "STORE-001"
	StoreUnlocked ID = "STORE-002"
	StoreKeeps    ID = "STORE-003"

	TokenObtained     ID = "AUTH-001"
	TokenReadable     ID = "AUTH-002"
	TokenUnbound      ID = "AUTH-003"
	TokenAlgorithm    ID = "AUTH-004"
	TokenKeyPublished ID = "AUTH-005"
	TokenSigned       ID = "AUTH-006"
	TokenIssuer       ID = "AUTH-007"
	TokenAudience     ID = "AUTH-008"
	TokenClient       ID = "AUTH-009"
	TokenUnexpired    ID = "AUTH-010"
	TokenBegun        ID = "AUTH-011"
	TokenScopes       ID = "AUTH-012"
	TokenAccess       ID = "AUTH-013"

	EndpointAnswers  ID = "API-001"
	AnonymousRefused ID = "API-002"
	MadeUpRefused    ID = "API-003"
	AccountReadable  ID = "API-004"
	ModeSet          ID = "API-005"
	IssuerAccepted   ID = "API-006"
	ClientAccepted   ID = "API-007"
	AgeAccepted      ID = "API-008"
	LoginAccepted    ID = "API-009"
	FormAccepted     ID = "API-010"
	CallerAccepted   ID = "API-011"
	FieldsCallable   ID = "API-012"
	SchemaFits       ID = "API-013"
	RealtimeConnects ID = "API-014"
)

// Catalogue returns all checks in causal order: what an earlier one finds wrong
// may be the cause of what a later one finds.
func Catalogue() []Check {
	return slices.Concat(
		settingsChecks(),
		networkChecks(),
		providerChecks(),
		storageChecks(),
		tokenChecks(),
		apiChecks(),
	)
}

// Find returns the check called id.
func Find(id ID) (Check, bool) {
	checks := Catalogue()
	i := slices.IndexFunc(checks, func(c Check) bool { return c.ID == id })
	if i < 0 {
		return Check{}, false
	}
	return checks[i], true
}
