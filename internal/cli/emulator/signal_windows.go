package emulator

import "os"

// signalNumber returns 0: Windows ends processes with exit codes only.
func signalNumber(*os.ProcessState) int { return 0 }
