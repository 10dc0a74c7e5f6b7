package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/atomicfile"
	"github.com/appsyncctl/appsyncctl/internal/auth"
)

// metadataLifetime is how long a provider's metadata is taken from the disk.
// Endpoints hardly ever change; a day is what browsers and proxies use.
const metadataLifetime = 24 * time.Hour

// keptMetadata is the stored form.
type keptMetadata struct {
	Fetched  time.Time      `json:"fetched"`
	Provider *auth.Provider `json:"provider"`
}

// providers are the OpenID providers, whose metadata is kept on the disk.
type providers struct{ world *app.App }

// find returns the metadata of issuer, from the disk while it is fresh, so
// that renewing a token takes one request.
func (p providers) find(ctx context.Context, client *http.Client, issuer string) (*auth.Provider, error) {
	if kept := p.kept(issuer); kept != nil {
		return kept, nil
	}
	found, err := auth.DiscoverAgain(ctx, client, issuer)
	if err != nil {
		return nil, err
	}
	path, pathErr := p.file(issuer)
	if data, err := json.Marshal(keptMetadata{p.world.Now().UTC(), found}); err == nil && pathErr == nil {
		_ = atomicfile.Write(path, data) // without it the next command asks again
	}
	return found, nil
}

// known is find without a change on the disk.
func (p providers) known(ctx context.Context, client *http.Client, issuer string) (*auth.Provider, error) {
	if kept := p.kept(issuer); kept != nil {
		return kept, nil
	}
	return auth.DiscoverAgain(ctx, client, issuer)
}

// kept returns the metadata on the disk; nil if it is not fresh.
func (p providers) kept(issuer string) *auth.Provider {
	var kept keptMetadata
	path, err := p.file(issuer)
	if err != nil || !readJSON(path, &kept) || kept.Provider == nil || !kept.fresh(p.world.Now()) || kept.Provider.Check(issuer) != nil {
		return nil
	}
	return kept.Provider
}

func (p providers) file(issuer string) (string, error) {
	sum := sha256.Sum256([]byte(issuer))
	return stateFile(p.world, "providers", hex.EncodeToString(sum[:])+".json")
}

func (k keptMetadata) fresh(now time.Time) bool {
	return k.Fetched.Before(now) && now.Before(k.Fetched.Add(metadataLifetime))
}

func readJSON(path string, value any) bool {
	data, err := os.ReadFile(path)
	return err == nil && json.Unmarshal(data, value) == nil
}
