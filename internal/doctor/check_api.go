// The API: whether it answers, whom it lets in, and why it refuses the caller.

package doctor

import "time"

func apiChecks() []Check {
	checks := []Check{
		{
			ID: EndpointAnswers, Title: "the endpoint answers as AppSync does", after: []ID{EndpointShape, APIConnects}, run: endpointAnswers, limit: totalLimit,
			Meaning: `A call without credentials is enough to see who answers: AppSync refuses it with 401 and a GraphQL error. A page of HTML, a redirect or 404 come from another host or path. 403 {"message":"Forbidden"} comes from a firewall (AWS WAF) in front of the API, or from a private API that is called from outside its VPC: no token helps there. 429 and 5xx say nothing about the set-up: try again.`,
		},
		{
			ID: AnonymousRefused, Title: "a call without credentials is refused", needs: []ID{EndpointAnswers}, run: anonymousRefused,
			Meaning: `A call without any credentials is sent, which AppSync always refuses. If it is answered, the API gives its data to everyone: something in front of it adds credentials, such as a proxy or a CloudFront distribution with an API key in it. Take the credentials out there, and let each caller send their own.`,
		},
		{
			ID: MadeUpRefused, Title: "a call with a made-up token is refused", needs: []ID{EndpointAnswers}, after: []ID{AnonymousRefused}, run: nonsenseRefused,
			Meaning: `A call with a token that nobody has issued is sent, and the API has to refuse it. If it is answered, every token opens the API: AppSync hands a token that is no JWT to the API's Lambda function, where it has one (mode AWS_LAMBDA), and that function allows everything. Let the function answer isAuthorized: false to tokens that it does not know.`,
		},
		{
			ID: AccountReadable, Title: "the API's configuration can be read", needs: []ID{EndpointUsable}, limit: 5 * time.Second, run: accountReadable,
			Meaning: `With AWS credentials at hand, the API's own settings are read (appsync:ListGraphqlApis, appsync:GetGraphqlApi) and compared with the token, so that the cause of a refusal is known and not guessed. Nothing is changed. Without credentials for the API's account the other checks conclude from its answers.`,
		},
	}
	for _, check := range refusalChecks() {
		check.needs, check.limit = append(check.needs, EndpointAnswers), 2*patientLimit // for two calls
		check.after = append(check.after, AccountReadable)
		for _, earlier := range append(networkChecks(), tokenChecks()...) {
			check.after = append(check.after, earlier.ID)
		}
		checks = append(checks, check)
	}
	checks = append(checks, useChecks()...)
	for i := range checks {
		checks[i].Category = API
	}
	return checks
}

// refusalChecks are those that share the answer to the authorized call.
func refusalChecks() []Check {
	return []Check{
		{
			ID: ModeSet, Title: "the API is in the authorization mode that is set", run: settled(ModeSet, (*examination).compareMode), Refusal: true,
			Meaning: `An API has a default authorization mode and may have additional ones: OPENID_CONNECT, AMAZON_COGNITO_USER_POOLS, AWS_LAMBDA, API_KEY, AWS_IAM. Credentials of another mode are refused with 401 "You are not authorized to make this call."; an API in the mode AWS_IAM asks for parameters of a signature. Set --auth to a mode that the API has, or add the mode to the API.`,
		},
		{
			ID: IssuerAccepted, Title: "the API's issuer is the one that issued the token", run: settled(IssuerAccepted, (*examination).compareIssuer), Refusal: true,
			Meaning: `AppSync fetches keys from the issuer in the API's OpenID Connect settings. A token of another issuer, be it another tenant or the same one under its custom domain, verifies with none of them and is refused with 401 "Valid authorization header not provided.", as if there were no token. An API with several modes compares iss as well; a slash at the end makes no difference, the rest must be equal. The API's provider must be the token's iss: https://TENANT.auth0.com/, or the custom domain if tokens are asked for there.`,
		},
		{
			ID: ClientAccepted, Title: "the API's client ID expression matches the token", run: settled(ClientAccepted, (*examination).compareClient), Refusal: true,
			Meaning: `The client ID in the API's OpenID Connect settings is a regular expression that must match the token's azp or one of its aud; tokens of all other clients are refused with 401 "Unauthorized". Auth0's access tokens have the client in azp, and in aud the API's identifier. Several clients are written as FIRST|SECOND. AppSync says the same to a token without auth_time when authTTL is set.`,
		},
		{
			ID: AgeAccepted, Title: "the token is young enough for the API", run: settled(AgeAccepted, (*examination).compareAge), Refusal: true,
			Meaning: `The API's OpenID Connect settings may bound the time since the token's iat (iatTTL). A token that is older is refused with 401 "Token has expired." although its exp has not passed. The value is in milliseconds: 3600 is 3.6 seconds, and an hour is 3600000. Set it to the lifetime of tokens at the provider, or remove it.`,
		},
		{
			ID: LoginAccepted, Title: "the API asks for no authentication time that the token lacks", run: settled(LoginAccepted, (*examination).compareLogin), Refusal: true,
			Meaning: `The API's OpenID Connect settings may bound the time since the login (authTTL, in milliseconds). It is counted from the token's auth_time, which Auth0's access tokens do not have, and those of machines cannot have: such an API refuses every one of them. Remove authTTL, or let an Action add the claim.`,
		},
		{
			ID: FormAccepted, Title: "the token is sent in a form that the API reads", run: settled(FormAccepted, nil), Refusal: true,
			Meaning: `AppSync reads the bare token in the Authorization header everywhere, and behind "Bearer" only since 2022; a proxy or an authorizer in between may want the one or the other. The API was shown the same token in both forms and took the other one. Set --auth-scheme to it.`,
		},
		{
			ID: CallerAccepted, Title: "the API accepts the caller", run: callAccepted, Refusal: true,
			after:   []ID{ModeSet, IssuerAccepted, ClientAccepted, AgeAccepted, LoginAccepted, FormAccepted},
			Meaning: `{ __typename } is sent with the caller's own credentials, which touches no data. If it is refused and no other check knows why, the causes that are left are listed, the most likely first: with AWS credentials of the API's account (AWS_PROFILE) doctor can tell most of them apart, so run it again with these. An API key expires, after seven days unless it was made for longer: make a new one. For AWS_IAM the identity needs appsync:GraphQL on the API's types: allow it. For AWS_LAMBDA the function decides: its log says why.`,
		},
	}
}

// useChecks need a caller who is let in.
func useChecks() []Check {
	return []Check{
		{
			ID: FieldsCallable, Title: "the fields can be called", needs: []ID{CallerAccepted}, run: fieldsOpen, limit: 2 * patientLimit,
			Meaning: `One customer is asked for. If the answer is 200 with errorType "Unauthorized", the API has let the caller in, and the field is closed to the mode: what has no directive is open to the API's default mode only, so that in another one each field and each type in the answer needs its own, @aws_oidc for OpenID Connect; and what has any is closed to the default mode, unless that is named as well. "null" without a reason is a field without a resolver; AccessDenied comes from the role of the data source, which may not read the table.`,
		},
		{
			ID: SchemaFits, Title: "the API's schema has the operations", needs: []ID{CallerAccepted}, run: schemaFits, limit: 5 * time.Second,
			Meaning: `The operations of "appsyncctl customers" are compared with the API's schema: that of AppSync's console for a type Customer with id, name, city, state and country. What is missing is named. "appsyncctl schema" prints what the API has, and "appsyncctl setup aws" a template with the schema that is expected. Where introspection is off, the queries are sent in a form that runs no resolver, and the mutations remain unseen.`,
		},
		{
			ID: RealtimeConnects, Title: "the real-time endpoint accepts a connection", needs: []ID{CallerAccepted}, run: realtimeOpen, limit: 5 * time.Second,
			Meaning: `Subscriptions ("appsyncctl customers watch") go over a WebSocket to another host: ID.appsync-realtime-api.REGION.amazonaws.com, or /graphql/realtime of a custom domain. A proxy or a firewall that knows the API's host may not know that one, or may not let WebSockets pass. Everything else works without it.`,
		},
	}
}
