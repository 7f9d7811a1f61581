package tenants

import (
	"encoding/json"
	"time"
)

// ClientKey is a public key by which a client proves who it is (RFC 7523
// section 2.2). Kid is as the client named it, and may be empty.
type ClientKey struct {
	ID         string          `json:"id" gorm:"primaryKey"`
	TenantID   string          `json:"-"`
	ClientID   string          `json:"-"`
	Kid        string          `json:"kid"`
	Alg        string          `json:"alg"`                        // the only algorithm that it verifies
	Thumbprint string          `json:"thumbprint"`                 // RFC 7638, unique among the client's keys
	JWK        json.RawMessage `json:"jwk" gorm:"serializer:json"` // its public members
	Source     string          `json:"source"`                     // certificate, public_key or jwk
	Subject    string          `json:"subject,omitempty"`          // of the certificate
	CreatedAt  time.Time       `json:"created_at"`
	NotBefore  *time.Time      `json:"not_before"`
	ExpiresAt  *time.Time      `json:"expires_at"` // of a certificate its notAfter, or earlier
	// LastUsedAt is behind by a minute or so: uses are kept in memory first.
	LastUsedAt *time.Time `json:"last_used_at"`
}

// Live reports whether the key may be used at an instant.
func (k *ClientKey) Live(now time.Time) bool {
	return (k.NotBefore == nil || !now.Before(*k.NotBefore)) && (k.ExpiresAt == nil || now.Before(*k.ExpiresAt))
}

// Assertions are the rules for the assertions by which a client proves who it
// is.
type Assertions struct {
	JWKSURI string `json:"jwks_uri,omitempty" gorm:"column:jwks_uri"`
	// Audiences are taken beside the issuer, with and without the default port.
	Audiences []string `json:"assertion_audiences" gorm:"column:assertion_audiences;serializer:json"`
	// MaxLifetime is how far ahead an expiry may lie, in seconds; 0: 300.
	MaxLifetime int `json:"max_assertion_lifetime,omitempty" gorm:"column:max_assertion_lifetime"`
	// AllowNoJTI takes assertions without an id of their own, each once.
	AllowNoJTI bool `json:"allow_assertions_without_jti" gorm:"column:allow_assertions_without_jti"`
}

// DefaultAssertionLifetime and MaxAssertionLifetime bound how far ahead the
// expiry of a client's assertion may lie, in seconds.
const (
	DefaultAssertionLifetime = 300
	MaxAssertionLifetime     = 1800
)

// SpentAssertion is what was used and may not be used again. Digest names it
// among all of a tenant.
type SpentAssertion struct {
	TenantID  string `gorm:"primaryKey"`
	Digest    string `gorm:"primaryKey"`
	ExpiresAt time.Time
}
