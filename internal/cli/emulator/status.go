package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

func newStatusCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show a running emulator",
		Long: `Ask the emulator that is the issuer (--issuer or APPSYNCCTL_ISSUER) how it is:
its version, how long it has been running, how many customers it has and where,
which requests it got since it started or since its last reset, and the faults
that wait. A DynamoDB table is read whole to count its items.`,
		Example: `  appsyncctl emulator status
  appsyncctl emulator status --issuer http://127.0.0.1:8080/ -o json`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runStatus(cmd.Context(), s)
		},
	}
}

func runStatus(ctx context.Context, s *session.Session) error {
	answer, err := askEmulator(ctx, s, http.MethodGet, "/_emulator/status", nil)
	if err != nil {
		return err
	}
	var status emulator.Status
	if err := json.Unmarshal(answer, &status); err != nil {
		return fmt.Errorf("the emulator's answer: %w", err)
	}
	return s.Flags.Output.Write(s.App.Out, status, func(w io.Writer) error {
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
		{"Running for", output.Span(time.Duration(status.Uptime * float64(time.Second)))},
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

// askEmulator sends a request to the emulator that the settings name as the issuer.
func askEmulator(ctx context.Context, s *session.Session, method, path string, query url.Values) ([]byte, error) {
	settings, err := s.Settings()
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
	resp, err := s.PlainClient().Do(req)
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
		if refusal.Message != "" {
			return nil, errors.New(refusal.Message)
		}
		return nil, fmt.Errorf("there is no emulator at %s: %s", issuer, resp.Status)
	}
	return body, nil
}

type resetOptions struct {
	table string // of DynamoDB, to be emptied
}

func newResetCommand(s *session.Session) *cobra.Command {
	var options resetOptions
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Delete the customers, faults and counts of a running emulator",
		Long: `Let the emulator that is the issuer (--issuer or APPSYNCCTL_ISSUER) start over:
its customers, the faults that wait and the counts of requests are deleted, and what
setup auth0 or another client of the Management API has made in its tenant is undone.
Keys, logins and tokens stay good.

A DynamoDB table may hold more than tests put there, so an emulator that has one
refuses unless --dynamodb-table names it.`,
		Example: "  appsyncctl emulator reset",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runReset(cmd.Context(), s, options)
		},
	}
	cmd.Flags().StringVar(&options.table, "dynamodb-table", "", "DynamoDB `table` to empty, if that is where the customers are")
	return cmd
}

func runReset(ctx context.Context, s *session.Session, options resetOptions) error {
	query := url.Values{}
	if options.table != "" {
		query.Set("table", options.table)
	}
	if _, err := askEmulator(ctx, s, http.MethodPost, "/_emulator/reset", query); err != nil {
		return err
	}
	s.App.Notice("the emulator has no customers, faults and counts any more")
	return nil
}
