package emulator

// Small parts, each with a table of its own.
var (
	ChildEnvironment = childEnvironment
	ChildResult      = childResult
	ShellExports     = shellExports
)
