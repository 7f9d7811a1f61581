package tenants

import (
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Client is an application that asks for tokens (RFC 6749 section 2). Its id
// is unique in the tenant.
type Client struct {
	TenantID    string      `json:"-" gorm:"primaryKey"`
	ID          string      `json:"client_id" gorm:"primaryKey;column:client_id"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Status      Status      `json:"status"` // active or disabled
	GrantTypes  []string    `json:"grant_types" gorm:"serializer:json"`
	AuthMethod  string      `json:"token_endpoint_auth_method" gorm:"column:token_endpoint_auth_method"`
	APIs        []APIAccess `json:"apis" gorm:"serializer:json"`
	// ResourceServerFor names the APIs whose tokens the client may introspect and
	// exchange.
	ResourceServerFor []string `json:"resource_server_for" gorm:"serializer:json"`
	// AllowedOrigins are those of pages that may exchange a session for a token
	// from another origin than the tenant's own, and use the endpoints of a dialect
	// that the client stands behind.
	AllowedOrigins []string `json:"allowed_origins" gorm:"serializer:json"`
	// Lifetimes are access token lifetimes in seconds per grant_type.
	Lifetimes map[string]int `json:"lifetimes" gorm:"serializer:json"`
	Lifetime  `gorm:"embedded"`
	// TokenFormat is what the client's access tokens look like, jwt or opaque;
	// empty: as their API says.
	TokenFormat string `json:"token_format,omitempty"`
	// Claims are added to the client's access tokens.
	Claims          Claims `json:"claims" gorm:"serializer:json"`
	RefreshLifetime `gorm:"embedded"`
	// RequiredPermissions are what the subject of a token must be permitted, per
	// grant_type.
	RequiredPermissions map[string]string `json:"required_permissions" gorm:"serializer:json"`
	// Permissions are those of the client's service account, of its own and, in
	// InheritedPermissions, of its groups, sorted.
	Permissions          []string `json:"permissions" gorm:"-"`
	InheritedPermissions []string `json:"inherited_permissions" gorm:"-"`
	Assertions           `gorm:"embedded"`
	ExpiresAt            *time.Time `json:"expires_at"` // from then on no credential of the client works
	// LastUsedAt is when it last authenticated; it is behind by a minute or so.
	LastUsedAt *time.Time  `json:"last_used_at"`
	Secrets    []Secret    `json:"-" gorm:"-"`
	Keys       []ClientKey `json:"-" gorm:"-"`
	Version    int64       `json:"-"`
	CreatedAt  time.Time   `json:"created_at"`
	UpdatedAt  time.Time   `json:"updated_at"`
}

// Revision returns its id, and the version that counts its changes.
func (c *Client) Revision() (id string, version int64) { return c.ID, c.Version }

// APIAccess says which scopes of an API a client may have.
type APIAccess struct {
	Identifier string       `json:"identifier"`
	Scopes     oauth.Scopes `json:"scopes"`
}

// Secret is one of a client's secrets: only a keyed hash of it is kept, and the
// secret itself, sealed, where the client signs with it (client_secret_jwt).
type Secret struct {
	ID        string     `json:"id" gorm:"primaryKey"`
	TenantID  string     `json:"-"`
	ClientID  string     `json:"-"`
	Hash      []byte     `json:"-"` // HMAC-SHA-256 under the tenant's pepper
	Sealed    []byte     `json:"-"` // empty: not kept
	SealedBy  string     `json:"-"` // the id of the master key that sealed it
	Hint      string     `json:"hint"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"`
	// LastUsedAt is behind by a minute or so: uses are kept in memory first.
	LastUsedAt *time.Time `json:"last_used_at"`
}

// IsPublic reports whether the client proves nothing (RFC 6749 section 2.1): it
// keeps no secret, or stands in for a dialect whose endpoints name no client.
func (c *Client) IsPublic() bool {
	return c.AuthMethod == oauth.AuthNone || c.AuthMethod == oauth.AuthDialect
}

// AllowsGrant reports whether the client may use the grant.
func (c *Client) AllowsGrant(grantType string) bool { return slices.Contains(c.GrantTypes, grantType) }

// May reports whether the client's service account has the permission.
func (c *Client) May(permission string) bool {
	return slices.Contains(c.Permissions, permission) || slices.Contains(c.InheritedPermissions, permission)
}

// Access returns what the client may have of an API.
func (c *Client) Access(identifier string) (APIAccess, bool) {
	for _, a := range c.APIs {
		if a.Identifier == identifier {
			return a, true
		}
	}
	return APIAccess{}, false
}

// Usable reports whether the client is active and has not expired.
func (c *Client) Usable(now time.Time) bool {
	return c.Status == Active && (c.ExpiresAt == nil || now.Before(*c.ExpiresAt))
}

// LiveSecrets returns the secrets that have not expired.
func (c *Client) LiveSecrets(now time.Time) []Secret {
	var live []Secret
	for _, s := range c.Secrets {
		if s.ExpiresAt == nil || now.Before(*s.ExpiresAt) {
			live = append(live, s)
		}
	}
	return live
}
