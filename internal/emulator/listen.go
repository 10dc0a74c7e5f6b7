// Where the emulator listens: on this machine only, unless somebody says otherwise,
// since it gives tokens to anybody who asks.

package emulator

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// listen refuses a host that others can reach, unless allowed.
func listen(ctx context.Context, address string, allowRemote bool) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	if !allowRemote && !isLoopback(host) {
		return nil, &NotLoopbackError{Address: address}
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", address)
}

// NotLoopbackError refuses an address that other machines could reach.
type NotLoopbackError struct{ Address string }

func (e *NotLoopbackError) Error() string {
	return fmt.Sprintf("listen on %s: only a loopback address such as 127.0.0.1:0 is allowed", e.Address)
}

// Kind implements the interface of failure.Of.
func (*NotLoopbackError) Kind() failure.Kind { return failure.Usage }

// isLoopback tells whether a host name without a port can only mean this machine.
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
