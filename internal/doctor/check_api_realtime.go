// The real-time endpoint: another host, and another protocol.

package doctor

import (
	"context"
	"errors"
	"net"
	"syscall"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// realtimeOpen connects as a watch does, and subscribes to nothing.
func realtimeOpen(ctx context.Context, e *examination) Verdict {
	switch {
	case e.Answer != nil:
		return skipped(savedAnswer)
	case e.Realtime == nil:
		return skipped("no connection can be made in this mode")
	}
	address := Evidence{Name: "real-time", Found: harmless(appsync.RealtimeURL(e.known().endpoint).String()), From: "endpoint"}
	_, err := e.Realtime.Start(ctx)
	if err == nil {
		_ = e.Realtime.Close() // it has done what it was for
		return ok("the real-time endpoint acknowledges the connection", address)
	}
	text := e.harmlessly(err.Error())
	wrong := func(message, fix string) Verdict {
		verdict := failure(message, fix, address)
		verdict.Err = err
		return verdict
	}
	if answer, answered := asAnswer(err); answered {
		switch {
		case answer.Throttled() || answer.Status >= 500:
			return unknown("the real-time endpoint could not answer: "+text, err, address)
		case answer.Unauthorized():
			return wrong("the real-time endpoint refuses a caller whom the API accepts: "+text, "appsyncctl customers watch --debug")
		default:
			return wrong("no WebSocket can be opened ("+text+"): a proxy or a firewall does not let it pass", "let WebSockets to "+address.Found+" pass")
		}
	}
	to := host{setting: "endpoint", address: appsync.RealtimeURL(e.known().endpoint), proxy: e.known().proxy}
	if verdict, is := e.badCertificate(to, to.address.Host, err); is {
		verdict.Err = err
		return verdict
	}
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, connectionRefused) {
		return wrong("the real-time host refuses connections: nothing listens there", "let WebSockets to "+address.Found+" pass")
	}
	if missing, isName := errors.AsType[*net.DNSError](err); isName && missing.IsNotFound {
		return wrong("the real-time host has no address", "nslookup "+appsync.RealtimeURL(e.known().endpoint).Hostname())
	}
	return unknown("no connection came about: "+text, err, address)
}
