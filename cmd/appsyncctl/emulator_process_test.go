package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// process is an emulator in a process of its own.
type process struct {
	cmd    *exec.Cmd
	env    map[string]string
	token  string
	client *http.Client
}

func startProcess(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	out, err := os.CreateTemp(dir, "env")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p := &process{cmd: exec.Command("appsyncctl", append([]string{"emulator", "start"}, args...)...), env: map[string]string{}, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 20}}}
	p.cmd.Dir, p.cmd.Stdout = dir, out
	p.cmd.Env = append(os.Environ(), "HOME="+dir)
	said, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	lines := bufio.NewScanner(said)
	for !strings.HasPrefix(lines.Text(), "emulator ready") {
		if !lines.Scan() {
			t.Fatal("the emulator ended before it was ready")
		}
		t.Log(lines.Text())
	}
	exports, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(exports)) {
		name, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		p.env[name] = strings.Trim(value, "'")
	}
	p.token = p.newToken(t)
	return p
}

// kill ends the process as kill -9 does; nothing of it can tidy up.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	_ = p.cmd.Wait()
	p.client.CloseIdleConnections()
}

func (p *process) newToken(t *testing.T) string {
	t.Helper()
	resp, err := p.client.PostForm(p.env["APPSYNCCTL_ISSUER"]+"oauth/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {p.env["APPSYNCCTL_CLIENT_ID"]},
		"client_secret": {p.env["APPSYNCCTL_CLIENT_SECRET"]}, "audience": {p.env["APPSYNCCTL_AUDIENCE"]},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.AccessToken
}

// query returns the data of an answer that came whole.
func (p *process) query(ctx context.Context, document string, data any) error {
	body, err := json.Marshal(map[string]string{"query": document})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.env["APPSYNCCTL_ENDPOINT"], bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", p.token)
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer := struct {
		Data   any
		Errors []any
	}{Data: data}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return err
	}
	if len(answer.Errors) > 0 {
		return fmt.Errorf("%v", answer.Errors)
	}
	return nil
}

// TestEmulatorHidesItsSchema asks what no command asks.
func TestEmulatorHidesItsSchema(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]bool{"--introspection": true, "--introspection=false": false} {
		t.Run(flag, func(t *testing.T) {
			var data struct {
				Schema struct{ QueryType struct{ Name string } } `json:"__schema"`
			}
			err := startProcess(t, t.TempDir(), flag).query(t.Context(), `{ __schema { queryType { name } } }`, &data)
			switch {
			case want && (err != nil || data.Schema.QueryType.Name != "Query"):
				t.Errorf("got %+v, %v", data, err)
			case !want && (err == nil || !strings.Contains(err.Error(), "FieldUndefined")):
				t.Errorf("got %+v, %v, want a field that is undefined", data, err)
			}
		})
	}
}

// A table is a DynamoDB of one table named customers, which knows just what creating,
// listing and resetting need. The semantics are tested beside the store.
type table struct {
	mu   sync.Mutex
	rows map[string]json.RawMessage
}

func (f *table) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	type key struct{ ID struct{ S string } }
	var input struct {
		TableName string
		Item, Key json.RawMessage
	}
	_ = json.NewDecoder(r.Body).Decode(&input)
	id := func(row json.RawMessage) string {
		var k key
		_ = json.Unmarshal(row, &k)
		return k.ID.S
	}
	answer := map[string]any{}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch {
	case input.TableName != "customers":
		w.WriteHeader(http.StatusBadRequest)
		answer["__type"] = "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"
	case operation == "DescribeTable":
		answer["Table"] = map[string]any{"TableStatus": "ACTIVE", "KeySchema": []any{map[string]string{"AttributeName": "id", "KeyType": "HASH"}}}
	case operation == "PutItem":
		f.rows[id(input.Item)] = input.Item
	case operation == "DeleteItem":
		delete(f.rows, id(input.Key))
	case operation == "Scan":
		items := []json.RawMessage{}
		for _, row := range f.rows {
			items = append(items, row)
		}
		answer["Items"], answer["Count"] = items, len(items)
	}
	_ = json.NewEncoder(w).Encode(answer) // the client may have gone
}

func (f *table) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.rows)
}

// TestEmulatorWithATable walks from the program into a table and back.
func TestEmulatorWithATable(t *testing.T) {
	t.Parallel()
	fake := &table{rows: map[string]json.RawMessage{}}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	run := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "appsyncctl", append([]string{"emulator", "exec"}, args...)...)
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "AWS_ENDPOINT_URL_DYNAMODB="+server.URL,
			"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=AKIATEST", "AWS_SECRET_ACCESS_KEY=test")
		said, err := cmd.CombinedOutput()
		return string(said), err
	}
	if said, err := run("--dynamodb-table", "customers", "--seed", "4", "--", "appsyncctl", "customers", "create", "--name", "customer5"); err != nil {
		t.Fatal(err, said)
	}
	if fake.count() != 5 {
		t.Errorf("%d rows", fake.count())
	}
	said, err := run("--dynamodb-table", "customers", "--", "sh", "-c", "appsyncctl customers list && appsyncctl emulator status; appsyncctl emulator reset")
	if err == nil || !strings.Contains(said, "customer5") || !strings.Contains(said, "DynamoDB table customers") ||
		!strings.Contains(said, "name it to have it emptied") || fake.count() != 5 {
		t.Errorf("%v, %d rows: %s", err, fake.count(), said)
	}
	if said, err := run("--dynamodb-table", "customers", "--", "appsyncctl", "emulator", "reset", "--dynamodb-table", "customers"); err != nil || fake.count() != 0 {
		t.Errorf("%v, %d rows: %s", err, fake.count(), said)
	}
	if said, err := run("--dynamodb-table", "others", "--", "true"); err == nil || !strings.Contains(said, "error: there is no table others in eu-west-1; ") {
		t.Errorf("%v: %s", err, said)
	}
}

// TestDockerfile runs what the container runs, on another port, and reads the settings
// as its users do.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(text), "\nCMD ")
	var command []string
	if err := json.NewDecoder(strings.NewReader(line)).Decode(&command); err != nil || len(command) < 2 || command[1] != "start" {
		t.Fatalf("the command is %q: %v", command, err)
	}
	for i, argument := range command {
		command[i] = strings.Replace(argument, ":8080", ":0", 1)
	}
	p := startProcess(t, t.TempDir(), command[2:]...)
	resp, err := p.client.Get(p.env["APPSYNCCTL_ISSUER"] + "_emulator/environment")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	settings, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range p.env {
		if !strings.Contains(string(settings), name+"="+value+"\n") {
			t.Errorf("no %s=%s in %s", name, value, settings)
		}
	}
}
