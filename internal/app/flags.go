package app

import (
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/config"
)

// Flags are the values of the flags that every command takes.
type Flags struct {
	Settings map[config.Name]*string // all but the scopes
	Scopes   []string

	Output     Format
	Timeout    time.Duration // of one HTTP request
	Debug      bool
	NoInput    bool // never wait for a person
	MaxRetries int
}

// Given returns the settings that the flags give; what is not given is empty.
func (f *Flags) Given() map[config.Name]string {
	given := map[config.Name]string{config.Scopes: strings.Join(f.Scopes, " ")}
	for name, value := range f.Settings {
		given[name] = *value
	}
	return given
}
