package management

import "context"

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
		return &ConflictError{Name: s.Name, ID: again.ID, Reason: "somebody has just made it otherwise"}
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
