// The AWS account around the API: what the AWS CLI and SDKs ask about it.

package emulator

import (
	"net/http"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/account"
)

// demoTable is the name of the table with the customers when they are not in one.
const demoTable = "Customer"

// newAccount makes the account around an API. It takes the signatures that the API
// takes; where the API takes none, those of a key that is not given out.
func newAccount(api appsync.Config, modes modes, at place, storage *storage, faults *faults) *account.Account {
	table := demoTable
	if storage.Kind == storageDynamoDB {
		table = storage.Name
	}
	key := modes.iam
	if api.IAM != nil {
		key = *api.IAM
	}
	endpoint := at.origin() + "/graphql"
	return account.New(account.Config{
		API: account.API{
			Endpoint: endpoint, RealTime: "ws" + strings.TrimPrefix(endpoint, "http") + "/realtime",
			Modes:      accountModes(api, modes.inAccount()),
			DepthLimit: api.DepthLimit, ResolverLimit: api.ResolverLimit, IntrospectionOff: api.IntrospectionOff,
		},
		Table: api.Table, TableName: table, Key: key, Now: api.Now,
		Fault: func(name, path, operation string) bool { return faults.at(path)(name, operation) },
	})
}

// accountModes are the API's modes with what is configured for each, the default first and
// then in the given order.
func accountModes(api appsync.Config, order []appsync.Mode) []account.Mode {
	var all []account.Mode
	for _, name := range api.Modes(order) {
		mode := account.Mode{Type: string(name)}
		switch name {
		case appsync.ModeOpenID:
			mode.OpenID = &account.OpenID{Issuer: api.Issuer, ClientID: api.ClientID, IatTTL: api.IatTTL, AuthTTL: api.AuthTTL}
		case appsync.ModeCognito:
			mode.UserPool = true
		case appsync.ModeLambda:
			mode.Function = true
		case appsync.ModeAPIKey, appsync.ModeIAM:
		}
		all = append(all, mode)
	}
	return all
}

// withTable hands the account's table what is for DynamoDB, which is told by a header alone:
// its SDKs post to the root.
func withTable(table, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && account.TableOperation(r) != "" {
			table.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// accountOperation is what a request asks of the account; empty when it is for
// something else.
func accountOperation(r *http.Request) string {
	if r.URL.Path == "/" {
		return account.TableOperation(r)
	}
	if r.Method == http.MethodGet && isControlPlane(r.URL.Path) {
		return account.ControlPlaneOperation(r.URL.Path)
	}
	return ""
}

func isControlPlane(path string) bool {
	return path == "/v1/apis" || strings.HasPrefix(path, "/v1/apis/") || strings.HasPrefix(path, "/v1/domainnames/")
}
