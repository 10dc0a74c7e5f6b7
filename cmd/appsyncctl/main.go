// Command appsyncctl logs in to an OpenID provider and talks to an AWS AppSync
// API. This file is where the program touches the outside world; what it does
// with it is in internal/cli.
package main

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/cli/browser"
	"golang.org/x/term"

	"github.com/appsyncctl/appsyncctl/internal/cli"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// Set by the release build.
var version, commit, date string

func main() {
	os.Exit(run(world()))
}

// run executes the command line. The first signal ends the context, so that the
// command can clean up; the second ends the process.
func run(app *cli.App) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return app.Run(ctx, os.Args[1:])
}

// world is the outside world as it really is.
func world() *cli.App {
	return &cli.App{
		In:        os.Stdin,
		Out:       os.Stdout,
		Err:       os.Stderr,
		Terminal:  term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stderr.Fd())),
		Width:     width(os.Stdout),
		LookupEnv: os.LookupEnv,
		Environ:   os.Environ,
		Now:       time.Now,
		Transport: http.DefaultTransport,
		Keyring: func(interactive bool, notice func(string)) tokencache.Probed {
			return &tokencache.Keyring{Interactive: interactive, Notice: notice, LookupEnv: os.LookupEnv}
		},
		OpenBrowser: openBrowser,
		Build:       build(),
	}
}

// width returns the columns of a terminal, and 0 for anything else.
func width(file *os.File) int {
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// openBrowser keeps what a browser's starter prints off standard output. Some
// starters last as long as the browser, so after a moment no news is good news.
func openBrowser(url string) error {
	browser.Stdout = os.Stderr
	opened := make(chan error, 1)
	go func() { opened <- browser.OpenURL(url) }()
	select {
	case err := <-opened:
		return err
	case <-time.After(2 * time.Second):
		return nil
	}
}

// build is what the release build said, else what Go recorded.
func build() cli.Build {
	if version != "" {
		return cli.Build{Version: version, Commit: commit, Date: date}
	}
	found := cli.Build{Version: "(devel)"}
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
