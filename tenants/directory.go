package tenants

import (
	"context"
	"strings"

	"github.com/gatehouse-auth/gatehouse/feed"
)

// Source is where the Directory reads what it does not have in memory. Each
// method answers ErrNotFound where there is nothing.
type Source interface {
	TenantByID(ctx context.Context, id string) (*Tenant, error)
	TenantIDByHost(ctx context.Context, host string) (string, error)
	TenantIDBySlug(ctx context.Context, slug string) (string, error)
	TenantIDByIssuer(ctx context.Context, issuer string) (string, error)
	// TenantIDsByAudience returns the tenants with a findable API of that
	// identifier, sorted, none without an error.
	TenantIDsByAudience(ctx context.Context, identifier string) ([]string, error)
	// ClientHolders returns the tenants with a client of that client_id, none
	// without an error.
	ClientHolders(ctx context.Context, clientID string) ([]ClientHolder, error)
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
	names     *feed.Cache[name, string]           // to the tenant's id
	audiences *feed.Cache[string, []string]       // to the tenants' ids
	holders   *feed.Cache[string, []ClientHolder] // of a client_id
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

// Own returns a copy that shares no text.
func (n name) Own() name { return name{n.kind, strings.Clone(n.value)} }

// owned names a thing of a tenant's.
type owned struct{ tenantID, key string }

// Own returns a copy that shares no text.
func (o owned) Own() owned { return owned{strings.Clone(o.tenantID), strings.Clone(o.key)} }

// NewDirectory makes a Directory that keeps up to size things of each kind.
func NewDirectory(source Source, size int) *Directory {
	return &Directory{
		source:    source,
		tenants:   feed.NewCache[string, *Tenant](size),
		names:     feed.NewCache[name, string](size),
		audiences: feed.NewCache[string, []string](size),
		holders:   feed.NewCache[string, []ClientHolder](size),
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

// memory is what the Directory keeps of one kind of thing.
type memory interface {
	Reset()
	Stats() (hits, misses uint64)
}

// kinds returns all that the Directory keeps, by its name in the metrics.
func (d *Directory) kinds() map[string]memory {
	return map[string]memory{
		"tenants": d.tenants, "names": d.names, "audiences": d.audiences, "client_holders": d.holders, "clients": d.clients, "apis": d.apis,
		"users": d.users, "api_keys": d.apiKeys, "revocations": d.revoked, "opaque_tokens": d.opaque,
		"trusted_issuers": d.issuers, "grant_types": d.grants, "impersonation_rules": d.rules, "remote_grants": d.remotes,
	}
}

// Reset forgets everything.
func (d *Directory) Reset() {
	for _, kind := range d.kinds() {
		kind.Reset()
	}
}

// Stats returns, per kind of thing, a function that says how many look-ups were
// answered from memory and how many were not.
func (d *Directory) Stats() map[string]func() (hits, misses uint64) {
	stats := map[string]func() (hits, misses uint64){}
	for name, kind := range d.kinds() {
		stats[name] = kind.Stats
	}
	return stats
}
