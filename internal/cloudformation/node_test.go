// Node, for the tests of the resolvers: AppSync's linter and types, a DynamoDB, and
// CloudFormation's own specification come from npm. They are in no program.

package cloudformation_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/cloudformation"
)

// workshop makes a folder with the scripts of testdata/node, the packages that they
// import, and the resolvers as the template has them. Without the packages it skips the
// test, or fails it where everything must be there.
func workshop(t *testing.T) string {
	t.Helper()
	packages := os.Getenv("APPSYNCCTL_TEST_NODE_MODULES") // that npm ci made of testdata/node/package.json
	_, err := exec.LookPath("node")
	if packages == "" || err != nil {
		if os.Getenv("APPSYNCCTL_TEST_REQUIRE_NODE") == "1" {
			t.Fatal("node or APPSYNCCTL_TEST_NODE_MODULES is not there")
		}
		t.Skip("node or APPSYNCCTL_TEST_NODE_MODULES is not there")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "node"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(packages, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "resolvers"), 0o700); err != nil {
		t.Fatal(err)
	}
	for field, code := range codes(t) {
		if err := os.WriteFile(filepath.Join(dir, "resolvers", field+".js"), []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// codes returns the template's resolvers by field.
func codes(t *testing.T) map[string]string {
	t.Helper()
	byField := make(map[string]string)
	for _, resource := range document(t, cloudformation.Defaults{}).Resources {
		if resource.Type == "AWS::AppSync::Resolver" {
			byField[resource.Properties["FieldName"].(string)] = resource.Properties["Code"].(string)
		}
	}
	return byField
}

// runNode runs a script to its end and fails the test with what it prints.
func runNode(t *testing.T, dir string, args ...string) {
	t.Helper()
	node := exec.CommandContext(t.Context(), "node", args...)
	node.Dir = dir
	if out, err := node.CombinedOutput(); err != nil {
		t.Errorf("node %v: %v\n%s", args, err, out)
	}
}

// host is testdata/node/host.mjs, running.
type host struct {
	Endpoint string `json:"endpoint"` // of its DynamoDB
	requests *json.Encoder
	answers  *bufio.Scanner
}

func startHost(t *testing.T, dir string) *host {
	t.Helper()
	// The resolvers import what AppSync provides from here.
	provided := filepath.Join(dir, "resolvers", "node_modules", "@aws-appsync", "utils")
	if err := os.MkdirAll(provided, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"package.json": `{"type": "module", "exports": "./index.js"}`,
		"index.js":     `export { util } from '../../../../runtime.mjs';`,
	} {
		if err := os.WriteFile(filepath.Join(provided, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	node := exec.CommandContext(context.WithoutCancel(t.Context()), "node", "host.mjs") // its input ends it
	node.Dir, node.Stderr = dir, t.Output()
	in, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := node.Wait(); err != nil {
			t.Errorf("node: %v", err)
		}
	})
	h := &host{requests: json.NewEncoder(in), answers: bufio.NewScanner(out)}
	h.answers.Buffer(nil, 1<<22)
	h.read(t, h)
	return h
}

// resolve runs the resolver of a field; autoID is the id that it makes, if it makes one.
func (h *host) resolve(t *testing.T, field string, args json.RawMessage, autoID string) answer {
	t.Helper()
	request := map[string]any{"field": field, "args": args, "id": autoID}
	if err := h.requests.Encode(request); err != nil {
		t.Fatal(err)
	}
	var a answer
	h.read(t, &a)
	return a
}

func (h *host) read(t *testing.T, into any) {
	t.Helper()
	if !h.answers.Scan() {
		t.Fatalf("node has ended: %v", h.answers.Err())
	}
	if err := json.Unmarshal(h.answers.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}
