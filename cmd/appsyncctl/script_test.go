package main

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

var update = flag.Bool("update", false, "rewrite the golden files of the scripts")

// TestMain makes this test binary the program itself when a script calls it, in
// a process of its own each time.
func TestMain(m *testing.M) {
	testscript.Main(waiting{m}, map[string]func(){
		"appsyncctl": func() { os.Exit(run(scriptWorld())) },
	})
}

// These tests wait for processes more than they work.
type waiting struct{ *testing.M }

// Run runs more of the tests at once than there are processors, unless -parallel says
// how many.
func (w waiting) Run() int {
	flag.Parse()
	const parallel = "test.parallel"
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == parallel })
	if slots := flag.Lookup(parallel); !chosen && slots != nil {
		_ = slots.Value.Set(strconv.Itoa(max(16, runtime.GOMAXPROCS(0)))) // it is a number
	}
	return w.M.Run()
}

// TestScripts runs the scripts in testdata/script at the top of the module.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("APPDATA", env.WorkDir)
			env.Setenv("LOCALAPPDATA", env.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"emulator": scriptEmulator,
			"faults":   scriptFaults,
			"struck":   scriptStruck,
			"requests": scriptRequests,
			"arrived":  scriptArrived,
			"once":     scriptOnce,
			"rotate":   scriptRotate,
			"envfile":  scriptEnvFile,
			"waitfor":  scriptWaitFor,
			"activate": scriptActivate,
			"browse":   scriptBrowse,
			"exits":    scriptExits,
			"clear":    scriptClear,
			"capture":  scriptCapture,
		},
	})
}

// scriptWorld is the real world with another keyring: tokens pass from process
// to process through a folder that a script names in TEST_KEYRING. Without it
// there is no keyring, as on a bare CI runner.
func scriptWorld() *app.App {
	fake := world()
	fake.Build = app.Build{Version: "1.2.3-test"}
	fake.Keyring = func(bool, func(string)) tokencache.Probed {
		return folderKeyring(os.Getenv("TEST_KEYRING"))
	}
	fake.OpenBrowser = func(url string) error {
		return os.WriteFile(filepath.Join(os.Getenv("HOME"), "browser"), []byte(url), 0o600)
	}
	fake.Deadline = deadline
	fake.Terminal = os.Getenv("TEST_TERMINAL") != ""
	fake.Width, _ = strconv.Atoi(os.Getenv("TEST_WIDTH"))
	ahead, _ := time.ParseDuration(os.Getenv("TEST_AHEAD")) // 0 without
	var paused atomic.Int64
	fake.Now = func() time.Time { return time.Now().Add(ahead).Add(time.Duration(paused.Load())) }
	if now, err := time.Parse(time.RFC3339Nano, os.Getenv("TEST_NOW")); err == nil {
		fake.Now = func() time.Time { return now }
	}
	if os.Getenv("TEST_NO_PAUSES") != "" { // the clock goes on at once
		fake.Pause = func(ctx context.Context, d time.Duration) error {
			paused.Add(int64(d))
			return context.Cause(ctx)
		}
	}
	return fake
}

// folderKeyring is a keyring of readable files, for scripts to look into. Its
// name may say what is wrong with it: "locked" or "forgetful".
type folderKeyring string

func (k folderKeyring) check() error {
	switch k {
	case "":
		return &tokencache.UnavailableError{Reason: "no session bus"}
	case "locked":
		return &tokencache.LockedError{Reason: "nobody unlocked it"}
	case "forgetful":
		return errors.New("the keyring does not hold what was written to it")
	default:
		return os.MkdirAll(string(k), 0o700)
	}
}

func (k folderKeyring) path(key string) string {
	return filepath.Join(string(k), key)
}

func (k folderKeyring) Get(_ context.Context, key string) ([]byte, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	value, err := os.ReadFile(k.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, tokencache.ErrNotFound
	}
	return value, err
}

func (k folderKeyring) Set(_ context.Context, key string, value []byte) error {
	if err := k.check(); err != nil {
		return err
	}
	part := k.path(key) + "." + time.Now().Format("150405.000000000")
	if err := os.WriteFile(part, value, 0o600); err != nil {
		return err
	}
	return os.Rename(part, k.path(key))
}

func (k folderKeyring) Delete(_ context.Context, key string) error {
	if err := k.check(); err != nil {
		return err
	}
	err := os.Remove(k.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (k folderKeyring) Probe(ctx context.Context) error {
	if err := k.Set(ctx, "probe", []byte("probe")); err != nil {
		return err
	}
	return k.Delete(ctx, "probe")
}
