package tenants

import (
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// API is a resource server that tokens are for. Its identifier is their
// audience (RFC 8707) and unique in the tenant.
type API struct {
	ID         string  `json:"id" gorm:"primaryKey"`
	TenantID   string  `json:"-"`
	Identifier string  `json:"identifier"`
	Name       string  `json:"name"`
	Scopes     []Scope `json:"scopes" gorm:"serializer:json"`
	Lifetime   `gorm:"embedded"`
	SigningAlg string `json:"signing_alg,omitempty"` // empty: the tenant's
	// TokenFormat is what its access tokens look like, jwt or opaque. A client may
	// say otherwise for its own.
	TokenFormat string `json:"token_format"`
	// Claims are added to the API's access tokens; those of a client yield to them.
	Claims Claims `json:"claims" gorm:"serializer:json"`
	// RequiredPermission is what the subject of a token for the API must be
	// permitted; empty: nothing.
	RequiredPermission string `json:"required_permission,omitempty"`
	// SharedHost makes the API findable on the shared host: a token request
	// there that names its identifier finds this tenant. Only the operator
	// sets it.
	SharedHost bool      `json:"shared_host"`
	Version    int64     `json:"-"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
}

// Revision returns its id, and the version that counts its changes.
func (a *API) Revision() (id string, version int64) { return a.ID, a.Version }

// Scope is one right that an API knows. A deprecated one is granted where it
// is asked for, and never listed nor given by default.
type Scope struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Deprecated  bool   `json:"deprecated,omitempty"`
}

// IsAdmin reports whether it is the admin API of this platform.
func (a *API) IsAdmin() bool { return a.Identifier == oauth.AdminAudience }

// Scope returns the scope of that name.
func (a *API) Scope(name string) (Scope, bool) {
	for _, s := range a.Scopes {
		if s.Name == name {
			return s, true
		}
	}
	return Scope{}, false
}

// adminScopes returns the scopes of the admin API, in the order in which they
// are listed.
func adminScopes() []string {
	return []string{
		"tenants:read", "tenants:write", "clients:read", "clients:write", "apis:read", "apis:write",
		"users:read", "users:write", "keys:read", "keys:write", "audit:read",
	}
}

// AdminAPI is the API that stands in every tenant without being stored: the
// admin API of this platform, reaching this tenant.
func AdminAPI(tenantID string) *API {
	api := &API{TenantID: tenantID, Identifier: oauth.AdminAudience, Name: "Gatehouse administration", TokenFormat: FormatJWT, Claims: Claims{}}
	for _, name := range adminScopes() {
		api.Scopes = append(api.Scopes, Scope{Name: name})
	}
	return api
}
