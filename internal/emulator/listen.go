// Where the emulator listens, and to which hosts it answers: this machine only, since
// it gives tokens to anybody who asks.

package emulator

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// listen refuses a host that others can reach: the emulator gives tokens to anybody
// who asks.
func listen(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	if !isLoopback(host) {
		return nil, &NotLoopbackError{Address: address}
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", address)
}

// NotLoopbackError refuses an address that other machines could reach.
type NotLoopbackError struct{ Address string }

func (e *NotLoopbackError) Error() string {
	return fmt.Sprintf("listen on %s: only a loopback address such as 127.0.0.1:0 is allowed", e.Address)
}

// isLoopback tells whether a host name without a port can only mean this machine.
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// loopbackHost refuses requests for other hosts, which a web page can send here by
// letting its own name resolve to 127.0.0.1.
func loopbackHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = strings.Trim(r.Host, "[]")
		}
		if !isLoopback(host) {
			http.Error(w, "this emulator answers to loopback hosts only", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
