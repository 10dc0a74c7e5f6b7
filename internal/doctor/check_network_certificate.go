// What is wrong with a certificate.

package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"runtime"
	"strings"
)

// badCertificate returns the verdict on err if it is about a certificate.
func (e *examination) badCertificate(to host, peer string, err error) (Verdict, bool) {
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
			e.setting(to.setting).remedy(), evidence...), true
	case isInvalid && invalid.Reason == x509.Expired:
		return e.notInForce(to, peer, invalid.Cert, evidence), true
	case isInvalid:
		return failure("the certificate of "+peer+" cannot be used", "openssl s_client -showcerts -connect "+quoted(dialled(to.address)),
			append(evidence, said(peer, err))...), true
	default:
		return untrusted(to, peer, leaf, evidence), true
	}
}

// notInForce is the verdict on a certificate, the host's or an authority's, that is
// not valid yet or not any more, by this machine's clock.
func (e *examination) notInForce(to host, peer string, certificate *x509.Certificate, evidence []Evidence) Verdict {
	now := e.Now()
	clock := Evidence{Name: "clock", Expected: day(certificate.NotBefore) + " to " + day(certificate.NotAfter), Found: day(now), From: "this machine"}
	evidence = append(evidence, clock)
	switch {
	case now.Before(certificate.NotBefore):
		return failure("this machine's clock is behind: the certificate of "+peer+" is not valid yet", clockFix(), evidence...)
	case isManaged(to.address.Hostname()):
		return failure("this machine's clock is ahead: by it, the certificate of "+peer+" has ended", clockFix(), evidence...)
	default:
		return failure("the certificate of "+peer+" ended on "+day(certificate.NotAfter),
			"openssl s_client -connect "+quoted(dialled(to.address))+" </dev/null | openssl x509 -noout -dates -subject", evidence...)
	}
}

// untrusted is the verdict on a certificate whose authority nobody here knows.
func untrusted(to host, peer string, leaf *x509.Certificate, evidence []Evidence) Verdict {
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
