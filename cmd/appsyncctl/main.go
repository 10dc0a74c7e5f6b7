// Command appsyncctl logs in to an OpenID provider and talks to an AWS AppSync
// API. This file is where the program touches the outside world; what it does
// with it is in internal/cli.
package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// Set by the release build.
var version, commit, date string

func main() {
	os.Exit(run(world()))
}

// patience is how long a command may take to clean up after a signal; each thing
// that it may still wait for has a shorter limit of its own.
const patience = 75 * time.Second

// run executes the command line. The first signal ends the context, so that the
// command can clean up: a refresh token that is being renewed is saved, what a
// smoke test created is deleted. The same signal again ends the process. Another one
// does not: CI systems send SIGINT and soon after SIGTERM to a job that is cancelled,
// and then give it a moment.
func run(app *app.App) int {
	// A reader that goes away makes a write fail, and not the process die in the
	// middle of something. Notify leaves children alone, Ignore would not.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		first := <-signals
		stop()
		time.AfterFunc(patience, func() { os.Exit(cli.Interrupted) })
		for again := range signals {
			if again == first {
				os.Exit(cli.Interrupted)
			}
		}
	}()
	return cli.Run(ctx, app, os.Args[1:])
}

// world is the outside world as it really is.
func world() *app.App {
	return &app.App{
		In:           os.Stdin,
		Out:          os.Stdout,
		Err:          os.Stderr,
		ErrToFile:    isFile(os.Stderr),
		Terminal:     isTerminal(os.Stdin) && isTerminal(os.Stderr),
		InTerminal:   isTerminal(os.Stdin),
		ReadPassword: readPassword,
		Width:        width(os.Stdout),
		LookupEnv:    os.LookupEnv,
		Environ:      os.Environ,
		Now:          time.Now,
		Transport:    http.DefaultTransport,
		LookupHost:   net.DefaultResolver.LookupHost,
		Proxy:        http.ProxyFromEnvironment,
		Keyring: func(interactive bool, notice func(string)) tokencache.Probed {
			return &tokencache.Keyring{Interactive: interactive, Notice: notice, LookupEnv: os.LookupEnv}
		},
		OpenBrowser: openBrowser,
		Build:       build(),
	}
}

// build is what the release build said, else what Go recorded.
func build() app.Build {
	if version != "" {
		return app.Build{Version: version, Commit: commit, Date: date}
	}
	found := app.Build{Version: "(devel)"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return found
	}
	if info.Main.Version != "" {
		found.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			found.Commit = setting.Value
		case "vcs.time":
			found.Date = setting.Value
		}
	}
	return found
}
