package tenants

import (
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// APIKey is a static bearer key that speaks for a user or a service account.
// It is written {Prefix}.{random text}, of which only a keyed hash is kept.
type APIKey struct {
	ID       string `json:"id" gorm:"primaryKey"`
	TenantID string `json:"-"`
	UserID   string `json:"user_id"`
	Name     string `json:"name"`
	Prefix   string `json:"prefix"` // what the key begins with, before the dot
	Hint     string `json:"hint"`   // how it ends
	Hash     []byte `json:"-"`      // HMAC-SHA-256 under the tenant's pepper
	// Scopes bounds what the key may be exchanged for; nil: no bound.
	Scopes    oauth.Scopes `json:"scopes" gorm:"serializer:json"`
	CreatedAt time.Time    `json:"created_at"`
	ExpiresAt *time.Time   `json:"expires_at"`
	// LastUsedAt is behind by a minute or so: uses are counted in memory first.
	LastUsedAt *time.Time `json:"last_used_at"`
}

// Expired reports whether the key has ended.
func (k *APIKey) Expired(now time.Time) bool { return k.ExpiresAt != nil && !now.Before(*k.ExpiresAt) }

// First parts of keyed hashes. That of an API key is followed by the whole key, that
// of a client's secret by the client_id and the secret.
const (
	APIKeyPurpose       = "api_key"
	ClientSecretPurpose = "client_secret"
)
