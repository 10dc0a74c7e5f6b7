// The tenant from a YAML file, under the names that Auth0's Management API has for the
// same things. yaml.v3 is taken for its line numbers and its refusal of unknown keys.

package auth0

import (
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// ReadYAML puts what a file says in the place of what c had: each of the lists apis,
// clients, users and organizations that is there, whole. An error names the line of
// a key that is not known.
func (c *Config) ReadYAML(r io.Reader) error {
	var file struct {
		APIs          []API          `yaml:"apis"`
		Clients       []Client       `yaml:"clients"`
		Users         []User         `yaml:"users"`
		Organizations []Organization `yaml:"organizations"`
	}
	decoder := yaml.NewDecoder(r)
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the tenant: %w", err)
	}
	replace(&c.APIs, file.APIs)
	replace(&c.Clients, file.Clients)
	replace(&c.Users, file.Users)
	replace(&c.Organizations, file.Organizations)
	return nil
}

func replace[T any](list *[]T, with []T) {
	if with != nil {
		*list = with
	}
}
