// Why no answer came from a host. The causes are found by the types of errors and
// by how far the request got; what only a text would tell is shown, not read.

package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// connectionRefused is what Windows calls it (WSAECONNREFUSED); package syscall has
// no name for it.
const connectionRefused = syscall.Errno(10061)

// explainConnection returns the verdict on a request that got as far as way says,
// and then ended with err.
func (e *examination) explainConnection(to host, way passage, err error) Verdict {
	verdict := e.noAnswer(to, way, err)
	verdict.Err = err
	setting := e.setting(to.setting)
	verdict.Evidence = append(verdict.Evidence, Evidence{Name: to.setting, Found: harmless(to.address.String()), From: setting.from()})
	if to.proxy != nil {
		verdict.Evidence = append(verdict.Evidence, Evidence{Name: "proxy", Found: bare(to.proxy), From: proxyVariable})
	}
	return verdict
}

func (e *examination) noAnswer(to host, way passage, err error) Verdict {
	peer, connecting := to.address.Host, connectingToProxy(err)
	if atProxy(to, way, err) {
		peer = "the proxy " + to.proxy.Host
	}
	if verdict, ok := e.badCertificate(to, peer, err); ok {
		return verdict
	}
	long, tooLong := errors.AsType[*transport.TooLargeError](err)
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case tooLong:
		return failure(fmt.Sprintf("the answer of %s is too long: it has more than %d MiB", peer, long.Max>>20), e.setting(to.setting).remedy())
	case plain, errors.Is(err, http.ErrSchemeMismatch):
		return e.withoutTLS(to, peer, connecting)
	case errors.Is(err, context.Canceled):
		return unknown("interrupted", err)
	case isTimeout(err):
		return unknown(fmt.Sprintf("%s %s within %s", peer, stage(way), e.Now().Sub(way.Sent).Round(100*time.Millisecond)), err)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, connectionRefused):
		return failure(peer+" refuses connections: nothing listens there", e.refusedFix(to, connecting))
	case !way.Dialed && !way.Handshake:
		return e.notDialed(to, peer, err)
	case to.proxy != nil && !connecting && !way.Handshake && !way.Connected:
		return e.refusedByProxy(to, err)
	case isBroken(err), way.HTTP2:
		return unknown(peer+" broke the connection off", err)
	case way.Handshake && !way.Connected:
		return failure(fmt.Sprintf("%s ends TLS with an error", peer), e.setting(to.setting).remedy(), said(peer, err))
	case way.Connected:
		return failure(fmt.Sprintf("what %s answers is not HTTP", peer), e.setting(to.setting).remedy(), said(peer, err))
	default:
		return unknown("no connection to "+peer+" could be made", err, said("connection", err))
	}
}

// atProxy tells whether a request got no further than to the proxy.
func atProxy(to host, way passage, err error) bool {
	return to.proxy != nil && (connectingToProxy(err) || !way.Handshake && !way.Connected)
}

// connectingToProxy tells whether err came of the connection to a proxy itself.
func connectingToProxy(err error) bool {
	step, _ := errors.AsType[*net.OpError](err)
	return step != nil && step.Op == "proxyconnect"
}

// notDialed is the verdict where nobody took the connection.
func (e *examination) notDialed(to host, peer string, err error) Verdict {
	if lookup, ok := errors.AsType[*net.DNSError](err); ok && lookup.IsNotFound && to.proxy == nil {
		return e.explainName(to, err)
	}
	return unknown(peer+" is unreachable", err, said("connection", err))
}

// refusedByProxy is the verdict on a proxy that took the connection and leads no
// further. net/http makes an error of the text beside its status.
func (e *examination) refusedByProxy(to host, err error) Verdict {
	proxy, peer := to.proxy.Host, to.address.Host
	switch words := innermost(err).Error(); {
	case words == http.StatusText(http.StatusProxyAuthRequired):
		return failure("the proxy "+proxy+" wants a user name and a password (407)",
			fmt.Sprintf("export %s=%s://USER:PASSWORD@%s", proxyVariable, to.proxy.Scheme, proxy))
	case words == http.StatusText(http.StatusForbidden):
		return failure("the proxy "+proxy+" does not let anybody through to "+peer+" (403)", "export NO_PROXY="+quoted(to.address.Hostname()))
	case isBroken(err):
		return unknown("the proxy "+proxy+" broke the connection off", err)
	case isRefusal(words):
		return failure("the proxy "+proxy+" does not connect to "+peer, withoutProxy, said("proxy", err))
	default: // such as 502, when it does not reach the host itself
		return unknown("the proxy "+proxy+" made no connection to "+peer, err, said("proxy", err))
	}
}

// isRefusal reports whether words are those of a status that blames the request, as a
// server gives one that is no proxy at all. Those that ask to wait are none.
func isRefusal(words string) bool {
	for status := http.StatusBadRequest; status < http.StatusInternalServerError; status++ {
		if words != "" && words == http.StatusText(status) {
			return status != http.StatusRequestTimeout && status != http.StatusTooEarly && status != http.StatusTooManyRequests
		}
	}
	return false
}

// withoutTLS is the verdict on a server that answers TLS in plain text.
func (e *examination) withoutTLS(to host, peer string, atProxy bool) Verdict {
	message := peer + " answers without TLS"
	switch {
	case atProxy:
		return failure(message+", and its address says https", fmt.Sprintf("export %s=http://%s", proxyVariable, to.proxy.Host))
	case isLocal(to.address):
		return failure(message+", and its address says https", e.readdress(to, "http", to.address.Host))
	case to.address.Port() != "" && to.address.Port() != "443":
		return failure(message+": this is not its port for https", e.readdress(to, "https", to.address.Hostname()))
	default:
		return failure(message+": something else listens on its port", e.setting(to.setting).remedy())
	}
}

func (e *examination) refusedFix(to host, atProxy bool) string {
	switch {
	case atProxy:
		return withoutProxy
	case isLocal(to.address):
		return "appsyncctl emulator start"
	default:
		return e.setting(to.setting).remedy()
	}
}

// stage says what did not come about in time.
func stage(way passage) string {
	switch {
	case !way.Dialed && !way.Handshake:
		return "takes no connection"
	case !way.Connected:
		return "took a connection and did not say a word"
	default:
		return "took the request and did not answer"
	}
}

func isTimeout(err error) bool {
	late, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && late.Timeout()
}

func isBroken(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// said shows the system's own words, for what has none of ours.
func said(from string, err error) Evidence {
	return Evidence{Name: "error", Found: bounded(innermost(err).Error()), From: from}
}

// innermost is the error that the others only add a place to.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
