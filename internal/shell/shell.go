// Package shell runs commands as users write them for a shell, and writes texts as a shell
// reads them.
package shell

import (
	"context"
	"os/exec"
	"runtime"
	"strings"
)

// Command returns a command for the shell: sh, or cmd on Windows. It is killed when ctx
// ends; see Together for what it starts.
func Command(ctx context.Context, text string) *exec.Cmd {
	if runtime.GOOS == "windows" {
		return exec.CommandContext(ctx, "cmd", "/C", text)
	}
	return exec.CommandContext(ctx, "sh", "-c", text)
}

// Word is text as one word of a POSIX shell, in quotation marks if it needs them.
func Word(text string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,%@+"
	if text != "" && strings.Trim(text, plain) == "" {
		return text
	}
	return Quoted(text)
}

// Quoted is text in quotation marks of a POSIX shell.
func Quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
