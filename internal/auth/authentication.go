// How a client proves who it is. The caller chooses one way per client, as
// providers do, and no other is ever tried.

package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// An Authentication is how a client proves to the token endpoint who it is: a
// SecretPost, a SecretBasic or a *PrivateKeyJWT. Without one (nil) the client is
// public and only names itself, as the device code grant wants it.
type Authentication interface {
	// authenticate adds what proves that the sender is c to a request.
	authenticate(c *Client, form url.Values, header http.Header) error
}

// SecretPost sends the client's secret in the form: client_secret_post (RFC 6749,
// section 2.3.1).
type SecretPost struct{ Secret Secret }

func (s SecretPost) authenticate(c *Client, form url.Values, _ http.Header) error {
	form.Set("client_id", c.ID)
	form.Set("client_secret", string(s.Secret))
	return nil
}

// SecretBasic sends the client's secret in the Authorization header:
// client_secret_basic. Both parts are form-encoded first, as RFC 6749, section
// 2.3.1, wants it; what Auth0 makes up is the same in either encoding.
type SecretBasic struct{ Secret Secret }

func (s SecretBasic) authenticate(c *Client, _ url.Values, header http.Header) error {
	pair := url.QueryEscape(c.ID) + ":" + url.QueryEscape(string(s.Secret))
	header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	return nil
}

const (
	assertionLife    = time.Minute // Auth0 allows five
	maxAssertion     = 2048        // bytes that Auth0 accepts
	minKeyBits       = 2048        // RFC 7518, sections 3.3 and 3.5
	assertionTypeJWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// A PrivateKeyJWT authenticates a client by an assertion that it signs for each
// request: private_key_jwt (RFC 7523, section 2.2). Providers take an assertion
// once, so none is sent twice. It prints as "[redacted]".
type PrivateKeyJWT struct {
	signer jose.Signer
}

// A KeyError says why a private key cannot be used. It holds none of the key.
type KeyError struct{ Reason string }

func (e *KeyError) Error() string { return "private key: " + e.Reason }

// Kind implements the interface of failure.Of.
func (*KeyError) Kind() failure.Kind { return failure.Usage }

// NewPrivateKeyJWT returns the authentication with an RSA key of at least 2048
// bits, as PKCS #1 or PKCS #8 in PEM. algorithm is RS256, RS384 or PS256, the
// three that Auth0 takes, or empty for RS256. keyID goes into the assertion's
// header, unless it is empty. The error is a *KeyError.
func NewPrivateKeyJWT(encoded []byte, keyID, algorithm string) (*PrivateKeyJWT, error) {
	key, err := parseKey(encoded)
	if err != nil {
		return nil, err
	}
	if algorithm == "" {
		algorithm = string(jose.RS256)
	}
	switch jose.SignatureAlgorithm(algorithm) {
	case jose.RS256, jose.RS384, jose.PS256:
	default:
		return nil, &KeyError{Reason: fmt.Sprintf("the algorithm %.20q is not RS256, RS384 or PS256", algorithm)}
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{
			Algorithm: jose.SignatureAlgorithm(algorithm),
			Key:       jose.JSONWebKey{Key: key, KeyID: keyID},
		},
		new(jose.SignerOptions).WithType("JWT"),
	)
	if err != nil {
		return nil, &KeyError{Reason: "it cannot sign"}
	}
	return &PrivateKeyJWT{signer: signer}, nil
}

func parseKey(encoded []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(encoded)
	if block == nil {
		return nil, &KeyError{Reason: "it is not in PEM"}
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return nil, &KeyError{Reason: "it is encrypted with a passphrase, which is not supported"}
	}
	var parsed any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "PRIVATE KEY":
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	default:
		return nil, &KeyError{Reason: fmt.Sprintf("the PEM block is %.40q, not a private key in PKCS #1 or PKCS #8", block.Type)}
	}
	if err != nil {
		return nil, &KeyError{Reason: "its content is damaged"}
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, &KeyError{Reason: "it is not an RSA key"}
	}
	if bits := key.N.BitLen(); bits < minKeyBits {
		return nil, &KeyError{Reason: fmt.Sprintf("it has %d bits, fewer than %d", bits, minKeyBits)}
	}
	return key, nil
}

func (k *PrivateKeyJWT) authenticate(c *Client, form url.Values, _ http.Header) error {
	assertion, err := k.assertion(c.ID, c.Provider.Issuer)
	if err != nil {
		return err
	}
	form.Set("client_id", c.ID)
	form.Set("client_assertion_type", assertionTypeJWT)
	form.Set("client_assertion", assertion)
	return nil
}

// assertion signs that the client is who it says. The audience is the issuer to
// the letter, with Auth0's slash at its end.
func (k *PrivateKeyJWT) assertion(clientID, issuer string) (string, error) {
	now := time.Now()
	claims, err := json.Marshal(map[string]any{
		"iss": clientID,
		"sub": clientID,
		"aud": issuer,
		"jti": rand.Text(),
		"iat": now.Unix(),
		"exp": now.Add(assertionLife).Unix(),
	})
	if err != nil {
		return "", err
	}
	signed, err := k.signer.Sign(claims)
	if err != nil {
		return "", &KeyError{Reason: "it cannot sign"}
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		return "", &KeyError{Reason: "it cannot sign"}
	}
	if len(compact) > maxAssertion {
		return "", &KeyError{Reason: fmt.Sprintf(
			"the assertion would have %d bytes, more than %d: the key or the client id is too long", len(compact), maxAssertion)}
	}
	return compact, nil
}

// Format prints "[redacted]" for every verb.
func (*PrivateKeyJWT) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redact.Redacted) }

// LogValue returns "[redacted]".
func (*PrivateKeyJWT) LogValue() slog.Value { return slog.StringValue(redact.Redacted) }
