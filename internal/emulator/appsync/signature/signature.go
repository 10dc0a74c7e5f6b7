// Package signature verifies the signatures of AWS's requests (Signature Version 4), by the
// one access key that a service knows. The API in the mode AWS_IAM and the account around
// it both do.
//
// A request is signed again with AWS's own signer and the two are compared, so that the
// canonical form is not ours to get wrong.
package signature

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// Prefix is what an Authorization header with a signature begins with.
const Prefix = "AWS4-HMAC-SHA256"

const (
	timeFormat = "20060102T150405Z"
	maxSkew    = 5 * time.Minute
	maxBody    = 1 << 20 // bytes; what the services allow is not published
)

// What AWS's services call what is wrong with a signature.
const (
	Missing    = "MissingAuthenticationTokenException"
	UnknownKey = "UnrecognizedClientException"
	Invalid    = "InvalidSignatureException"
)

// A Key is a pair of AWS credentials.
type Key struct {
	ID     string
	Secret redact.Secret
	Region string // empty allows every region
}

// A Request is what a signature covers.
type Request struct {
	Header http.Header
	Host   string
	Method string
	URL    *url.URL
	Body   []byte
}

// Read reads a request with the whole of its body. The error is an *http.MaxBytesError
// when that is too long.
func Read(r *http.Request) (Request, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return Request{}, err
	}
	return Request{Header: r.Header, Host: r.Host, Method: r.Method, URL: r.URL, Body: body}, nil
}

// A Refusal is what is wrong with a signature: one of the names above, and a sentence. Most
// of AWS's services send it with the status 403.
type Refusal struct{ Type, Message string }

// A Verifier verifies signatures by one key.
type Verifier struct {
	Key     Key
	Service string // that requests are signed for
	Now     func() time.Time
}

// Verify returns the region that a request is signed for, or what is wrong with its
// signature.
func (v Verifier) Verify(ctx context.Context, r Request) (region string, refused *Refusal) {
	wrong := func(kind, message string) (string, *Refusal) { return "", &Refusal{Type: kind, Message: message} }
	authorization := r.Header.Get("Authorization")
	id, scope, signed, ok := parse(authorization)
	if !ok {
		return wrong(Missing, "Missing Authentication Token")
	}
	if id != v.Key.ID {
		return wrong(UnknownKey, "The security token included in the request is invalid.")
	}
	when, err := time.Parse(timeFormat, r.Header.Get("x-amz-date"))
	if err != nil {
		return wrong(Invalid, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if age := v.Now().Sub(when); age > maxSkew || age < -maxSkew {
		return wrong(Invalid, "Signature expired: "+when.Format(timeFormat)+" is too far from "+v.Now().UTC().Format(timeFormat))
	}
	if scope.service != v.Service || v.Key.Region != "" && scope.region != v.Key.Region {
		return wrong(Invalid, "Credential should be scoped to a valid region and to the service '"+v.Service+"'.")
	}
	want, err := v.sign(ctx, r, scope.region, signed, when)
	if err != nil || subtle.ConstantTimeCompare([]byte(authorization), []byte(want)) != 1 {
		return wrong(Invalid, "The request signature we calculated does not match the signature you provided. "+
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return scope.region, nil
}

// sign returns the Authorization header that the right key gives.
func (v Verifier) sign(ctx context.Context, r Request, region string, signed []string, when time.Time) (string, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL.String(), http.NoBody)
	if err != nil {
		return "", err
	}
	req.Host = r.Host
	for _, name := range signed {
		switch name {
		case "host":
		case "content-length":
			length := r.Header.Get(name)
			if length == "" {
				length = strconv.Itoa(len(r.Body))
			}
			if req.ContentLength, err = strconv.ParseInt(length, 10, 64); err != nil {
				return "", err
			}
		default:
			req.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	sum := sha256.Sum256(r.Body)
	keys := aws.Credentials{AccessKeyID: v.Key.ID, SecretAccessKey: string(v.Key.Secret)}
	if slices.Contains(signed, "x-amz-security-token") {
		keys.SessionToken = r.Header.Get("x-amz-security-token")
	}
	if err := v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), v.Service, region, when); err != nil {
		return "", err
	}
	return req.Header.Get("Authorization"), nil
}

type credentialScope struct{ region, service string }

// parse takes the header apart: "AWS4-HMAC-SHA256 Credential=ID/day/region/service/
// aws4_request, SignedHeaders=a;b, Signature=hex".
func parse(header string) (id string, scope credentialScope, signed []string, ok bool) {
	var signature string
	for part := range strings.SplitSeq(strings.TrimPrefix(header, Prefix), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			if fields := strings.Split(value, "/"); len(fields) == 5 {
				id, scope = fields[0], credentialScope{region: fields[2], service: fields[3]}
			}
		case "SignedHeaders":
			signed = strings.Split(value, ";")
		case "Signature":
			signature = value
		}
	}
	return id, scope, signed, id != "" && len(signed) > 0 && signature != ""
}
