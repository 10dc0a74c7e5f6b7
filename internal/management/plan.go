package management

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// An Action is what a plan has for one object.
type Action string

// The actions.
const (
	Create Action = "create"
	Update Action = "change"
	Keep   Action = "keep"
)

// A Kind is one of the four objects that a plan is about.
type Kind string

// The kinds, in the order in which they are made.
const (
	API     Kind = "api"
	Machine Kind = "machine" // application
	Grant   Kind = "grant"   // of the API for the machine
	Native  Kind = "native"  // application
)

// A Step is what a plan has for one object.
type Step struct {
	Kind    Kind
	Name    string // the API's identifier or an application's name; a grant has that of its API
	Action  Action
	ID      string   // a client ID for an application; empty until the object is made
	Changes []Change // of Update
	Done    bool     // it has been carried out

	body  object // of the request
	rules []rule // of what is to be made
}

// A Plan is what makes a tenant as it is wanted.
type Plan struct {
	API, Machine, Grant, Native *Step
	// Notes are what the plan leaves alone and a person should know.
	Notes []string
}

// Steps returns the steps in their order.
func (p *Plan) Steps() []*Step { return []*Step{p.API, p.Machine, p.Grant, p.Native} }

// Check returns a *ScopeError if a token with these scopes cannot carry p out. A token
// that names none is let pass: it may say so elsewhere.
func (p *Plan) Check(scopes []string) error {
	var missing []string
	for _, step := range p.Steps() {
		if scope := step.scope(); scope != "" && len(scopes) > 0 && !slices.Contains(scopes, scope) && !slices.Contains(missing, scope) {
			missing = append(missing, scope)
		}
	}
	if len(missing) > 0 {
		return &ScopeError{missing}
	}
	return nil
}

// collection returns where the objects of a kind are.
func (k Kind) collection() (path, scope string) {
	switch k {
	case API:
		return "resource-servers", "resource_servers"
	case Grant:
		return "client-grants", "client_grants"
	default:
		return "clients", "clients"
	}
}

// scope returns the scope that a step needs, or "".
func (s *Step) scope() string {
	_, things := s.Kind.collection()
	switch s.Action {
	case Create:
		return "create:" + things
	case Update:
		return "update:" + things
	default:
		return ""
	}
}

// Scopes are all that a token needs to make, change and keep everything, and to read the
// secret of an application that is there already.
func Scopes() []string {
	var all []string
	for _, kind := range []Kind{API, Machine, Grant} {
		_, things := kind.collection()
		all = append(all, "read:"+things, "create:"+things)
		if kind != Grant {
			all = append(all, "update:"+things)
		}
	}
	return append(all, "read:client_keys")
}

// Plan reads what is there and plans what makes it as wanted. The error may be an *Error,
// a *TransportError or a *ConflictError.
func (c *Client) Plan(ctx context.Context, want Want) (*Plan, error) {
	plan := &Plan{}
	api, err := c.findAPI(ctx, want.Audience)
	if err != nil {
		return nil, err
	}
	plan.API = step(API, want.Audience, api, "id", want.apiRules())
	if plan.API.Action == Create {
		plan.API.body["identifier"] = want.Audience
	}
	plan.Notes = apiNotes(api)
	applications, err := c.applications(ctx)
	if err != nil {
		return nil, err
	}
	machine, err := named(applications, want.Machine, appMachine)
	if err != nil {
		return nil, err
	}
	plan.Machine = step(Machine, want.Machine, machine, "client_id", want.machineRules())
	native, err := named(applications, want.Native, appNative)
	if err != nil {
		return nil, err
	}
	plan.Native = step(Native, want.Native, native, "client_id", want.nativeRules())
	if plan.Grant, err = c.planGrant(ctx, want.Audience, plan.Machine.ID); err != nil {
		return nil, err
	}
	return plan, nil
}

// step plans for one object; there is nil when it is to be made.
func step(kind Kind, name string, there object, id string, rules []rule) *Step {
	if there == nil {
		return &Step{Kind: kind, Name: name, Action: Create, body: whole(rules), rules: rules}
	}
	s := &Step{Kind: kind, Name: name, Action: Keep, ID: text(there, id)}
	if s.Changes, s.body = differences(there, rules); len(s.Changes) > 0 {
		s.Action = Update
	}
	return s
}

// planGrant looks for a grant of the API for a machine. What it allows is the owner's.
func (c *Client) planGrant(ctx context.Context, audience, machine string) (*Step, error) {
	s := &Step{Kind: Grant, Name: audience, Action: Create}
	if machine == "" {
		return s, nil
	}
	grants, err := c.list(ctx, "client-grants", "client_grants", "id", url.Values{"client_id": {machine}, "audience": {audience}})
	if err != nil {
		return nil, err
	}
	for _, grant := range grants {
		kind := text(grant, "subject_type")
		if text(grant, "client_id") == machine && text(grant, "audience") == audience && (kind == "" || kind == "client") {
			s.Action, s.ID = Keep, text(grant, "id")
		}
	}
	return s, nil
}

// findAPI returns the API with an identifier, which is compared byte by byte, or nil.
func (c *Client) findAPI(ctx context.Context, identifier string) (object, error) {
	apis, err := c.list(ctx, "resource-servers", "resource_servers", "id", url.Values{"identifiers": {identifier}})
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(apis, func(api object) bool { return text(api, "identifier") == identifier })
	if i < 0 {
		return nil, nil //nolint:nilnil // that there is none is no error
	}
	return apis[i], nil
}

// apiNotes says what of an API would keep AppSync or a login from working.
func apiNotes(api object) []string {
	var notes []string
	note := func(problem string) {
		notes = append(notes, fmt.Sprintf("the API %s %s", text(api, "identifier"), problem))
	}
	if encryption, _ := api["token_encryption"].(object); encryption != nil {
		note("encrypts its tokens, which AppSync cannot read")
	}
	if proof, _ := api["proof_of_possession"].(object); proof != nil && proof["required"] == true {
		note("binds its tokens to a key, which AppSync does not support")
	}
	policies, _ := api["subject_type_authorization"].(object)
	user, _ := policies["user"].(object)
	client, _ := policies["client"].(object)
	if policy := text(user, "policy"); policy != "" && policy != "allow_all" {
		note("lets people in only by its policy " + policy + ": see its application access policy")
	}
	if policy := text(client, "policy"); policy == "deny_all" {
		note("lets no machines in: see its application access policy")
	}
	return notes
}

// applications returns all applications, without secrets.
func (c *Client) applications(ctx context.Context) ([]object, error) {
	return c.list(ctx, "clients", "clients", "client_id", url.Values{
		"is_global": {"false"}, "include_fields": {"false"}, "fields": {"client_secret,signing_keys"},
	})
}

// named returns the application with a name, or nil. An application of another type is
// not the one that is meant, and is not made into it.
func named(all []object, name, appType string) (object, error) {
	var found []object
	for _, application := range all {
		if text(application, "name") == name {
			found = append(found, application)
		}
	}
	if len(found) == 0 {
		return nil, nil //nolint:nilnil // that there is none is no error
	}
	conflict := &ConflictError{Name: name}
	for _, application := range found {
		conflict.IDs = append(conflict.IDs, text(application, "client_id"))
	}
	if len(found) > 1 {
		return nil, conflict
	}
	if kind := text(found[0], "app_type"); kind != "" && kind != appType {
		conflict.Reason = fmt.Sprintf("its type is %s, not %s", kind, appType)
		return nil, conflict
	}
	if methods, _ := found[0]["client_authentication_methods"].(object); len(methods) > 0 {
		conflict.Reason = "it authenticates with a key or a certificate"
		return nil, conflict
	}
	return found[0], nil
}

// Apply carries a plan out, step by step, and marks those that are done; an object that is
// made gets its ID. It returns the secret of the machine's application if that was made,
// also when a later step fails: nothing else tells it without another scope.
//
// An application that somebody has made since the plan is kept, and not made twice. The
// error is as that of Plan.
func (c *Client) Apply(ctx context.Context, plan *Plan) (Secret, error) {
	var secret Secret
	for _, step := range plan.Steps() {
		if err := c.lookAgain(ctx, plan, step); err != nil {
			return secret, err
		}
		if step.Kind == Grant && step.Action == Create {
			step.body = object{"client_id": plan.Machine.ID, "audience": plan.API.Name, "scope": []any{}}
		}
		answer, err := c.carryOut(ctx, step)
		if err != nil {
			return secret, err
		}
		if step.Kind == Machine && step.Action == Create {
			secret = Secret(text(answer, "client_secret"))
		}
	}
	return secret, nil
}

// lookAgain looks for an application once more right before it is made: Auth0 lets two
// have one name, and another machine may run the same setup. What it finds is kept, if
// it is what would be made.
func (c *Client) lookAgain(ctx context.Context, plan *Plan, s *Step) error {
	appType := map[Kind]string{Machine: appMachine, Native: appNative}[s.Kind]
	if appType == "" || s.Action != Create {
		return nil
	}
	applications, err := c.applications(ctx)
	if err != nil {
		return err
	}
	there, err := named(applications, s.Name, appType)
	if err != nil || there == nil {
		return err
	}
	again := step(s.Kind, s.Name, there, "client_id", s.rules)
	if again.Action != Keep {
		return &ConflictError{Name: s.Name, IDs: []string{again.ID}, Reason: "somebody has just made it otherwise"}
	}
	*s = *again
	if s.Kind != Machine {
		return nil
	}
	grant, err := c.planGrant(ctx, plan.API.Name, s.ID)
	if err == nil {
		*plan.Grant = *grant
	}
	return err
}

func (c *Client) carryOut(ctx context.Context, step *Step) (object, error) {
	path, _ := step.Kind.collection()
	r := request{method: http.MethodPost, path: path, body: step.body}
	switch step.Action {
	case Keep:
		step.Done = true
		return nil, nil //nolint:nilnil // nothing is asked
	case Update:
		r.method, r.path = http.MethodPatch, path+"/"+url.PathEscape(step.ID)
	}
	var answer object
	if err := c.call(ctx, r, &answer); err != nil {
		return nil, err
	}
	if step.Action == Create {
		name := "id"
		if step.Kind == Machine || step.Kind == Native {
			name = "client_id"
		}
		if step.ID = text(answer, name); step.ID == "" {
			return nil, notAuth0s(r, http.StatusCreated)
		}
	}
	step.Done = true
	return answer, nil
}

// MachineSecret reads the secret of an application that is there already, which takes the
// scope read:client_keys. It is empty when the token has another scope only.
func (c *Client) MachineSecret(ctx context.Context, clientID string) (Secret, error) {
	var answer object
	err := c.call(ctx, request{
		method: http.MethodGet,
		path:   "clients/" + url.PathEscape(clientID),
		query:  url.Values{"fields": {"client_id,client_secret"}, "include_fields": {"true"}},
	}, &answer)
	return Secret(text(answer, "client_secret")), err
}
