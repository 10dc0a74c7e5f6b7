package tokencache

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/atomicfile"
)

// Index remembers which credential rests in which store. It holds no secret.
// Stores cannot be listed, so whatever has to be found again stands here.
type Index struct {
	Path string
}

// A Record says what is stored under one key, and where.
type Record struct {
	Store        string    `json:"store"`
	Grant        string    `json:"grant"`
	Issuer       string    `json:"issuer"`
	ClientID     string    `json:"client_id"`
	Audience     string    `json:"audience,omitempty"`
	Organization string    `json:"organization,omitempty"`
	Scopes       []string  `json:"scopes,omitempty"`
	Endpoint     string    `json:"endpoint,omitempty"` // of an API key, which has no issuer
	Saved        time.Time `json:"saved"`
	Expiry       time.Time `json:"expiry,omitzero"`
}

// Key returns what the record's token was issued for.
func (r Record) Key() Key {
	return Key{r.Grant, r.Issuer, r.ClientID, r.Audience, r.Organization, r.Scopes}
}

// Records returns all records by their token's key. A missing index is empty; a
// damaged one is an error, since it may still tell a person where tokens are.
func (x Index) Records() (map[string]Record, error) {
	data, err := os.ReadFile(x.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]Record{}, nil
	}
	if err != nil {
		return nil, err
	}
	var file struct {
		Version int               `json:"v"`
		Records map[string]Record `json:"records"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("the index of stored tokens %s is damaged: %w", x.Path, err)
	}
	if file.Records == nil {
		file.Records = map[string]Record{}
	}
	return file.Records, nil
}

// Put adds or replaces the record under key.
func (x Index) Put(ctx context.Context, key string, record Record) error {
	return x.change(ctx, func(records map[string]Record) { records[key] = record })
}

// Remove drops the record under key, if there is one.
func (x Index) Remove(ctx context.Context, key string) error {
	if records, err := x.Records(); err == nil {
		if _, found := records[key]; !found {
			return nil
		}
	}
	return x.change(ctx, func(records map[string]Record) { delete(records, key) })
}

func (x Index) change(ctx context.Context, edit func(map[string]Record)) error {
	unlock, err := lockFile(ctx, filepath.Join(filepath.Dir(x.Path), "locks", "index.lock"))
	if err != nil {
		return err
	}
	defer unlock()
	before, err := x.Records()
	if unreadable := (*fs.PathError)(nil); errors.As(err, &unreadable) {
		return err
	}
	if err != nil {
		before = map[string]Record{} // a damaged index is made anew
	}
	after := maps.Clone(before)
	edit(after)
	data, err := json.MarshalIndent(map[string]any{"v": 1, "records": after}, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(x.Path, append(data, '\n'))
}
