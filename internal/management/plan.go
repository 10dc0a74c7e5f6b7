package management

import (
	"context"
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
// a *TransportError, an *AnswerError, an *AmbiguousError or a *ConflictError.
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
