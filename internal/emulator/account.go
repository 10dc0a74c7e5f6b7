// The AWS account around the API: what the AWS CLI and SDKs ask about it.

package emulator

import (
	"net/http"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
)

// demoTable is the name of the table with the customers when they are not in one.
const demoTable = "Customer"

// newAccount makes the account around an API. It takes the signatures that the API
// takes; where the API takes none, those of a key that is not given out.
func newAccount(api appsync.Config, modes modes, at place, storage *storage, faults *faults) *appsync.Account {
	table := demoTable
	if storage.Kind == storageDynamoDB {
		table = storage.Name
	}
	key := modes.iam
	if api.IAM != nil {
		key = *api.IAM
	}
	endpoint := at.origin() + "/graphql"
	return appsync.NewAccount(appsync.AccountConfig{
		API: api, Modes: modes.inAccount(), Table: table, Key: key,
		Endpoint: endpoint, RealTime: "ws" + strings.TrimPrefix(endpoint, "http") + "/realtime",
		Fault: func(name, path, operation string) bool { return faults.at(path)(name, operation) },
	})
}

// withTable hands the account what is for DynamoDB, which is told by a header alone:
// its SDKs post to the root.
func withTable(account *appsync.Account, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && appsync.TableOperation(r) != "" {
			account.ServeTable(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// accountOperation is what a request asks of the account; empty when it is for
// something else.
func accountOperation(r *http.Request) string {
	if r.URL.Path == "/" {
		return appsync.TableOperation(r)
	}
	if r.Method == http.MethodGet && isControlPlane(r.URL.Path) {
		return appsync.ControlPlaneOperation(r.URL.Path)
	}
	return ""
}

func isControlPlane(path string) bool {
	return path == "/v1/apis" || strings.HasPrefix(path, "/v1/apis/") || strings.HasPrefix(path, "/v1/domainnames/")
}
