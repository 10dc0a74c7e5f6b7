// The settings that lead the client to an emulator.

package emulator

import "strings"

// Variable is one environment variable that points the client at the emulator.
type Variable struct{ Name, Value string }

// String is the assignment, for people: a secret is left out. Programs take Value.
func (v Variable) String() string {
	if strings.HasSuffix(v.Name, "_SECRET") {
		return v.Name + "=[redacted]"
	}
	return v.Name + "=" + v.Value
}

// GoString is String, so that %#v tells no more.
func (v Variable) GoString() string { return v.String() }

// Environment returns the variables in the order in which they are shown.
func (e *Emulator) Environment() []Variable {
	return []Variable{
		{"APPSYNCCTL_ENDPOINT", e.origin + "/graphql"},
		{"APPSYNCCTL_ISSUER", e.issuer()},
		{"APPSYNCCTL_CLIENT_ID", MachineClientID},
		{"APPSYNCCTL_CLIENT_SECRET", string(e.secret)},
		{"APPSYNCCTL_AUDIENCE", Audience},
		{"APPSYNCCTL_EMULATOR_DEVICE_CLIENT_ID", DeviceClientID},
	}
}
