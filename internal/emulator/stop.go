// The end: open requests finish, connections close, nothing is left running.

package emulator

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// grace is how long Close waits for open requests.
const grace = 2 * time.Second

// Close stops the emulator: requests that are open may end within two seconds, then
// they are cut off. When it returns nothing of the emulator runs any more. Closing
// again does nothing and returns the same error.
func (e *Emulator) Close() error { return e.closing() }

func (e *Emulator) shutDown() error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	context.AfterFunc(ctx, e.stop)
	err := e.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = e.server.Close()
	}
	e.stop()
	e.inside.CloseIdleConnections()
	if served := <-e.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	e.open.Wait()
	return errors.Join(err, e.tenant.Close(), e.storage.Close())
}

// connState and counted keep e.open: http.Server forgets a connection that was
// taken over, such as a WebSocket, and does not wait for the handlers it cuts off. A
// request is counted while its connection still is, so the count does not pass zero
// before the end.
func (e *Emulator) connState(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		e.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		e.open.Done()
	}
}

func (e *Emulator) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.open.Add(1)
		defer e.open.Done()
		next.ServeHTTP(w, r)
	})
}
