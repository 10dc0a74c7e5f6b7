// Why no answer came from a host. The causes are found by the types of errors and
// by how far the request got; what only a text would tell is shown, not read.

package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/address"
	"github.com/appsyncctl/appsyncctl/internal/shell"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// connectionRefused is what Windows calls it (WSAECONNREFUSED); package syscall has
// no name for it.
const connectionRefused = syscall.Errno(10061)

// explainConnection returns the verdict on a request that got as far as way says,
// and then ended with err.
func (to host) explainConnection(way passage, err error) Verdict {
	verdict := to.noAnswer(way, err)
	verdict.Err = err
	setting := to.setting(to.option)
	verdict.Evidence = append(verdict.Evidence, Evidence{Name: to.option, Found: harmless(to.address.String()), From: setting.from()})
	if to.proxy != nil {
		verdict.Evidence = append(verdict.Evidence, Evidence{Name: "proxy", Found: bare(to.proxy), From: proxyVariable})
	}
	return verdict
}

func (to host) noAnswer(way passage, err error) Verdict {
	peer, connecting := to.address.Host, connectingToProxy(err)
	if to.atProxy(way, err) {
		peer = "the proxy " + to.proxy.Host
	}
	if verdict, ok := to.badCertificate(peer, err); ok {
		return verdict
	}
	long, tooLong := errors.AsType[*transport.TooLargeError](err)
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case tooLong:
		return failure(fmt.Sprintf("the answer of %s is too long: it has more than %d MiB", peer, long.Max>>20), to.setting(to.option).remedy())
	case plain, errors.Is(err, http.ErrSchemeMismatch):
		return to.withoutTLS(peer, connecting)
	case errors.Is(err, context.Canceled):
		return unknown("interrupted", err)
	case isTimeout(err):
		return unknown(fmt.Sprintf("%s %s within %s", peer, stage(way), to.Now().Sub(way.Sent).Round(100*time.Millisecond)), err)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, connectionRefused):
		return failure(peer+" refuses connections: nothing listens there", to.refusedFix(connecting))
	case !way.Dialed && !way.Handshake:
		return to.notDialed(peer, err)
	case to.proxy != nil && !connecting && !way.Handshake && !way.Connected:
		return to.refusedByProxy(err)
	case isBroken(err), way.HTTP2:
		return unknown(peer+" broke the connection off", err)
	case way.Handshake && !way.Connected:
		return failure(fmt.Sprintf("%s ends TLS with an error", peer), to.setting(to.option).remedy(), said(peer, err))
	case way.Connected:
		return failure(fmt.Sprintf("what %s answers is not HTTP", peer), to.setting(to.option).remedy(), said(peer, err))
	default:
		return unknown("no connection to "+peer+" could be made", err, said("connection", err))
	}
}

// atProxy tells whether a request got no further than to the proxy.
func (to host) atProxy(way passage, err error) bool {
	return to.proxy != nil && (connectingToProxy(err) || !way.Handshake && !way.Connected)
}

// connectingToProxy tells whether err came of the connection to a proxy itself.
func connectingToProxy(err error) bool {
	step, _ := errors.AsType[*net.OpError](err)
	return step != nil && step.Op == "proxyconnect"
}

// notDialed is the verdict where nobody took the connection.
func (to host) notDialed(peer string, err error) Verdict {
	if lookup, ok := errors.AsType[*net.DNSError](err); ok && lookup.IsNotFound && to.proxy == nil {
		return to.explainName(err)
	}
	return unknown(peer+" is unreachable", err, said("connection", err))
}

// refusedByProxy is the verdict on a proxy that took the connection and leads no
// further. net/http makes an error of the text beside its status.
func (to host) refusedByProxy(err error) Verdict {
	proxy, peer := to.proxy.Host, to.address.Host
	switch words := innermost(err).Error(); {
	case words == http.StatusText(http.StatusProxyAuthRequired):
		return failure("the proxy "+proxy+" wants a user name and a password (407)",
			fmt.Sprintf("export %s=%s://USER:PASSWORD@%s", proxyVariable, to.proxy.Scheme, proxy))
	case words == http.StatusText(http.StatusForbidden):
		return failure("the proxy "+proxy+" does not let anybody through to "+peer+" (403)", "export NO_PROXY="+shell.Word(to.address.Hostname()))
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
func (to host) withoutTLS(peer string, atProxy bool) Verdict {
	message := peer + " answers without TLS"
	switch {
	case atProxy:
		return failure(message+", and its address says https", fmt.Sprintf("export %s=http://%s", proxyVariable, to.proxy.Host))
	case address.Loopback(to.address.Hostname()):
		return failure(message+", and its address says https", to.readdress("http", to.address.Host))
	case to.address.Port() != "" && to.address.Port() != "443":
		return failure(message+": this is not its port for https", to.readdress("https", to.address.Hostname()))
	default:
		return failure(message+": something else listens on its port", to.setting(to.option).remedy())
	}
}

func (to host) refusedFix(atProxy bool) string {
	switch {
	case atProxy:
		return withoutProxy
	case address.Loopback(to.address.Hostname()):
		return "appsyncctl emulator start"
	default:
		return to.setting(to.option).remedy()
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

// badCertificate returns the verdict on err if it is about a certificate.
func (to host) badCertificate(peer string, err error) (Verdict, bool) {
	refused, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	if !isCertificate || len(refused.UnverifiedCertificates) == 0 {
		return Verdict{}, false
	}
	leaf := refused.UnverifiedCertificates[0]
	evidence := certificateEvidence(to, leaf)
	wrongName, isName := errors.AsType[x509.HostnameError](err)
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case isName:
		return failure("the certificate of "+peer+" is for other names: "+names(wrongName.Certificate),
			to.setting(to.option).remedy(), evidence...), true
	case isInvalid && invalid.Reason == x509.Expired:
		return to.notInForce(peer, invalid.Cert, evidence), true
	case isInvalid:
		return failure("the certificate of "+peer+" cannot be used", "openssl s_client -showcerts -connect "+shell.Word(dialled(to.address)),
			append(evidence, said(peer, err))...), true
	default:
		return to.untrusted(peer, leaf, evidence), true
	}
}

// notInForce is the verdict on a certificate, the host's or an authority's, that is
// not valid yet or not any more, by this machine's clock.
func (to host) notInForce(peer string, certificate *x509.Certificate, evidence []Evidence) Verdict {
	now := to.Now()
	clock := Evidence{Name: "clock", Expected: day(certificate.NotBefore) + " to " + day(certificate.NotAfter), Found: day(now), From: "this machine"}
	evidence = append(evidence, clock)
	switch {
	case now.Before(certificate.NotBefore):
		return failure("this machine's clock is behind: the certificate of "+peer+" is not valid yet", clockFix(), evidence...)
	case isManaged(to.address.Hostname()):
		return failure("this machine's clock is ahead: by it, the certificate of "+peer+" has ended", clockFix(), evidence...)
	default:
		return failure("the certificate of "+peer+" ended on "+day(certificate.NotAfter),
			"openssl s_client -connect "+shell.Word(dialled(to.address))+" </dev/null | openssl x509 -noout -dates -subject", evidence...)
	}
}

// untrusted is the verdict on a certificate whose authority nobody here knows.
func (to host) untrusted(peer string, leaf *x509.Certificate, evidence []Evidence) Verdict {
	message := "the certificate of " + peer + " was issued by an authority that is not known here"
	switch {
	case isManaged(to.address.Hostname()):
		message += ": a proxy opens TLS on the way"
	case leaf.Issuer.String() == leaf.Subject.String():
		message = "the certificate of " + peer + " is signed by itself"
	}
	return failure(message, trustFix(), evidence...)
}

// trustFix is how to trust an authority. Where the system checks certificates, Go
// does not look at SSL_CERT_FILE (package crypto/x509).
func trustFix() string {
	switch runtime.GOOS {
	case "darwin":
		return "sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain AUTHORITY.pem"
	case "windows":
		return "certutil -addstore Root AUTHORITY.pem"
	default:
		return "export SSL_CERT_FILE=AUTHORITY.pem"
	}
}

// certificateEvidence is who a certificate is for, who issued it, and its end.
func certificateEvidence(to host, certificate *x509.Certificate) []Evidence {
	from := to.address.Host
	return []Evidence{
		{Name: "certificate", Expected: to.address.Hostname(), Found: names(certificate), From: from},
		{Name: "certificate's issuer", Found: certificate.Issuer.String(), From: from},
		{Name: "certificate's end", Found: day(certificate.NotAfter), From: from},
	}
}

// names lists whom a certificate is for, at most five.
func names(certificate *x509.Certificate) string {
	all := append([]string(nil), certificate.DNSNames...)
	for _, ip := range certificate.IPAddresses {
		all = append(all, ip.String())
	}
	switch {
	case len(all) == 0:
		return "none"
	case len(all) > 5:
		return strings.Join(all[:5], ", ") + ", …"
	default:
		return strings.Join(all, ", ")
	}
}

// dialled is the host and port that address stands for.
func dialled(address *url.URL) string {
	if address.Port() == "" {
		return net.JoinHostPort(address.Hostname(), "443")
	}
	return address.Host
}
