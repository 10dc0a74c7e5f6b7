package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/appsyncctl/appsyncctl/"

// floors says what each package may import of this module. Nothing points up,
// nothing points sideways; a package that is not here fails the test.
//
//	8  cmd/appsyncctl
//	7  cli
//	6  cli/* (none imports another; cli/command is what they share)
//	5  session
//	4  smoke
//	3  doctor, changefeed, emulator
//	2  app, records, emulator/auth0, emulator/appsync, emulator/appsync/account
//	1  appsync, bulk, auth, tokencache, transport, config, output, report, management, awsaccount, cloudformation, emulator/auth0/management, emulator/appsync/store, emulator/appsync/signature
//	0  redact, failure, retry, address, schema, shell, atomicfile, filelock, paging
func floors() map[string][]string {
	return map[string][]string{
		"cmd/appsyncctl": {"internal/app", "internal/cli", "internal/tokencache"},
		"internal/cli": {
			"internal/cli/customers",
			"internal/cli/doctor",
			"internal/cli/emulator",
			"internal/cli/login",
			"internal/cli/profile",
			"internal/cli/query",
			"internal/cli/records",
			"internal/cli/setup",
			"internal/cli/smoke",
			"internal/cli/command", "internal/app", "internal/session", "internal/smoke", "internal/doctor",
			"internal/appsync", "internal/auth", "internal/config", "internal/management", "internal/output", "internal/tokencache", "internal/transport",
		},
		"internal/cli/command":   {"internal/app", "internal/appsync", "internal/doctor", "internal/output"},
		"internal/cli/customers": {"internal/cli/command", "internal/app", "internal/session", "internal/changefeed", "internal/records", "internal/appsync", "internal/output"},
		"internal/cli/doctor":    {"internal/cli/command", "internal/app", "internal/session", "internal/doctor", "internal/config", "internal/output", "internal/report"},
		"internal/cli/emulator":  {"internal/cli/command", "internal/app", "internal/session", "internal/emulator", "internal/config", "internal/output"},
		"internal/cli/login":     {"internal/cli/command", "internal/app", "internal/session", "internal/auth", "internal/config", "internal/output", "internal/tokencache"},
		"internal/cli/profile":   {"internal/cli/command", "internal/app", "internal/session", "internal/appsync", "internal/config", "internal/output"},
		"internal/cli/query":     {"internal/cli/command", "internal/app", "internal/session", "internal/appsync", "internal/output"},
		"internal/cli/records":   {"internal/cli/command", "internal/app", "internal/session", "internal/records", "internal/appsync", "internal/bulk", "internal/config", "internal/output"},
		"internal/cli/setup":     {"internal/cli/command", "internal/app", "internal/session", "internal/doctor", "internal/appsync", "internal/auth", "internal/cloudformation", "internal/config", "internal/management", "internal/output", "internal/tokencache"},
		"internal/cli/smoke":     {"internal/cli/command", "internal/app", "internal/session", "internal/smoke", "internal/doctor", "internal/emulator", "internal/appsync", "internal/auth", "internal/awsaccount", "internal/config", "internal/output", "internal/report", "internal/tokencache"},
		"internal/session":       {"internal/app", "internal/doctor", "internal/appsync", "internal/auth", "internal/awsaccount", "internal/config", "internal/output", "internal/tokencache", "internal/transport"},
		"internal/app":           {"internal/config", "internal/output", "internal/report", "internal/tokencache"},
		"internal/doctor":        {"internal/appsync", "internal/auth", "internal/awsaccount", "internal/output", "internal/report", "internal/tokencache", "internal/transport"},
		"internal/changefeed":    {"internal/appsync"},
		"internal/smoke":         {"internal/doctor", "internal/appsync", "internal/auth", "internal/awsaccount"},
		"internal/records":       {"internal/appsync", "internal/auth", "internal/bulk", "internal/tokencache", "internal/transport"},
		"internal/emulator": {
			"internal/emulator/auth0", "internal/emulator/appsync", "internal/emulator/appsync/account", "internal/emulator/appsync/signature", "internal/emulator/appsync/store",
		},
		"internal/awsaccount": {},
		"internal/config":     {},
		"internal/management": {},
		"internal/auth":       {},
		"internal/tokencache": {},
		"internal/transport":  {},
		"internal/appsync":    {},
		// A server for the tests of appsync and of those above it.
		"internal/appsync/appsynctest": {"internal/appsync"},

		"internal/bulk":                       {},
		"internal/output":                     {},
		"internal/report":                     {},
		"internal/emulator/auth0":             {"internal/emulator/auth0/management"},
		"internal/emulator/auth0/management":  {},
		"internal/emulator/appsync":           {"internal/emulator/appsync/signature", "internal/emulator/appsync/store"},
		"internal/emulator/appsync/account":   {"internal/emulator/appsync/signature", "internal/emulator/appsync/store"},
		"internal/emulator/appsync/signature": {},
		"internal/emulator/appsync/store":     {},
		"internal/cloudformation":             {},
	}
}

// ground is the lowest floor: every package above may use it, and those on it do not know
// each other.
func ground() []string {
	return []string{"internal/address", "internal/atomicfile", "internal/failure", "internal/filelock", "internal/paging", "internal/redact", "internal/retry", "internal/schema", "internal/shell"}
}

// TestImports holds every package to its floor.
func TestImports(t *testing.T) {
	allowed := floors()
	seen := make(map[string]bool)
	for _, pkg := range listPackages(t) {
		name := strings.TrimPrefix(pkg.ImportPath, module)
		seen[name] = true
		may, known := allowed[name]
		onGround := slices.Contains(ground(), name)
		if !known && !onGround {
			t.Errorf("package %s has no floor: give it a line in floors, and a job that one sentence can say", name)
			continue
		}
		for _, imported := range pkg.Imports {
			ours, within := strings.CutPrefix(imported, module)
			if within && !slices.Contains(may, ours) && (onGround || !slices.Contains(ground(), ours)) {
				t.Errorf("%s imports %s, which its floor does not allow", name, ours)
			}
			if imported == "github.com/spf13/cobra" && name != "internal/cli" && !strings.HasPrefix(name, "internal/cli/") {
				t.Errorf("%s imports cobra, which lives in internal/cli only", name)
			}
		}
	}
	for _, name := range append(slices.Collect(maps.Keys(allowed)), ground()...) {
		if !seen[name] {
			t.Errorf("floors names %s, but there is no such package", name)
		}
	}
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var pkg goPackage
		err := decoder.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages = append(packages, pkg)
	}
}
