package tenants

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

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
	// UserByID returns the user with its groups and what it inherits from them.
	UserByID(ctx context.Context, tenantID, userID string) (*User, error)
	// UserByLogin is UserByID by what people sign in with: the username or,
	// where the tenant allows it, the e-mail address, without regard to case.
	UserByLogin(ctx context.Context, tenantID, login string) (*User, error)
	APIKeyByHash(ctx context.Context, tenantID string, hash []byte) (*APIKey, error)
	// Revocations returns those of the tenant that may still end a token.
	Revocations(ctx context.Context, tenantID string) ([]Revocation, error)
	OpaqueTokenByHash(ctx context.Context, tenantID string, hash []byte) (*OpaqueToken, error)
	// GrantTypesInUse returns the grant types that active clients of the tenant may
	// use, each once.
	GrantTypesInUse(ctx context.Context, tenantID string) ([]string, error)
	// AllImpersonationRules returns those of the tenant, in any order.
	AllImpersonationRules(ctx context.Context, tenantID string) ([]ImpersonationRule, error)
	// TrustedIssuerByName returns the issuer with its rules.
	TrustedIssuerByName(ctx context.Context, tenantID, issuer string) (*TrustedIssuer, error)
	// RemoteGrantsOf returns all of the tenant's, none without an error.
	RemoteGrantsOf(ctx context.Context, tenantID string) ([]RemoteGrant, error)
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
	users     *feed.Cache[owned, *User]
	apiKeys   *feed.Cache[owned, *APIKey] // by hash
	revoked   *feed.Cache[string, *revoked]
	opaque    *feed.Cache[owned, *OpaqueToken] // by hash
	issuers   *feed.Cache[owned, *TrustedIssuer]
	grants    *feed.Cache[string, []string]            // by tenant
	rules     *feed.Cache[string, []ImpersonationRule] // by tenant
	remotes   *feed.Cache[string, []RemoteGrant]       // by tenant
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
		users:     feed.NewCache[owned, *User](size),
		apiKeys:   feed.NewCache[owned, *APIKey](size),
		revoked:   feed.NewCache[string, *revoked](size),
		opaque:    feed.NewCache[owned, *OpaqueToken](size),
		issuers:   feed.NewCache[owned, *TrustedIssuer](size),
		grants:    feed.NewCache[string, []string](size),
		rules:     feed.NewCache[string, []ImpersonationRule](size),
		remotes:   feed.NewCache[string, []RemoteGrant](size),
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

// User returns the tenant's user of that id with its groups and permissions;
// service accounts are users too.
func (d *Directory) User(ctx context.Context, tenantID, userID string) (*User, error) {
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
	return get(ctx, d.issuers, owned{tenantID, issuer}, func(ctx context.Context) (*TrustedIssuer, error) {
		return d.source.TrustedIssuerByName(ctx, tenantID, issuer)
	})
}

// APIKeyEventKey returns the Key of events about the API key of that hash.
func APIKeyEventKey(hash []byte) string { return base64.RawURLEncoding.EncodeToString(hash) }

func (d *Directory) dropIssuers(tenantID string) {
	d.issuers.DropIf(func(i owned, _ *TrustedIssuer) bool { return i.tenantID == tenantID })
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
		d.users.DropIf(func(u owned, _ *User) bool { return u.tenantID == e.Key })
		d.apiKeys.DropIf(func(k owned, _ *APIKey) bool { return k.tenantID == e.Key })
		d.revoked.Drop(e.Key)
		d.opaque.DropIf(func(o owned, _ *OpaqueToken) bool { return o.tenantID == e.Key })
		d.dropIssuers(e.Key)
		d.grants.Drop(e.Key)
		d.rules.Drop(e.Key)
		d.remotes.Drop(e.Key)
	case feed.API:
		d.apis.Drop(owned{e.TenantID, e.Key})
		d.audiences.Drop(e.Key)
	case feed.TrustedIssuer:
		d.issuers.Drop(owned{e.TenantID, e.Key})
	case feed.ImpersonationRule:
		d.rules.Drop(e.TenantID)
	case feed.RemoteGrant:
		d.remotes.Drop(e.TenantID)
	case feed.Client:
		d.dropIssuers(e.TenantID) // rules go with the client that they name
		d.rules.Drop(e.TenantID)
		d.grants.Drop(e.TenantID)
		d.clients.Drop(owned{e.TenantID, e.Key})
		d.users.Drop(owned{e.TenantID, ServiceAccountID(e.Key)})
	case feed.User:
		d.dropIssuers(e.TenantID)
		d.rules.Drop(e.TenantID)
		d.users.Drop(owned{e.TenantID, e.Key})
		if clientID, ok := strings.CutPrefix(e.Key, ServiceAccountPrefix); ok {
			d.clients.Drop(owned{e.TenantID, clientID})
		}
	case feed.Group: // whose members it does not name
		d.rules.Drop(e.TenantID)
		d.users.DropIf(func(u owned, _ *User) bool { return u.tenantID == e.TenantID })
		d.clients.DropIf(func(c owned, _ *Client) bool { return c.tenantID == e.TenantID })
	case feed.APIKey:
		d.apiKeys.Drop(owned{e.TenantID, e.Key})
	case feed.Revocation:
		d.applyRevocation(e)
	}
}

// Reset forgets everything.
func (d *Directory) Reset() {
	d.tenants.Reset()
	d.names.Reset()
	d.audiences.Reset()
	d.clients.Reset()
	d.apis.Reset()
	d.users.Reset()
	d.apiKeys.Reset()
	d.revoked.Reset()
	d.opaque.Reset()
	d.issuers.Reset()
	d.grants.Reset()
	d.rules.Reset()
	d.remotes.Reset()
}

// Stats returns, per kind of thing, a function that says how many look-ups were
// answered from memory and how many were not.
func (d *Directory) Stats() map[string]func() (hits, misses uint64) {
	return map[string]func() (hits, misses uint64){
		"tenants": d.tenants.Stats, "names": d.names.Stats, "audiences": d.audiences.Stats,
		"clients": d.clients.Stats, "apis": d.apis.Stats, "users": d.users.Stats, "api_keys": d.apiKeys.Stats,
		"revocations": d.revoked.Stats, "opaque_tokens": d.opaque.Stats,
		"trusted_issuers": d.issuers.Stats, "impersonation_rules": d.rules.Stats,
	}
}
