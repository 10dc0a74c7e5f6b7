//go:build unix

package shell

import (
	"os"
	"os/exec"
	"syscall"
)

// Together makes all that a command starts end when it is cancelled: it gets a process
// group of its own. Not where there is a terminal: there only the group in front may ask
// a person something, and it is that group which Ctrl-C ends.
func Together(child *exec.Cmd) {
	if terminal, err := os.OpenFile("/dev/tty", os.O_RDWR, 0); err == nil {
		_ = terminal.Close() // nothing was written
		return
	}
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	child.Cancel = func() error { return syscall.Kill(-child.Process.Pid, syscall.SIGKILL) }
}
