package login_test

import (
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/cli/login"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// A secret goes with the last token of its client.
func TestOthersUseSecret(t *testing.T) {
	key := tokencache.Key{Grant: "client-credentials", Issuer: "https://id.example.com/", ClientID: "a", Audience: "one"}
	record := func(issuer, client, audience string) tokencache.Record {
		return tokencache.Record{Grant: "client-credentials", Issuer: issuer, ClientID: client, Audience: audience}
	}
	own := record(key.Issuer, key.ClientID, key.Audience)
	tests := []struct {
		name  string
		other tokencache.Record
		want  bool
	}{
		{"another audience", record("https://id.example.com/", "a", "two"), true},
		{"another audience, the issuer without its slash", record("https://id.example.com", "a", "two"), true},
		{"another client", record("https://id.example.com/", "b", "one"), false},
		{"another issuer", record("https://other.example.com/", "a", "one"), false},
		{"an API key", tokencache.Record{Grant: "api-key", Endpoint: "https://api.example.com/graphql"}, false},
	}
	for _, tt := range tests {
		records := map[string]tokencache.Record{key.Token(): own, tt.other.Key().Token(): tt.other}
		if got := login.OthersUseSecret(records, key); got != tt.want {
			t.Errorf("%s: got %t, want %t", tt.name, got, tt.want)
		}
	}
	for name, records := range map[string]map[string]tokencache.Record{
		"alone": {key.Token(): own}, "none": {}, "no index": nil,
	} {
		if login.OthersUseSecret(records, key) {
			t.Errorf("%s: the secret is used by others", name)
		}
	}
}
