package tenants

import (
	"context"
	"errors"

	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

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

// longestName and longestIssuer bound what anything, or an issuer, can be called
// that requests name, in octets: nothing of a longer name is made. A longer one is
// looked for nowhere, and not remembered either, so that strangers cannot fill
// memory with what is not there.
const (
	longestName   = 255
	longestIssuer = 512
)

// ByID returns the tenant of that id.
func (d *Directory) ByID(ctx context.Context, id string) (*Tenant, error) {
	return get(ctx, d.tenants, id, func(ctx context.Context) (*Tenant, error) { return d.source.TenantByID(ctx, id) })
}

// ByHost returns the tenant that owns the host, given as NormalHost returns it.
func (d *Directory) ByHost(ctx context.Context, host string) (*Tenant, error) {
	return d.byName(ctx, name{"host", host}, longestName, d.source.TenantIDByHost)
}

// BySlug returns the tenant of that slug.
func (d *Directory) BySlug(ctx context.Context, slug string) (*Tenant, error) {
	return d.byName(ctx, name{"slug", slug}, longestName, d.source.TenantIDBySlug)
}

// ByIssuer returns the tenant whose issuer is exactly that.
func (d *Directory) ByIssuer(ctx context.Context, issuer string) (*Tenant, error) {
	return d.byName(ctx, name{"issuer", issuer}, longestIssuer, d.source.TenantIDByIssuer)
}

func (d *Directory) byName(ctx context.Context, n name, longest int, load func(context.Context, string) (string, error)) (*Tenant, error) {
	if len(n.value) > longest {
		return nil, ErrNotFound
	}
	id, err := get(ctx, d.names, n, func(ctx context.Context) (string, error) { return load(ctx, n.value) })
	if err != nil {
		return nil, err
	}
	return d.ByID(ctx, id)
}

// ByAudience returns the ids of the tenants that have an API of that identifier
// which is findable on the shared host, sorted; there may be none.
func (d *Directory) ByAudience(ctx context.Context, identifier string) ([]string, error) {
	return some(ctx, d.audiences, identifier, d.source.TenantIDsByAudience)
}

// ClientHolder is a tenant that has a client of some client_id.
type ClientHolder struct {
	TenantID string
	StandIn  bool // the client stands in for a dialect
}

// ClientHolders returns all tenants that have a client of that client_id.
func (d *Directory) ClientHolders(ctx context.Context, clientID string) ([]ClientHolder, error) {
	return some(ctx, d.holders, clientID, d.source.ClientHolders)
}

// some returns all that is found by a name; there may be none.
func some[V any](ctx context.Context, c *feed.Cache[string, []V], name string, load func(context.Context, string) ([]V, error)) ([]V, error) {
	if len(name) > longestName {
		return nil, nil
	}
	list, err := get(ctx, c, name, func(ctx context.Context) ([]V, error) {
		list, err := load(ctx, name)
		if err == nil && len(list) == 0 { // guessed ones must push out none that is there
			err = ErrNotFound
		}
		return list, err
	})
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return list, err
}

// Client returns the tenant's client with its secrets.
func (d *Directory) Client(ctx context.Context, tenantID, clientID string) (*Client, error) {
	if len(clientID) > longestName {
		return nil, ErrNotFound
	}
	return get(ctx, d.clients, owned{tenantID, clientID}, func(ctx context.Context) (*Client, error) {
		return d.source.ClientByID(ctx, tenantID, clientID)
	})
}

// API returns the tenant's API of that identifier; the admin API stands in
// every tenant.
func (d *Directory) API(ctx context.Context, tenantID, identifier string) (*API, error) {
	if len(identifier) > longestName {
		return nil, ErrNotFound
	}
	return get(ctx, d.apis, owned{tenantID, identifier}, func(ctx context.Context) (*API, error) {
		if identifier == oauth.AdminAudience {
			return AdminAPI(tenantID), nil
		}
		return d.source.APIByIdentifier(ctx, tenantID, identifier)
	})
}

// User returns the tenant's user of that id with its groups and permissions;
// service accounts are users too.
func (d *Directory) User(ctx context.Context, tenantID, userID string) (*User, error) {
	if len(userID) > longestName {
		return nil, ErrNotFound
	}
	return get(ctx, d.users, owned{tenantID, userID}, func(ctx context.Context) (*User, error) {
		return d.source.UserByID(ctx, tenantID, userID)
	})
}

// UserByLogin returns the user who signs in by that username or, where the
// tenant allows it, e-mail address. It always asks the Source: guessed names
// would fill memory, and a password costs far more.
func (d *Directory) UserByLogin(ctx context.Context, tenantID, login string) (*User, error) {
	return d.source.UserByLogin(ctx, tenantID, login)
}

// APIKey returns the tenant's API key that has the keyed hash. It may have
// expired, and its user may be gone or disabled.
func (d *Directory) APIKey(ctx context.Context, tenantID string, hash []byte) (*APIKey, error) {
	return get(ctx, d.apiKeys, owned{tenantID, APIKeyEventKey(hash)}, func(ctx context.Context) (*APIKey, error) {
		return d.source.APIKeyByHash(ctx, tenantID, hash)
	})
}

// GrantTypes returns the grant types that some client of the tenant may use.
func (d *Directory) GrantTypes(ctx context.Context, tenantID string) ([]string, error) {
	return get(ctx, d.grants, tenantID, func(ctx context.Context) ([]string, error) {
		return d.source.GrantTypesInUse(ctx, tenantID)
	})
}

// RemoteGrants returns the grant types of the tenant's own, also disabled ones.
func (d *Directory) RemoteGrants(ctx context.Context, tenantID string) ([]RemoteGrant, error) {
	return get(ctx, d.remotes, tenantID, func(ctx context.Context) ([]RemoteGrant, error) {
		return d.source.RemoteGrantsOf(ctx, tenantID)
	})
}

// TrustedIssuer returns who signs assertions under that name, and is trusted by
// the tenant. It may be disabled.
func (d *Directory) TrustedIssuer(ctx context.Context, tenantID, issuer string) (*TrustedIssuer, error) {
	if len(issuer) > longestIssuer {
		return nil, ErrNotFound
	}
	return get(ctx, d.issuers, owned{tenantID, issuer}, func(ctx context.Context) (*TrustedIssuer, error) {
		return d.source.TrustedIssuerByName(ctx, tenantID, issuer)
	})
}
