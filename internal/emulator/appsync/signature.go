package appsync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	signaturePrefix = "AWS4-HMAC-SHA256"
	signatureTime   = "20060102T150405Z"
	signatureSkew   = 5 * time.Minute
)

// What AWS's services call what is wrong with a signature.
const (
	unsigned     = "MissingAuthenticationTokenException"
	unknownKey   = "UnrecognizedClientException"
	badSignature = "InvalidSignatureException"
)

// signature verifies a Signature Version 4 by the one access key that it knows, by
// signing the same request again with AWS's own signer.
type signature struct {
	key     AccessKey
	service string // that requests are signed for
	now     func() time.Time
}

// verify returns what is wrong, under the names and with the status that most of
// AWS's services give it.
func (s signature) verify(ctx context.Context, c credentials) *refusal {
	wrong := func(kind, message string) *refusal {
		return &refusal{Status: http.StatusForbidden, Type: kind, Message: message}
	}
	authorization := c.header.Get("Authorization")
	id, scope, signed, ok := parseSignature(authorization)
	if !ok {
		return wrong(unsigned, "Missing Authentication Token")
	}
	if id != s.key.ID {
		return wrong(unknownKey, "The security token included in the request is invalid.")
	}
	when, err := time.Parse(signatureTime, c.header.Get("x-amz-date"))
	if err != nil {
		return wrong(badSignature, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if age := s.now().Sub(when); age > signatureSkew || age < -signatureSkew {
		return wrong(badSignature, "Signature expired: "+when.Format(signatureTime)+" is too far from "+s.now().UTC().Format(signatureTime))
	}
	if scope.service != s.service || s.key.Region != "" && scope.region != s.key.Region {
		return wrong(badSignature, "Credential should be scoped to a valid region and to the service '"+s.service+"'.")
	}
	want, err := s.sign(ctx, c, scope.region, signed, when)
	if err != nil || !same(authorization, Secret(want)) {
		return wrong(badSignature, "The request signature we calculated does not match the signature you provided. "+
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return nil
}

// sign returns the Authorization header that the right key gives.
func (s signature) sign(ctx context.Context, c credentials, region string, signed []string, when time.Time) (string, error) {
	req, err := http.NewRequestWithContext(ctx, c.method, c.url.String(), http.NoBody)
	if err != nil {
		return "", err
	}
	req.Host = c.host
	for _, name := range signed {
		switch name {
		case "host":
		case "content-length":
			length := c.header.Get(name)
			if length == "" {
				length = strconv.Itoa(len(c.body))
			}
			if req.ContentLength, err = strconv.ParseInt(length, 10, 64); err != nil {
				return "", err
			}
		default:
			req.Header[http.CanonicalHeaderKey(name)] = c.header.Values(name)
		}
	}
	sum := sha256.Sum256(c.body)
	keys := aws.Credentials{AccessKeyID: s.key.ID, SecretAccessKey: string(s.key.Secret)}
	if slices.Contains(signed, "x-amz-security-token") {
		keys.SessionToken = c.header.Get("x-amz-security-token")
	}
	if err := v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), s.service, region, when); err != nil {
		return "", err
	}
	return req.Header.Get("Authorization"), nil
}

type credentialScope struct{ region, service string }

// parseSignature takes the header apart: "AWS4-HMAC-SHA256 Credential=ID/day/
// region/service/aws4_request, SignedHeaders=a;b, Signature=hex".
func parseSignature(header string) (id string, scope credentialScope, signed []string, ok bool) {
	var signature string
	for part := range strings.SplitSeq(strings.TrimPrefix(header, signaturePrefix), ",") {
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
