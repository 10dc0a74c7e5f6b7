// The settings that lead the client to an emulator.

package emulator

import (
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

// Variable is one environment variable that points the client at the emulator.
type Variable struct{ Name, Value string }

// String is the assignment, for people: a secret is left out. Programs take Value.
func (v Variable) String() string {
	for _, end := range []string{"_SECRET", "_KEY", "_TOKEN"} {
		if strings.HasSuffix(v.Name, end) {
			return v.Name + "=[redacted]"
		}
	}
	return v.Name + "=" + v.Value
}

// GoString is String, so that %#v tells no more.
func (v Variable) GoString() string { return v.String() }

// Export is the assignment for a POSIX shell, with its value.
func (v Variable) Export() string {
	return "export " + v.Name + "='" + strings.ReplaceAll(v.Value, "'", `'\''`) + "'"
}

// Environment returns the variables in the order in which they are shown. The client
// ids and the audience are the tenant's first ones that fit; those that no client or
// API fits are empty.
func (e *Emulator) Environment() []Variable { return slices.Clone(e.environment) }

func environment(origin string, tenant auth0.Config) []Variable {
	var machine, native, management auth0.Client
	for _, client := range slices.Backward(tenant.Clients) {
		_, manages := client.Audiences[auth0.ManagementAPI]
		switch {
		case manages:
			management = client
		case slices.Contains(client.Grants, auth0.GrantClientCredentials):
			machine = client
		}
		if slices.Contains(client.Grants, auth0.GrantDeviceCode) {
			native = client
		}
	}
	var audience string
	if len(tenant.APIs) > 0 {
		audience = tenant.APIs[0].Identifier
	}
	return []Variable{
		{"APPSYNCCTL_ENDPOINT", origin + "/graphql"},
		{"APPSYNCCTL_ISSUER", tenant.Issuer},
		{"APPSYNCCTL_CLIENT_ID", machine.ID},
		{"APPSYNCCTL_CLIENT_SECRET", string(machine.Secret)},
		{"APPSYNCCTL_AUDIENCE", audience},
		{"APPSYNCCTL_EMULATOR_DEVICE_CLIENT_ID", native.ID},
		{"APPSYNCCTL_EMULATOR_MANAGEMENT_CLIENT_ID", management.ID},
		{"APPSYNCCTL_EMULATOR_MANAGEMENT_CLIENT_SECRET", string(management.Secret)},
	}
}
