// Package emulator is an Auth0-like tenant and an AppSync-like API on one loopback
// listener, so that all of the client runs without a cloud account.
//
// /graphql and /graphql/realtime are the API's, / is a page for people, /_emulator/ is
// the emulator's own, everything else is the tenant's. AWS's SDKs and CLI find the
// account around the API here as well, under /v1/apis for AppSync and by POST / for
// DynamoDB, by AWS_ENDPOINT_URL_APPSYNC and AWS_ENDPOINT_URL_DYNAMODB:
//
//	GET    /_emulator/status        what runs here, since when, and what it holds: Status
//	GET    /_emulator/environment   the client's settings, NAME=VALUE a line
//	POST   /_emulator/reset         delete the customers, the faults and the counts
//	GET    /_emulator/requests      the last requests: [{method, path, operation, status}]
//	GET    /_emulator/counts        how many there were: {"POST /oauth/token": 1}
//	GET    /_emulator/faults        the faults that wait for a request
//	POST   /_emulator/faults        one more Fault
//	DELETE /_emulator/faults        none any more; a request that slow holds up goes on
//
// FIDELITY.md lists what is copied from the real services, with source and test.
//
// The emulator imports nothing of the client, so that the two sides cannot agree on
// a mistake through shared code.
package emulator
