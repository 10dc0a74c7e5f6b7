package login

// Small parts, each with a table of its own.
var (
	Absolute        = absolute
	LocalTerminal   = localTerminal
	OthersUseSecret = othersUseSecret
)
