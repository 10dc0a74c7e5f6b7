package session

import (
	"os"
	"path/filepath"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// locks returns the folder for lock files: in the user's home whatever the
// settings say, or in state where the home cannot be written to; without any there is
// none.
func locks(world *app.App, state string) string {
	home, err := config.HomeStateDir(world.LookupEnv)
	if err != nil && state == "" {
		return ""
	}
	if err != nil {
		return filepath.Join(state, "locks")
	}
	if locks := filepath.Join(home, "locks"); os.MkdirAll(locks, 0o700) == nil {
		return locks
	}
	return filepath.Join(state, "locks")
}

// onceEach passes each text on once.
func onceEach(notice func(string)) func(string) {
	said := make(map[string]bool)
	return func(text string) {
		if !said[text] {
			said[text] = true
			notice(text)
		}
	}
}

// StoreName is a store as a sentence names it.
func StoreName(store *tokencache.Place) string {
	if store.Name() == string(tokencache.FileMode) {
		return "sealed file"
	}
	return store.Name()
}
