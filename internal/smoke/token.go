// Tokens that an API must refuse: those that were changed, and one whose time is over.

package smoke

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

func (r *run) refuseTampered(ctx context.Context) doctor.Verdict {
	token, err := r.Token(ctx)
	if err != nil {
		return blame(err)
	}
	verdict := r.refuse(ctx, tampered(token), "a token with a changed signature")
	if later, isJWT := endMoved(token, r.Now()); isJWT && verdict.Result == doctor.OK {
		return r.refuse(ctx, later, "a token with another end than was signed")
	}
	return verdict
}

func (r *run) refuseExpired(ctx context.Context) doctor.Verdict {
	claims, err := auth.ParseClaims(r.Expired)
	if err != nil || claims.Expiry.IsZero() || !claims.Expiry.Before(r.Now()) {
		return doctor.Failure.With("the token that was given as expired is no JWT whose time is over")
	}
	return r.refuse(ctx, r.Expired, "an expired token")
}

// refuse shows the API a token that it must refuse with 401.
func (r *run) refuse(ctx context.Context, token, what string) doctor.Verdict {
	var data map[string]any
	request := &graphql.Request{Query: "query Refused { __typename }", OpName: "Refused"}
	err := r.Presented(token).MakeRequest(ctx, request, &graphql.Response{Data: &data})
	answer, answered := errors.AsType[*appsync.ResponseError](err)
	switch {
	case err == nil:
		return doctor.Verdict{Result: doctor.Failure, Message: "the API accepted " + what, Err: &AcceptedError{what}}
	case !answered || mute(answer):
		return blame(err)
	case !answer.Unauthorized():
		return doctor.Failure.With(fmt.Sprintf("the API answered %s with status %d instead of 401", what, answer.Status))
	default:
		return doctor.OK.With("refused with 401")
	}
}

// AcceptedError says that an API took a token that it must refuse.
type AcceptedError struct{ What string }

func (e *AcceptedError) Error() string { return "the API accepted " + e.What }

// tampered returns token with another signature: its last part, or the whole of an
// opaque token, is turned around.
func tampered(token string) string {
	dot := strings.LastIndexByte(token, '.') + 1
	signature := []byte(token[dot:])
	changed := false
	for i, j := 0, len(signature)-1; i < j; i, j = i+1, j-1 {
		changed = changed || signature[i] != signature[j]
		signature[i], signature[j] = signature[j], signature[i]
	}
	if !changed {
		signature = append(signature, 'A')
	}
	return token[:dot] + string(signature)
}

// endMoved returns a JWT with its claims, but that it is good for an hour from now.
func endMoved(token string, now time.Time) (string, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]json.RawMessage
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return "", false
	}
	claims["exp"] = json.RawMessage(fmt.Sprint(now.Add(time.Hour).Unix()))
	claims["iat"] = json.RawMessage(fmt.Sprint(now.Unix()))
	payload, err = json.Marshal(claims)
	parts[1] = base64.RawURLEncoding.EncodeToString(payload)
	return strings.Join(parts, "."), err == nil
}
