package appsync

import "context"

// silent keeps the engine from writing a resolver's panic to the process's standard
// error; the panic still becomes an error of the answer.
type silent struct{}

// LogPanic implements log.Logger.
func (silent) LogPanic(context.Context, any) {}
