// Processes of their own for the keyring tests: go-keyring takes the session bus
// from its process's environment and keeps one connection, so each case has a
// process. It is this test program again, with one test as its main function.

package tokencache_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

const (
	taskVariable    = "KEYRING_TEST_TASK"
	timeoutVariable = "KEYRING_TEST_TIMEOUT"

	patience = "8m" // ends what hangs; nothing waits for half of it, after which helpers print a notice
)

// helperCommand returns the command that does task in a process of its own.
func helperCommand(ctx context.Context, task string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestKeyringHelper$")
	cmd.Env = append(os.Environ(), taskVariable+"="+task)
	return cmd
}

// exitError returns the error of a command that exits with code.
func exitError(t *testing.T, code int) error {
	t.Helper()
	err := helperCommand(t.Context(), "exit "+strconv.Itoa(code)).Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != code {
		t.Fatalf("got %v, want exit status %d", err, code)
	}
	return err
}

// TestKeyringHelper is the main function of a helper process. A task is a list of
// operations, separated by semicolons, on the real keyring of its session. Each
// prints a line that says how it went.
func TestKeyringHelper(t *testing.T) {
	task := os.Getenv(taskVariable)
	if task == "" {
		return // the test program itself
	}
	store := &tokencache.Keyring{
		LookupEnv: os.LookupEnv,
		Notice:    func(text string) { fmt.Println("notice:", text) },
	}
	if text := os.Getenv(timeoutVariable); text != "" {
		limit, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		store.Timeout, store.NoticeAfter = limit, limit/2
	}
	for operation := range strings.SplitSeq(task, ";") {
		words := strings.Fields(operation)
		switch words[0] {
		case "exit":
			code, _ := strconv.Atoi(words[1])
			os.Exit(code)
		case "set": // key, mark, size
			size, _ := strconv.Atoi(words[3])
			fmt.Println(outcome(store.Set(t.Context(), words[1], token(words[2], size))))
		case "get":
			value, err := store.Get(t.Context(), words[1])
			fmt.Println(outcome(err), summary(value))
		case "delete":
			fmt.Println(outcome(store.Delete(t.Context(), words[1])))
		case "probe":
			fmt.Println(outcome(store.Probe(t.Context())))
		default:
			t.Fatalf("no operation %q", operation)
		}
	}
	os.Exit(0) // without the test framework's own lines
}

// outcome names the kind of an error.
func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, tokencache.ErrNotFound):
		return "missing"
	case isUnavailable(err):
		return "unavailable: " + err.Error()
	case isLocked(err):
		return "locked: " + err.Error()
	}
	return "other: " + err.Error()
}

// summary tells values of token apart without printing 6 KB.
func summary(value []byte) string {
	if len(value) == 0 {
		return ""
	}
	mark := string(value[:1])
	if strings.Trim(string(value), mark) != "" {
		return "mixed"
	}
	return fmt.Sprintf("%s*%d", mark, len(value))
}

// session is a bus without anything of this machine's user, and folders to go with
// it. Helpers that run in it cannot reach a real keyring.
type session struct {
	dir     string
	address string
	limit   string // time limit of helpers
}

// environ is the environment of a process in the session.
func (s *session) environ() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + s.dir,
		"XDG_RUNTIME_DIR=" + s.dir,
		"XDG_DATA_HOME=" + s.dir + "/data",
		"XDG_CONFIG_HOME=" + s.dir + "/config",
		"XDG_CACHE_HOME=" + s.dir + "/cache",
		"DBUS_SESSION_BUS_ADDRESS=" + s.address,
		timeoutVariable + "=" + s.limit,
		"GORACE=atexit_sleep_ms=0", // a helper built with -race would wait a second
	}
}

// run does task in a helper process and returns the lines it printed.
func (s *session) run(t *testing.T, task string) []string {
	t.Helper()
	cmd := helperCommand(t.Context(), task)
	cmd.Env = append(s.environ(), taskVariable+"="+task)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", task, err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// wantLines compares line by line. A wanted line that ends in "…" is the beginning
// of one.
func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	matches := len(got) == len(want)
	for i := range min(len(got), len(want)) {
		start, isStart := strings.CutSuffix(want[i], "…")
		matches = matches && (strings.TrimSpace(got[i]) == want[i] || isStart && strings.HasPrefix(got[i], start))
	}
	if !matches {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// need skips the test when a program that it needs is not installed, or fails it
// where everything must be there.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if os.Getenv("APPSYNCCTL_TEST_REQUIRE_KEYRING") == "1" {
			t.Fatalf("%s is not installed", program)
		}
		t.Skipf("%s is not installed", program)
	}
}
