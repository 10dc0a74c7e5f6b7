package appsync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// A key set is read again when a token names a key that it does not hold, so that
// a rotation is seen at once; but not for every token that somebody made up.
const (
	refetches     = 5
	refetchWindow = 10 * time.Second
	maxKeyFile    = 1 << 20 // bytes
)

// keySet holds an issuer's public keys, found through its discovery document
// (OpenID Connect Discovery 1.0, section 4).
type keySet struct {
	issuer string
	client *http.Client
	now    func() time.Time

	mu      sync.Mutex
	keys    jose.JSONWebKeySet
	window  time.Time
	fetches int
}

// find returns the key of that id. A token without an id gets the only key there is.
func (s *keySet) find(ctx context.Context, id string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key, ok := s.lookup(id); ok {
		return key, nil
	}
	now := s.now()
	if since := now.Sub(s.window); since >= refetchWindow || since < 0 {
		s.window, s.fetches = now, 0
	}
	if s.fetches >= refetches {
		return nil, errors.New("key is not known, and the issuer was asked often enough")
	}
	s.fetches++
	if err := s.fetch(ctx); err != nil {
		return nil, err
	}
	if key, ok := s.lookup(id); ok {
		return key, nil
	}
	return nil, errors.New("key is not known to the issuer")
}

func (s *keySet) lookup(id string) (any, bool) {
	if id == "" {
		if len(s.keys.Keys) == 1 {
			return s.keys.Keys[0].Key, true
		}
		return nil, false
	}
	for _, key := range s.keys.Key(id) {
		if key.IsPublic() {
			return key.Key, true
		}
	}
	return nil, false
}

func (s *keySet) fetch(ctx context.Context) error {
	var discovery struct {
		JWKS string `json:"jwks_uri"`
	}
	if err := s.get(ctx, strings.TrimSuffix(s.issuer, "/")+"/.well-known/openid-configuration", &discovery); err != nil {
		return fmt.Errorf("discovery: %w", err)
	}
	var keys jose.JSONWebKeySet
	if err := s.get(ctx, discovery.JWKS, &keys); err != nil {
		return fmt.Errorf("key set: %w", err)
	}
	s.keys = keys
	return nil
}

func (s *keySet) get(ctx context.Context, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end or given up
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, maxKeyFile)).Decode(into)
}
