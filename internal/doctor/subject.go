package doctor

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
)

// A Subject is the set-up that is examined, as the caller found it. Nothing is
// looked up before Examine runs.
type Subject struct {
	Profile  string    // the profile's name
	Settings []Setting // all of them, in the order in which people meet them
	Needed   []string  // the names of those that must have a value
	Mode     string    // the client's authorization mode: oidc, cognito, lambda, api-key or iam
	// Problem is why settings could not be resolved as they stand, such as a profile
	// that cannot be read, and Remedy what to do about it; nil and empty if they could.
	Problem error
	Remedy  string
	Grant   string // device, browser or client-credentials; empty if the token was given

	// Token gets the token that a command would send; nil if the mode uses none.
	// TokenFrom says where from: "standard input", "APPSYNCCTL_TOKEN", "the keyring".
	Token     func(ctx context.Context) (string, error)
	TokenFrom func() string

	Authorized http.RoundTripper // sends what a command would send
	Plain      http.RoundTripper // the same without any credentials
	Provider   *http.Client      // for the OpenID provider; follows no redirect

	// Realtime is a connection as "customers watch" makes it, not started; nil if there
	// can be none.
	Realtime *appsync.Realtime

	// Store is where tokens rest; nil if nothing is kept for this set-up.
	Store *Store

	// Account reads what the AWS account says; nil without AWS credentials.
	Account Account

	// Answer is a saved answer of the API, to be explained in place of asking; nil
	// otherwise.
	Answer *Answer

	// Clean takes secrets out of a text from outside, before it is cut; nil takes none.
	Clean func(text string) string

	offline bool // nothing is asked: see Explain

	LookupHost func(ctx context.Context, host string) ([]string, error)
	// Proxy returns the proxy that a request to address goes through, or nil.
	Proxy func(address *url.URL) (*url.URL, error)
	Now   func() time.Time

	Deadline Deadline // when the checks give up
}

// Store is the token store of a set-up.
type Store struct {
	Name  string                          // keyring, file or memory
	Probe func(ctx context.Context) error // stores, reads and removes a value
	// Instead returns the store that a probe found in place of Name, which there is
	// none of on this machine, or ""; nil if no other may take its place.
	Instead func() string
}

// name returns where values rest, once Probe has ended.
func (s *Store) name() string {
	if s.Instead != nil {
		if other := s.Instead(); other != "" {
			return other
		}
	}
	return s.Name
}

// An Account reads the configuration of an API from AWS itself.
type Account interface {
	API(ctx context.Context, endpoint string) (*awsaccount.API, error)
}

// An Answer is what an API once said.
type Answer struct {
	Status int // 0 if only the body was saved
	Header http.Header
	Body   []byte

	parsed *appsync.ResponseError // what the client has made of it; nil: Body is to be read
}
