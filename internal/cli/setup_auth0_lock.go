package cli

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"

	"github.com/appsyncctl/appsyncctl/internal/config"
)

// tenantLock returns the path of the lock file for setups of the tenant whose Management
// API is at base. Auth0 lets two applications have one name: two setups at once would
// make everything twice.
func (app *App) tenantLock(base string) string {
	state, err := config.StateDir(app.LookupEnv)
	if err != nil {
		state = ""
	}
	locks := app.locks(state)
	if locks == "" {
		return ""
	}
	return filepath.Join(locks, fmt.Sprintf("setup-%x.lock", sha256.Sum256([]byte(base))))
}
