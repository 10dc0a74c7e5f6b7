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
	signaturePrefix  = "AWS4-HMAC-SHA256"
	signatureService = "appsync"
	signatureTime    = "20060102T150405Z"
	signatureSkew    = 5 * time.Minute
)

// iamMode is AWS_IAM: a Signature Version 4 by the one access key that it knows,
// verified by signing the same request again with AWS's own signer.
type iamMode struct {
	key AccessKey
	now func() time.Time
}

func (m *iamMode) authorize(ctx context.Context, c credentials) *refusal {
	authorization := c.header.Get("Authorization")
	id, scope, signed, ok := parseSignature(authorization)
	if !ok {
		return unauthorized("Authorization header requires 'Credential' parameter, 'Signature' parameter and 'SignedHeaders' parameter.")
	}
	if id != m.key.ID {
		return unauthorized("Permission denied")
	}
	when, err := time.Parse(signatureTime, c.header.Get("x-amz-date"))
	if err != nil {
		return unauthorized("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if age := m.now().Sub(when); age > signatureSkew || age < -signatureSkew {
		return unauthorized("Signature expired: " + when.Format(signatureTime) + " is too far from " + m.now().UTC().Format(signatureTime))
	}
	if scope.service != signatureService || m.key.Region != "" && scope.region != m.key.Region {
		return unauthorized("Credential should be scoped to a valid region and to the service 'appsync'.")
	}
	want, err := m.sign(ctx, c, scope.region, signed, when)
	if err != nil || !same(authorization, Secret(want)) {
		return unauthorized("The request signature we calculated does not match the signature you provided. " +
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return nil
}

// sign returns the Authorization header that the right key gives.
func (m *iamMode) sign(ctx context.Context, c credentials, region string, signed []string, when time.Time) (string, error) {
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
	keys := aws.Credentials{AccessKeyID: m.key.ID, SecretAccessKey: string(m.key.Secret)}
	if slices.Contains(signed, "x-amz-security-token") {
		keys.SessionToken = c.header.Get("x-amz-security-token")
	}
	if err := v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), signatureService, region, when); err != nil {
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
