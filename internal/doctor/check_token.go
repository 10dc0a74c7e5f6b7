// Tokens: whether one can be had, and whether it is one that AppSync takes. What
// depends on the API's own configuration is looked at with the API.

package doctor

import "time"

const (
	// tokenPatience is how long a token may take: a request to the provider that is
	// tried again, and the token store before and after it.
	tokenPatience = 8 * time.Second
	tokenLimit    = tokenPatience + 500*time.Millisecond // so that it can say how far it got
)

func tokenChecks() []Check {
	return []Check{
		{
			ID: TokenObtained, Category: Token, Title: "an access token can be obtained", run: tokenHad, limit: tokenLimit,
			// A token in the store needs no provider, so nothing here stops it; but what
			// is wrong with the store or the provider is the cause if there is no token.
			after:   []ID{SettingsComplete, IssuerUsable, ProxyUsable, ProviderResolves, ProviderConnects, ProviderClock, MetadataPublished, IssuerMatches, GrantOffered, StoreReached, StoreUnlocked},
			Meaning: `A token is taken from where it rests, or asked for. Without one no call can be made. A person has to log in, once and again when the login has ended. For a machine the provider's own words tell: it rejects the client's credentials (wrong secret, or another way of client authentication than the application has), does not allow the grant for this application, knows no API with this audience, or has not authorized the application for it; Auth0 keeps each of these in another place of its dashboard, which the fix names. A used-up quota or a provider that does not answer says nothing about the settings: try again later.`,
		},
		{
			ID: TokenReadable, Category: Token, Title: "the token is one that the API can read", needs: []ID{TokenObtained}, run: tokenReadable, Refusal: true,
			Meaning: `AppSync reads signed JWTs only, three parts with two dots. Auth0 gives an opaque token to whoever names no audience, or one that is not an API of the tenant; it is good for /userinfo alone, and AppSync answers "Unable to parse JWT token". A token of five parts is encrypted (JWE), which only its audience could read: turn that off for the API at the provider. Quotes or the word Bearer that were copied along make a token unreadable too.`,
		},
		{
			ID: TokenUnbound, Category: Token, Title: "the token is not bound to a key", needs: []ID{TokenReadable}, run: tokenUnbound, Refusal: true,
			Meaning: `A token with the claim cnf.jkt is bound to a key (DPoP, RFC 9449): each request would have to carry a proof that is signed with it. AppSync knows nothing of that, so such a token is no safer there, and a client that keeps the rules cannot use it. Turn sender constraining off for this API at the provider.`,
		},
		{
			ID: TokenAlgorithm, Category: Token, Title: "the token is signed in a way that AppSync takes", needs: []ID{TokenReadable}, run: tokenAlgorithm, Refusal: true,
			Meaning: `The algorithm in the token's header is compared with those that AppSync takes: RS, PS, ES and HS with 256, 384 or 512 bits, of which it recommends RS256. A token that is not signed at all ("none"), or with EdDSA, is refused with 401. Auth0 sets the algorithm for each API, and RS256 is its default: set the API's signing algorithm to it, and get a new token.`,
		},
		{
			ID: TokenKeyPublished, Category: Token, Title: "the provider publishes the key that signed the token", needs: []ID{TokenAlgorithm, KeysFetched}, run: tokenKeyPublished, Refusal: true,
			Meaning: `AppSync looks for the token's key ID (kid) among the keys that the provider publishes, and refuses the token if it is not there. Keys go when they are rotated and the old one is revoked: all older tokens end with it, and a new token is the cure. A token signed with a secret (HS256) has no published key at all: set the API's signing algorithm to RS256 at the provider. A token without a key ID leaves AppSync nothing to look for.`,
		},
		{
			ID: TokenSigned, Category: Token, Title: "the token's signature is that of the provider's key", needs: []ID{TokenKeyPublished}, run: tokenSigned, Refusal: true,
			Meaning: `The key that the token names did not make its signature. Either the token was changed on its way, as by a line break or a character lost when it was copied, or it was made by somebody else. Get a new one.`,
		},
		{
			ID: TokenIssuer, Category: Token, Title: "the token's issuer is the one that is set", needs: []ID{TokenReadable}, after: []ID{IssuerUsable, ProviderResolves, ProviderConnects, MetadataPublished, IssuerMatches}, run: tokenIssuer, Refusal: true,
			Meaning: `The claim iss must be the provider's name to the letter: AppSync compares it with its own setting. Auth0 writes it with a slash at the end, and with the host that was asked: a token from a custom domain does not carry the tenant's own name (TENANT.auth0.com), and the other way round. Set the API and this program to the same one. Any other difference means a token from somewhere else.`,
		},
		{
			ID: TokenAudience, Category: Token, Title: "the token is for the audience that is set", needs: []ID{TokenReadable}, run: tokenAudience, Refusal: true,
			Meaning: `The claim aud names the APIs that the token is for, and providers and APIs compare it to the letter, slash included. The identifier stands in Auth0's dashboard and cannot be changed there. A token that is only for /userinfo was asked for without an audience; one that is for the client itself is an ID token.`,
		},
		{
			ID: TokenClient, Category: Token, Title: "the token was issued to the client that is set", needs: []ID{TokenReadable}, run: tokenClient, Refusal: true,
			Meaning: `The claim azp (or client_id) names the application that the token was issued to. An API in AppSync may have a client ID expression, which azp or aud must match; a token of another application is then refused with "Unauthorized". Applications for machines and for people are different ones at Auth0, with different client IDs.`,
		},
		{
			ID: TokenUnexpired, Category: Token, Title: "the token has not expired", needs: []ID{TokenReadable}, after: []ID{APIClock, ProviderClock}, run: tokenUnexpired, Refusal: true,
			Meaning: `AppSync refuses a token once its claim exp is past by AppSync's own clock, with "Token has expired". This program renews its own tokens a minute ahead, so that only a token that was given, or a clock of this machine that is slow, leads here.`,
		},
		{
			ID: TokenBegun, Category: Token, Title: "the token is already valid", needs: []ID{TokenReadable}, after: []ID{APIClock, ProviderClock}, run: tokenBegun, Refusal: true,
			Meaning: `A token says when it was issued (iat) and may say from when on it is valid (nbf). If that is in the future by the API's clock, the API refuses it. The provider's clock made these times, so that one of the two clocks is wrong; or somebody made the token for later. AppSync needs iat.`,
		},
		{
			ID: TokenScopes, Category: Token, Title: "the token has the scopes that were asked for", needs: []ID{TokenReadable}, run: tokenScopes,
			Meaning: `The provider may grant fewer scopes than it is asked for, without a word: Auth0 leaves out those that the API does not define, that the application's authorization does not include, or that the person's roles do not give when RBAC is on. AppSync itself looks at no scopes, but resolvers may. Permissions in the claim permissions count as well.`,
		},
		{
			ID: TokenAccess, Category: Token, Title: "the token is an access token", needs: []ID{TokenReadable}, after: []ID{TokenAudience}, run: tokenAccess,
			Meaning: `An ID token tells a client who has logged in; it is meant for the client and not for an API. AppSync takes any JWT of the issuer, so it may seem to work, but an ID token has no scopes and no audience of an API, ends with the login, and shows its owner's name and e-mail address to whoever logs it. Send the access token.`,
		},
	}
}
