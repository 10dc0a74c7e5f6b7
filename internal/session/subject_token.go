package session

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// SubjectToken is the token of a set-up that is examined: the one that a command
// would send, and not renewed when the API refuses it, which would hide why.
//
// A check that asks for it may be given up before it has it. A refresh goes on then: one
// that is cut off may have used up the login, see Settle. Everything else is given up
// too; a secret command ends with the program.
type SubjectToken struct {
	source  TokenSource
	err     error // why there is no source
	secrets *redact.Secrets
	now     func() time.Time

	mu      sync.Mutex
	calls   int
	idle    chan struct{} // closed when the last of calls has ended
	spends  bool          // one of calls has sent a refresh token
	refusal error         // of the provider
	again   time.Time     // when it may be asked again after that
}

// refusalPause is how long a provider that has refused to give a token is not asked
// again: whoever waits for it to change its mind must not look like an attack.
const refusalPause = 30 * time.Second

// Token returns the token.
func (t *SubjectToken) Token(ctx context.Context) (string, error) {
	if err := t.begin(ctx); err != nil {
		return "", err
	}
	defer t.end()
	token, err := t.source.Token(ctx)
	t.secrets.Add(token)
	if refused, ok := errors.AsType[*auth.Error](err); ok {
		t.refused(err, refused)
	}
	return token, tokenError(err)
}

// tokenError tells the checks what only this package's errors know.
func tokenError(err error) error {
	if missing, ok := errors.AsType[*config.MissingError](err); ok {
		return &doctor.TokenError{Kind: doctor.Unset, Setting: string(missing.Setting.Name), Err: err}
	}
	if secret, ok := errors.AsType[*SecretError](err); ok {
		return &doctor.TokenError{Kind: doctor.NoSecret, Setting: strings.ReplaceAll(secret.From, " ", "_"), Err: err}
	}
	switch {
	case failure.Is[*LoginNeededError](err):
		return &doctor.TokenError{Kind: doctor.LoginNeeded, Err: err}
	case failure.Is[*OpaqueTokenError](err):
		return &doctor.TokenError{Kind: doctor.Unreadable, Err: err}
	default:
		return err
	}
}

// Err is why there is no source of tokens; nil if there is one.
func (t *SubjectToken) Err() error { return t.err }

// Renew returns nothing: the refusal of this token is what is looked at.
func (t *SubjectToken) Renew(context.Context, string) (string, error) { return "", nil }

func (t *SubjectToken) begin(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.err != nil:
		return tokenError(t.err)
	case ctx.Err() != nil: // the check was given up before it came here
		return context.Cause(ctx)
	case t.refusal != nil && t.now().Before(t.again):
		return tokenError(t.refusal)
	}
	if t.calls == 0 {
		t.idle = make(chan struct{})
	}
	t.calls++
	return nil
}

func (t *SubjectToken) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.calls--; t.calls == 0 {
		t.spends = false
		close(t.idle)
	}
}

// spend is to be called before a refresh token is sent: the call that sends it is waited
// for. It fails if ctx has ended, since nobody waits then.
func (t *SubjectToken) spend(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	t.spends = true
	return nil
}

func (t *SubjectToken) refused(err error, refused *auth.Error) {
	wait := max(refusalPause, refused.RetryAfter)
	for _, quota := range refused.Quotas {
		if quota.Remaining == 0 {
			wait = max(wait, quota.Reset)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refusal, t.again = err, t.now().Add(wait)
}

// Settle waits for a refresh that is still under way; it ends by the limits of the
// provider's client and of the token store. The context of all checks has ended by now.
func (t *SubjectToken) Settle(notice func(string)) {
	t.mu.Lock()
	calls, idle, spends := t.calls, t.idle, t.spends
	t.mu.Unlock()
	if calls == 0 {
		return
	}
	soon := time.NewTimer(200 * time.Millisecond) // one that was cancelled needs a moment
	defer soon.Stop()
	select {
	case <-idle:
		return
	case <-soon.C:
	}
	if !spends {
		return
	}
	notice("waiting for the token: a renewal that is cut off would lose the login")
	<-idle
}
