package management

import (
	"context"
	"net/http"
	"net/url"
)

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
			return nil, &AnswerError{r.String(), http.StatusCreated}
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
