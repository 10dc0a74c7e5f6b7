package cli

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
	"github.com/appsyncctl/appsyncctl/internal/checkup"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// metadataTime is what the metadata service of an EC2 machine has to tell its
// credentials. It is on the machine itself; elsewhere nobody is to wait for it.
const metadataTime = 300 * time.Millisecond

// awsAccount is the AWS account of whoever runs the program. An emulator on this
// machine has none of EC2's credentials.
func (app *App) awsAccount(ctx context.Context, flags *globals, settings config.Resolved) checkup.Account {
	options := awsaccount.Options{Region: settings.Text(config.Region), MetadataTime: metadataTime, Secret: app.secrets.add}
	if endpoint, err := endpoint(settings); err != nil || slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, endpoint.Hostname()) {
		options.MetadataTime = time.Nanosecond
	}
	if flags.debug {
		options.Around = func(base http.RoundTripper) http.RoundTripper {
			return &transport.Trace{Writer: &harmlessWriter{app.Err}, Base: base}
		}
	}
	account, err := awsaccount.Open(ctx, options)
	return &examinedAccount{account, err}
}

// examinedAccount is an account that may not be there.
type examinedAccount struct {
	account *awsaccount.Account
	err     error // why AWS's files cannot be read
}

// API implements checkup.Account.
func (a *examinedAccount) API(ctx context.Context, endpoint string) (*awsaccount.API, error) {
	switch {
	case a.err != nil:
		return nil, a.err
	case !a.account.HasCredentials(ctx):
		return nil, &awsaccount.Error{Reason: awsaccount.NoCredentials}
	default:
		return a.account.API(ctx, endpoint)
	}
}
