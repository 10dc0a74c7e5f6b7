package auth

import "github.com/appsyncctl/appsyncctl/internal/redact"

// A Secret is text that nobody may see.
type Secret = redact.Secret
