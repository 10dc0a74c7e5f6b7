package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"time"

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

// provider returns the metadata of issuer, from the disk while it is fresh, so
// that renewing a token takes one request.
func (app *App) provider(ctx context.Context, client *http.Client, issuer string) (*auth.Provider, error) {
	if kept := app.keptProvider(issuer); kept != nil {
		return kept, nil
	}
	found, err := app.discover(ctx, client, issuer)
	if err != nil {
		return nil, err
	}
	path, pathErr := app.metadataFile(issuer)
	if data, err := json.Marshal(keptMetadata{app.Now().UTC(), found}); err == nil && pathErr == nil {
		_ = atomicfile.Write(path, data) // without it the next command asks again
	}
	return found, nil
}

// knownProvider is provider without a change on the disk.
func (app *App) knownProvider(ctx context.Context, client *http.Client, issuer string) (*auth.Provider, error) {
	if kept := app.keptProvider(issuer); kept != nil {
		return kept, nil
	}
	return app.discover(ctx, client, issuer)
}

// keptProvider returns the metadata on the disk; nil if it is not fresh.
func (app *App) keptProvider(issuer string) *auth.Provider {
	var kept keptMetadata
	path, err := app.metadataFile(issuer)
	if err != nil || !readJSON(path, &kept) || kept.Provider == nil || !kept.fresh(app.Now()) || kept.Provider.Check(issuer) != nil {
		return nil
	}
	return kept.Provider
}

func (app *App) metadataFile(issuer string) (string, error) {
	sum := sha256.Sum256([]byte(issuer))
	return app.stateFile("providers", hex.EncodeToString(sum[:])+".json")
}

// discover asks up to three times: nothing can go wrong by asking, and a provider
// that is out of order for a moment is none to give up.
func (app *App) discover(ctx context.Context, client *http.Client, issuer string) (*auth.Provider, error) {
	for wait := 300 * time.Millisecond; ; wait *= 3 {
		found, err := auth.Discover(ctx, client, issuer)
		refusal, refused := errors.AsType[*auth.Error](err)
		passing := is[*auth.TransportError](err) || refused && refusal.Status >= http.StatusInternalServerError
		if !passing || ctx.Err() != nil || wait > time.Second {
			return found, err
		}
		if err := app.Wait(ctx, wait); err != nil {
			return nil, err
		}
	}
}

func (k keptMetadata) fresh(now time.Time) bool {
	return k.Fetched.Before(now) && now.Before(k.Fetched.Add(metadataLifetime))
}

func readJSON(path string, value any) bool {
	data, err := os.ReadFile(path)
	return err == nil && json.Unmarshal(data, value) == nil
}
