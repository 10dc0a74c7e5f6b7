package tokencache_test

import (
	"slices"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

func TestKey(t *testing.T) {
	base := tokencache.Key{
		Grant: "client-credentials", Issuer: "https://tenant.example.com/", ClientID: "c1",
		Audience: "https://api/", Organization: "org", Scopes: []string{"read", "write"},
	}
	tests := []struct {
		name   string
		change func(*tokencache.Key)
		token  bool // finds the same token
		secret bool // finds the same client secret
	}{
		{"nothing", func(*tokencache.Key) {}, true, true},
		{"order of scopes", func(k *tokencache.Key) { k.Scopes = []string{"write", "read"} }, true, true},
		{"a scope twice", func(k *tokencache.Key) { k.Scopes = []string{"read", "write", "read"} }, true, true},
		{"slash of the issuer", func(k *tokencache.Key) { k.Issuer = "https://tenant.example.com" }, true, true},
		{"slash of the audience", func(k *tokencache.Key) { k.Audience = "https://api" }, false, true},
		{"another scope", func(k *tokencache.Key) { k.Scopes = []string{"read", "admin"} }, false, true},
		{"fewer scopes", func(k *tokencache.Key) { k.Scopes = []string{"read"} }, false, true},
		{"no scopes", func(k *tokencache.Key) { k.Scopes = nil }, false, true},
		{"grant", func(k *tokencache.Key) { k.Grant = "device" }, false, true},
		{"organization", func(k *tokencache.Key) { k.Organization = "" }, false, true},
		{"client", func(k *tokencache.Key) { k.ClientID = "c2" }, false, false},
		{"issuer", func(k *tokencache.Key) { k.Issuer = "https://other.example.com/" }, false, false},
		{"text moved to the next field", func(k *tokencache.Key) { k.ClientID, k.Audience = "c1https://", "api/" }, false, false},
		{"audience and organization exchanged", func(k *tokencache.Key) { k.Audience, k.Organization = k.Organization, k.Audience }, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			other := base
			other.Scopes = slices.Clone(base.Scopes)
			tt.change(&other)
			if got := other.Token() == base.Token(); got != tt.token {
				t.Errorf("same token: got %t, want %t", got, tt.token)
			}
			if got := other.Secret() == base.Secret(); got != tt.secret {
				t.Errorf("same client secret: got %t, want %t", got, tt.secret)
			}
			if other.Token() == other.Secret() {
				t.Error("a token and a secret have one name")
			}
		})
	}
}

// Naming a token must not reorder the scopes of whoever asks.
func TestKeyLeavesScopesAlone(t *testing.T) {
	key := tokencache.Key{Scopes: []string{"b", "a", "b"}}
	key.Token()
	if want := []string{"b", "a", "b"}; !slices.Equal(key.Scopes, want) {
		t.Errorf("got %q, want %q", key.Scopes, want)
	}
}

// The names of today must be found tomorrow: a change here loses every login.
func TestKeyIsStable(t *testing.T) {
	key := tokencache.Key{Grant: "device", Issuer: "https://tenant.example.com/", ClientID: "c1", Audience: "https://api", Scopes: []string{"read"}}
	if got, want := key.Token(), "0eb7f1a9d4c7a12dda01f989dc47110b660d9389be777f702a613548e185b602"; got != want {
		t.Errorf("got token %s, want %s", got, want)
	}
	if got, want := key.Secret(), "59491343d17afc21208aa66d314d3f2b372d426daeaf2b0e0fb8e08fb2f9f309"; got != want {
		t.Errorf("got secret %s, want %s", got, want)
	}
}
