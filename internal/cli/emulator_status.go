package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

func (app *App) emulatorStatusCommand(flags *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show a running emulator",
		Long: `Ask the emulator that is the issuer (--issuer or APPSYNCCTL_ISSUER) how it is:
its version, how long it has been running, how many customers it has and where,
which requests it got since it started or since its last reset, and the faults
that wait. A DynamoDB table is read whole to count its items.`,
		Example: `  appsyncctl emulator status
  appsyncctl emulator status --issuer http://127.0.0.1:8080/ -o json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.emulatorStatus(cmd.Context(), flags)
		},
	}
}

func (app *App) emulatorStatus(ctx context.Context, flags *globals) error {
	answer, err := app.askEmulator(ctx, flags, http.MethodGet, "/_emulator/status", nil)
	if err != nil {
		return err
	}
	var status emulator.Status
	if err := json.Unmarshal(answer, &status); err != nil {
		return fmt.Errorf("the emulator's answer: %w", err)
	}
	return flags.Output.Write(app.Out, status, func(w io.Writer) error {
		return output.Fields(w, statusFields(status))
	})
}

func statusFields(status emulator.Status) [][2]string {
	storage := map[string]string{"file": "file ", "dynamodb": "DynamoDB table "}[status.Storage] + status.Name
	if status.Name == "" {
		storage = status.Storage
	}
	fields := [][2]string{
		{"Version", status.Version},
		{"Issuer", status.Issuer},
		{"Running for", span(time.Duration(status.Uptime * float64(time.Second)))},
		{"Customers in", storage},
		{"Customers", strconv.Itoa(status.Customers)},
	}
	for _, request := range slices.Sorted(maps.Keys(status.Requests)) {
		fields = append(fields, [2]string{request, strconv.Itoa(status.Requests[request])})
	}
	for _, fault := range status.Faults {
		times := "until it is cleared"
		if fault.Count > 0 {
			times = strconv.Itoa(fault.Count) + " to come"
		}
		fields = append(fields, [2]string{"Fault " + fault.Name, times})
	}
	return fields
}

// noEmulatorError says that something else than an emulator answered, or an emulator
// that refused.
type noEmulatorError struct {
	issuer  string
	status  string
	message string // the emulator's
}

func (e *noEmulatorError) Error() string {
	if e.message != "" {
		return e.message
	}
	return fmt.Sprintf("there is no emulator at %s: %s", e.issuer, e.status)
}

// askEmulator sends a request to the emulator that the settings name as the issuer.
func (app *App) askEmulator(ctx context.Context, flags *globals, method, path string, query url.Values) ([]byte, error) {
	settings, err := app.settings(flags)
	if err != nil {
		return nil, err
	}
	issuer, err := settings.Require(config.Issuer)
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(issuer)
	if err != nil {
		return nil, err
	}
	address = address.JoinPath(path)
	address.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, address.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	once := &transport.Retry{Attempts: 1, Base: app.attempt(flags)} // it knows how to say that nobody answered
	resp, err := httpClient(&transport.UserAgent{Value: app.UserAgent(), Base: once}).Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // it has been read
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 != 2 {
		var refusal struct{ Message string }
		_ = json.Unmarshal(body, &refusal) // another server's answer has no message
		return nil, &noEmulatorError{issuer: issuer, status: resp.Status, message: refusal.Message}
	}
	return body, nil
}
