// What the tenant holds and the Management API can change: APIs, applications and
// client grants. A change replaces an entry and never writes into one, so that whoever
// has an entry in hand may go on reading it.

package auth0

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

type registry struct {
	mu      sync.RWMutex
	apis    []*API    // in the order in which they were made
	clients []*Client // likewise
}

func newRegistry(config Config) *registry {
	r := &registry{}
	r.reset(config)
	return r
}

// reset fills r with what a complete configuration says, and the Management API itself.
func (r *registry) reset(config Config) {
	system := managementAPI(config)
	apis := []*API{&system}
	for _, api := range config.APIs {
		api.document = api.describe()
		apis = append(apis, &api)
	}
	var clients []*Client
	for _, client := range config.Clients {
		client.document = client.describe()
		clients = append(clients, &client)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.apis, r.clients = apis, clients
}

func (r *registry) client(id string) (*Client, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return find(r.clients, func(c *Client) bool { return c.ID == id })
}

func (r *registry) api(identifier string) (*API, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return find(r.apis, func(a *API) bool { return a.Identifier == identifier })
}

// apiNamed finds an API by its id or by its identifier.
func (r *registry) apiNamed(name string) (*API, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return find(r.apis, func(a *API) bool { return a.document["id"] == name || a.Identifier == name })
}

func find[T any](all []*T, is func(*T) bool) (*T, bool) {
	i := slices.IndexFunc(all, is)
	if i < 0 {
		return nil, false
	}
	return all[i], true
}

// allowed returns the API that a person's client asks for, nil for none, and those
// of the scopes that can be granted; Auth0 drops the others without a word.
func (r *registry) allowed(p parameters) (*API, string, error) {
	var api *API
	if audience := p["audience"]; audience != "" {
		var known bool
		if api, known = r.api(audience); !known {
			return nil, "", errService(audience)
		}
	}
	var granted []string
	for _, scope := range p.scopes() {
		switch scope {
		case "openid", "profile", "email":
		case "offline_access":
			if api != nil && !api.OfflineAccess {
				continue
			}
		default:
			if api == nil || !slices.Contains(api.Scopes, scope) {
				continue
			}
		}
		granted = append(granted, scope)
	}
	return api, strings.Join(granted, " "), nil
}

// clientList returns copies of all applications.
func (r *registry) clientList() []Client {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var all []Client
	for _, client := range r.clients {
		all = append(all, *client)
	}
	return all
}

// putAPI adds an API, or takes it in for the one with its id. It returns false when
// another one has the identifier.
func (r *registry) putAPI(api *API) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, there := range r.apis {
		switch {
		case there.document["id"] == api.document["id"]:
			r.apis[i] = api
			return true
		case there.Identifier == api.Identifier:
			return false
		}
	}
	r.apis = append(r.apis, api)
	return true
}

// putClient adds an application, or takes it in for the one with its id.
func (r *registry) putClient(client *Client) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, there := range r.clients {
		if there.ID == client.ID {
			r.clients[i] = client
			return
		}
	}
	r.clients = append(r.clients, client)
}

// putGrant gives an application scopes of an API. only says that there must be no such
// grant yet; it returns false when there is one.
func (r *registry) putGrant(clientID, audience string, scopes []string, only bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, there := range r.clients {
		if there.ID != clientID {
			continue
		}
		changed := *there
		changed.Audiences = r.granted(there)
		if _, taken := changed.Audiences[audience]; taken && only {
			return false
		}
		changed.Audiences[audience] = scopes
		r.clients[i] = &changed
	}
	return true
}

// granted returns a copy of what a client is granted, spelled out where it is every
// API. The caller holds r.mu.
func (r *registry) granted(client *Client) map[string][]string {
	if client.Audiences != nil {
		return maps.Clone(client.Audiences)
	}
	all := map[string][]string{}
	if !slices.Contains(client.Grants, GrantClientCredentials) {
		return all
	}
	for _, api := range r.apis {
		if !api.System {
			all[api.Identifier] = api.Scopes
		}
	}
	return all
}
