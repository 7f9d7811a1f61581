package tenants

import (
	"context"
	"errors"
	"slices"

	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Source is where the Directory reads what it does not have in memory. Each
// method answers ErrNotFound where there is nothing.
type Source interface {
	TenantByID(ctx context.Context, id string) (*Tenant, error)
	TenantIDByHost(ctx context.Context, host string) (string, error)
	TenantIDBySlug(ctx context.Context, slug string) (string, error)
	TenantIDByIssuer(ctx context.Context, issuer string) (string, error)
	// TenantIDsByAudience returns the tenants with a findable API of that
	// identifier, none without an error.
	TenantIDsByAudience(ctx context.Context, identifier string) ([]string, error)
	// ClientByID returns the client with its secrets.
	ClientByID(ctx context.Context, tenantID, clientID string) (*Client, error)
	APIByIdentifier(ctx context.Context, tenantID, identifier string) (*API, error)
}

// Directory answers from memory who and what belongs to which tenant. What it
// returns is shared: read it, never change it. It answers ErrNotFound like its
// Source.
type Directory struct {
	source    Source
	tenants   *feed.Cache[string, *Tenant]
	names     *feed.Cache[name, string]     // to the tenant's id
	audiences *feed.Cache[string, []string] // to the tenants' ids
	clients   *feed.Cache[owned, *Client]
	apis      *feed.Cache[owned, *API]
}

// name is one of the names that a tenant is found by.
type name struct{ kind, value string }

// owned names a thing of a tenant's.
type owned struct{ tenantID, key string }

// NewDirectory makes a Directory that keeps up to size things of each kind.
func NewDirectory(source Source, size int) *Directory {
	return &Directory{
		source:    source,
		tenants:   feed.NewCache[string, *Tenant](size),
		names:     feed.NewCache[name, string](size),
		audiences: feed.NewCache[string, []string](size),
		clients:   feed.NewCache[owned, *Client](size),
		apis:      feed.NewCache[owned, *API](size),
	}
}

// get turns a Source's ErrNotFound into the cache's "there is none", and back.
func get[K comparable, V any](ctx context.Context, c *feed.Cache[K, V], key K, load func(context.Context) (V, error)) (V, error) {
	value, found, err := c.Get(ctx, key, func(ctx context.Context) (V, bool, error) {
		value, err := load(ctx)
		if errors.Is(err, ErrNotFound) {
			return value, false, nil
		}
		return value, err == nil, err
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return value, err
}

// ByID returns the tenant of that id.
func (d *Directory) ByID(ctx context.Context, id string) (*Tenant, error) {
	return get(ctx, d.tenants, id, func(ctx context.Context) (*Tenant, error) { return d.source.TenantByID(ctx, id) })
}

// ByHost returns the tenant that owns the host, given as NormalHost returns it.
func (d *Directory) ByHost(ctx context.Context, host string) (*Tenant, error) {
	return d.byName(ctx, name{"host", host}, d.source.TenantIDByHost)
}

// BySlug returns the tenant of that slug.
func (d *Directory) BySlug(ctx context.Context, slug string) (*Tenant, error) {
	return d.byName(ctx, name{"slug", slug}, d.source.TenantIDBySlug)
}

// ByIssuer returns the tenant whose issuer is exactly that.
func (d *Directory) ByIssuer(ctx context.Context, issuer string) (*Tenant, error) {
	return d.byName(ctx, name{"issuer", issuer}, d.source.TenantIDByIssuer)
}

func (d *Directory) byName(ctx context.Context, n name, load func(context.Context, string) (string, error)) (*Tenant, error) {
	id, err := get(ctx, d.names, n, func(ctx context.Context) (string, error) { return load(ctx, n.value) })
	if err != nil {
		return nil, err
	}
	return d.ByID(ctx, id)
}

// ByAudience returns the tenants that have an API of that identifier which is
// findable on the shared host; there may be none.
func (d *Directory) ByAudience(ctx context.Context, identifier string) ([]*Tenant, error) {
	ids, err := get(ctx, d.audiences, identifier, func(ctx context.Context) ([]string, error) {
		return d.source.TenantIDsByAudience(ctx, identifier)
	})
	if err != nil {
		return nil, err
	}
	found := make([]*Tenant, 0, len(ids))
	for _, id := range ids {
		tenant, err := d.ByID(ctx, id)
		if errors.Is(err, ErrNotFound) { // deleted since
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, tenant)
	}
	return found, nil
}

// Client returns the tenant's client with its secrets.
func (d *Directory) Client(ctx context.Context, tenantID, clientID string) (*Client, error) {
	return get(ctx, d.clients, owned{tenantID, clientID}, func(ctx context.Context) (*Client, error) {
		return d.source.ClientByID(ctx, tenantID, clientID)
	})
}

// API returns the tenant's API of that identifier; the admin API stands in
// every tenant.
func (d *Directory) API(ctx context.Context, tenantID, identifier string) (*API, error) {
	return get(ctx, d.apis, owned{tenantID, identifier}, func(ctx context.Context) (*API, error) {
		if identifier == oauth.AdminAudience {
			return AdminAPI(tenantID), nil
		}
		return d.source.APIByIdentifier(ctx, tenantID, identifier)
	})
}

// Apply forgets what an event says has changed.
func (d *Directory) Apply(e feed.Event) {
	switch e.Kind {
	case feed.Tenant:
		d.tenants.Drop(e.Key)
		d.names.DropIf(func(_ name, id string) bool { return id == e.Key })
		d.audiences.DropIf(func(_ string, ids []string) bool { return slices.Contains(ids, e.Key) })
		d.clients.DropIf(func(c owned, _ *Client) bool { return c.tenantID == e.Key })
		d.apis.DropIf(func(a owned, _ *API) bool { return a.tenantID == e.Key })
	case feed.API:
		d.apis.Drop(owned{e.TenantID, e.Key})
		d.audiences.Drop(e.Key)
	case feed.Client:
		d.clients.Drop(owned{e.TenantID, e.Key})
	}
}

// Reset forgets everything.
func (d *Directory) Reset() {
	d.tenants.Reset()
	d.names.Reset()
	d.audiences.Reset()
	d.clients.Reset()
	d.apis.Reset()
}

// Stats returns, per kind of thing, a function that says how many look-ups were
// answered from memory and how many were not.
func (d *Directory) Stats() map[string]func() (hits, misses uint64) {
	return map[string]func() (hits, misses uint64){
		"tenants": d.tenants.Stats, "names": d.names.Stats, "audiences": d.audiences.Stats,
		"clients": d.clients.Stats, "apis": d.apis.Stats,
	}
}
