package cli

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	world "github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// metadataTime is what the metadata service of an EC2 machine has to tell its
// credentials. It is on the machine itself; elsewhere nobody is to wait for it.
const metadataTime = 300 * time.Millisecond

// awsAccount returns what opens the AWS account of whoever runs the program, once, when
// it is first asked for. An emulator on this machine has none of EC2's credentials.
func (app *App) awsAccount(ctx context.Context, flags *globals, settings config.Resolved) func() (*awsaccount.Account, error) {
	options := awsaccount.Options{Region: settings.Text(config.Region), MetadataTime: metadataTime, Secret: app.Secrets.Add}
	endpoint, err := endpoint(settings)
	if err == nil {
		options.Region = cmp.Or(options.Region, regionOf(endpoint))
	}
	if err != nil || slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, endpoint.Hostname()) {
		options.MetadataTime = time.Nanosecond
	}
	if flags.Debug {
		options.Around = func(base http.RoundTripper) http.RoundTripper {
			return &transport.Trace{Writer: world.Harmless(app.Err), Base: base}
		}
	}
	return sync.OnceValues(func() (*awsaccount.Account, error) { return awsaccount.Open(ctx, options) })
}

// examinedAccount is an account that may not be there.
type examinedAccount struct {
	open func() (*awsaccount.Account, error)
}

// API implements doctor.Account.
func (a *examinedAccount) API(ctx context.Context, endpoint string) (*awsaccount.API, error) {
	account, err := a.open()
	switch {
	case err != nil:
		return nil, err
	case !account.HasCredentials(ctx):
		return nil, &awsaccount.Error{Reason: awsaccount.NoCredentials}
	default:
		return account.API(ctx, endpoint)
	}
}

// accountTable is a table of DynamoDB in an account.
type accountTable struct {
	name string
	open func() (*awsaccount.Account, error)
}

// Item implements smoke.Table.
func (t *accountTable) Item(ctx context.Context, id string) (map[string]string, bool, error) {
	account, err := t.open()
	if err != nil {
		return nil, false, err
	}
	return account.Item(ctx, t.name, id)
}
