package admin

import (
	"context"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Range selects a part of a list that is sorted by its items' natural key
// (slug, identifier, client_id, event id).
type Range struct {
	After  string // the natural key of the last item seen; empty: from the start
	Limit  int
	Prefix string // literal, case-insensitive prefix of key or name; empty: all
}

// Each method that changes something is one transaction: the change, its audit
// event and its feed event. They return tenants.ErrNotFound, tenants.ErrExists
// and tenants.ErrStale. An update or deletion is made only if the stored
// Version is still that of the given value (or version, 0 for any), and the
// update counts it up in the given value.

// TenantStore keeps tenants.
type TenantStore interface {
	Tenant(ctx context.Context, slug string) (*tenants.Tenant, error)
	TenantByID(ctx context.Context, id string) (*tenants.Tenant, error)
	TenantIDBySlug(ctx context.Context, slug string) (string, error)
	TenantIDByHost(ctx context.Context, host string) (string, error)
	Tenants(ctx context.Context, r Range) ([]tenants.Tenant, error)
	CreateTenant(ctx context.Context, t *tenants.Tenant, pepper keys.SealedPepper, e tenants.AuditEvent, standIns ...*tenants.Client) error
	UpdateTenant(ctx context.Context, t *tenants.Tenant, e tenants.AuditEvent, standIns ...*tenants.Client) error
	// LegacyUses returns which clients of the tenant use endpoints of dialects.
	LegacyUses(ctx context.Context, tenantID string, r Range) ([]tenants.LegacyUse, error)
	// DeleteTenant deletes the tenant and everything that it owns but its audit events.
	DeleteTenant(ctx context.Context, id string, version int64, e tenants.AuditEvent) error
}

// APIStore keeps the APIs of tenants. An API that becomes findable on the
// shared host is refused with ErrAmbiguous when another tenant's findable API
// has the same identifier and both tenants have a client of the same id.
type APIStore interface {
	API(ctx context.Context, tenantID, identifier string) (*tenants.API, error) // by identifier or id
	APIs(ctx context.Context, tenantID string, r Range) ([]tenants.API, error)
	CreateAPI(ctx context.Context, a *tenants.API, e tenants.AuditEvent) error
	UpdateAPI(ctx context.Context, a *tenants.API, e tenants.AuditEvent) error
	DeleteAPI(ctx context.Context, tenantID, identifier string, version int64, e tenants.AuditEvent) error
}

// ClientStore keeps the clients of tenants with their secrets. CreateClient
// stores c.Secrets too, and answers ErrAmbiguous like APIStore.
type ClientStore interface {
	Client(ctx context.Context, tenantID, clientID string) (*tenants.Client, error) // with its secrets and keys
	Clients(ctx context.Context, tenantID string, r Range) ([]tenants.Client, error)
	CreateClient(ctx context.Context, c *tenants.Client, e tenants.AuditEvent) error
	UpdateClient(ctx context.Context, c *tenants.Client, e tenants.AuditEvent) error
	DeleteClient(ctx context.Context, tenantID, clientID string, version int64, e tenants.AuditEvent) error
	AddSecret(ctx context.Context, s *tenants.Secret, e tenants.AuditEvent) error
	RevokeSecret(ctx context.Context, tenantID, clientID, secretID string, e tenants.AuditEvent) error
	AddClientKey(ctx context.Context, k *tenants.ClientKey, e tenants.AuditEvent) error
	RevokeClientKey(ctx context.Context, tenantID, clientID, keyID string, e tenants.AuditEvent) error
}

// UserStore keeps the users of tenants, service accounts among them, with their
// Memberships. What is taken is a *tenants.TakenError, a group that has another
// version than the one of its membership tenants.ErrStale.
type UserStore interface {
	User(ctx context.Context, tenantID, userID string) (*tenants.User, error)
	UserByLogin(ctx context.Context, tenantID, login string) (*tenants.User, error)     // no service account
	Users(ctx context.Context, tenantID, group string, r Range) ([]tenants.User, error) // of that group; empty: all
	CreateUser(ctx context.Context, u *tenants.User, e tenants.AuditEvent) error
	UpdateUser(ctx context.Context, u *tenants.User, e tenants.AuditEvent) error
	DeleteUser(ctx context.Context, tenantID, userID string, version int64, e tenants.AuditEvent) error
	// Unlock forgets the wrong passwords that the user must wait for.
	Unlock(ctx context.Context, tenantID, userID string, e tenants.AuditEvent) error
}

// GroupStore keeps groups.
type GroupStore interface {
	Group(ctx context.Context, tenantID, group string) (*tenants.Group, error) // by id or name
	Groups(ctx context.Context, tenantID string, r Range) ([]tenants.Group, error)
	CreateGroup(ctx context.Context, g *tenants.Group, e tenants.AuditEvent) error
	UpdateGroup(ctx context.Context, g *tenants.Group, e tenants.AuditEvent) error
	DeleteGroup(ctx context.Context, tenantID, groupID string, version int64, e tenants.AuditEvent) error
}

// APIKeyStore keeps the API keys of users.
type APIKeyStore interface {
	APIKey(ctx context.Context, tenantID, userID, keyID string) (*tenants.APIKey, error)
	APIKeys(ctx context.Context, tenantID, userID string, r Range) ([]tenants.APIKey, error)
	CreateAPIKey(ctx context.Context, k *tenants.APIKey, e tenants.AuditEvent) error
	UpdateAPIKey(ctx context.Context, k *tenants.APIKey, e tenants.AuditEvent) error
	DeleteAPIKey(ctx context.Context, k *tenants.APIKey, e tenants.AuditEvent) error
}

// TrustedIssuerStore keeps whom tenants trust to say who a workload is.
type TrustedIssuerStore interface {
	TrustedIssuer(ctx context.Context, tenantID, id string) (*tenants.TrustedIssuer, error) // by id or issuer
	TrustedIssuers(ctx context.Context, tenantID string, r Range) ([]tenants.TrustedIssuer, error)
	CreateTrustedIssuer(ctx context.Context, t *tenants.TrustedIssuer, e tenants.AuditEvent) error
	UpdateTrustedIssuer(ctx context.Context, t *tenants.TrustedIssuer, e tenants.AuditEvent) error
	DeleteTrustedIssuer(ctx context.Context, t *tenants.TrustedIssuer, version int64, e tenants.AuditEvent) error
}

// ImpersonationStore keeps who may become whom. A user or client that a new rule
// names and that is not there is tenants.ErrNotFound, a group a *MissingError.
type ImpersonationStore interface {
	ImpersonationRule(ctx context.Context, tenantID, id string) (*tenants.ImpersonationRule, error)
	ImpersonationRules(ctx context.Context, tenantID string, r Range) ([]tenants.ImpersonationRule, error)
	AllImpersonationRules(ctx context.Context, tenantID string) ([]tenants.ImpersonationRule, error)
	CreateImpersonationRule(ctx context.Context, r *tenants.ImpersonationRule, e tenants.AuditEvent) error
	UpdateImpersonationRule(ctx context.Context, r *tenants.ImpersonationRule, e tenants.AuditEvent) error
	DeleteImpersonationRule(ctx context.Context, tenantID, id string, version int64, e tenants.AuditEvent) error
}

// RemoteGrantStore keeps the grant types of tenants' own.
type RemoteGrantStore interface {
	RemoteGrant(ctx context.Context, tenantID, id string) (*tenants.RemoteGrant, error) // by id or grant type
	RemoteGrants(ctx context.Context, tenantID string, r Range) ([]tenants.RemoteGrant, error)
	RemoteGrantsOf(ctx context.Context, tenantID string) ([]tenants.RemoteGrant, error) // all
	CreateRemoteGrant(ctx context.Context, g *tenants.RemoteGrant, e tenants.AuditEvent) error
	UpdateRemoteGrant(ctx context.Context, g *tenants.RemoteGrant, e tenants.AuditEvent) error
	DeleteRemoteGrant(ctx context.Context, g *tenants.RemoteGrant, version int64, e tenants.AuditEvent) error
}

// KeyStore keeps the signing keys of tenants.
type KeyStore interface {
	// KeySet returns the tenant's set, an empty one of version 0 for a new tenant.
	KeySet(ctx context.Context, tenantID string) (keys.Set, error)
	// SigningAlgs returns the algorithms that APIs of the tenant ask for.
	SigningAlgs(ctx context.Context, tenantID string) ([]string, error)
	// PostponeKeySet stores set.DueAt and nothing else, if the stored version is
	// set.Version.
	PostponeKeySet(ctx context.Context, set keys.Set) error
	// SaveKeySet stores set if the stored version is set.Version, else
	// ErrStale. Keys that set does not hold are deleted.
	SaveKeySet(ctx context.Context, set keys.Set, e tenants.AuditEvent) error
	// Uses returns what the key has signed, per client, API and hour, the newest
	// hour first, also of keys that were dropped. Range.After is a FirstUse.Key.
	Uses(ctx context.Context, tenantID, kid string, r Range) ([]tenants.FirstUse, error)
	// UsesByClient returns each client and API that the key has signed for once,
	// with their names only.
	UsesByClient(ctx context.Context, tenantID, kid string) ([]tenants.FirstUse, error)
	// UsesByHour returns the newest hours in which the key has signed, each with
	// the latest of its expiries. No token of an older hour outlives these.
	UsesByHour(ctx context.Context, tenantID, kid string) ([]tenants.FirstUse, error)
}

// TokenStore ends access tokens.
type TokenStore interface {
	Revoke(ctx context.Context, r tenants.Revocation, e tenants.AuditEvent) error
}

// AuditStore reads what happened, newest first; Range.After is an event id.
type AuditStore interface {
	AuditEvents(ctx context.Context, tenantID string, r Range, since time.Time) ([]tenants.AuditEvent, error)
	AllAuditEvents(ctx context.Context, r Range, since time.Time) ([]tenants.AuditEvent, error)
}

// Store is all that the use cases need; *store.DB satisfies it.
type Store interface {
	TenantStore
	APIStore
	ClientStore
	UserStore
	GroupStore
	APIKeyStore
	SessionStore
	TrustedIssuerStore
	ImpersonationStore
	RemoteGrantStore
	KeyStore
	TokenStore
	AuditStore
}
