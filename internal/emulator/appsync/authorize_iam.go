package appsync

import (
	"context"
	"time"
)

// iamMode is AWS_IAM: a Signature Version 4 by the one access key that it knows.
type iamMode struct{ signature }

func newIAMMode(key AccessKey, now func() time.Time) *iamMode {
	return &iamMode{signature{key: key, service: "appsync", now: now}}
}

func (m *iamMode) authorize(ctx context.Context, c credentials) *refusal {
	wrong := m.verify(ctx, c)
	switch {
	case wrong == nil:
		return nil
	case wrong.Type == unsigned:
		return unauthorized("Authorization header requires 'Credential' parameter, 'Signature' parameter and 'SignedHeaders' parameter.")
	case wrong.Type == unknownKey:
		return unauthorized("Permission denied")
	}
	return unauthorized(wrong.Message)
}
