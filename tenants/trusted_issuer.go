package tenants

import (
	"encoding/json"
	"strings"
	"time"
)

// TrustedIssuer is somebody else who says who a workload is (RFC 7523 section
// 2.1): a CI system, a Kubernetes cluster. What it signs earns tokens by its
// rules. Its keys are at JWKSURI, or in JWKS.
type TrustedIssuer struct {
	ID       string `json:"id" gorm:"primaryKey"`
	TenantID string `json:"-"`
	Issuer   string `json:"issuer"` // the iss of its assertions, unique in the tenant
	Name     string `json:"name"`
	Status   Status `json:"status"` // active or disabled
	JWKSURI  string `json:"jwks_uri,omitempty" gorm:"column:jwks_uri"`
	// JWKS is a set of public keys (RFC 7517 section 5); empty: they are at JWKSURI.
	JWKS json.RawMessage `json:"jwks,omitempty" gorm:"-"`
	// Audiences are what its assertions may be for; empty: the tenant's issuer.
	Audiences   []string `json:"audiences" gorm:"serializer:json"`
	SigningAlgs []string `json:"signing_algs" gorm:"serializer:json"` // empty: all that keys may have
	// MaxLifetime is how far ahead an expiry may lie, in seconds; 0: 3600.
	MaxLifetime int `json:"max_assertion_lifetime,omitempty"`
	// Reusable assertions are good until they expire; others are used once.
	Reusable  bool        `json:"reusable_assertions" gorm:"column:reusable_assertions"`
	Rules     []TrustRule `json:"rules" gorm:"-"`
	Version   int64       `json:"-"`
	CreatedAt time.Time   `json:"created_at"`
	UpdatedAt time.Time   `json:"updated_at"`
}

// Revision returns its id, and the version that counts its changes.
func (i *TrustedIssuer) Revision() (id string, version int64) { return i.ID, i.Version }

// DefaultTrustedLifetime and MaxTrustedLifetime bound how far ahead the expiry
// of a trusted issuer's assertion may lie, in seconds.
const (
	DefaultTrustedLifetime = 3600
	MaxTrustedLifetime     = 86400
)

// TrustRule lets some of an issuer's workloads ask for tokens as a client. All
// of its conditions must hold.
type TrustRule struct {
	ClientID string `json:"client_id"`
	// UserID is who the token speaks for; empty: the client itself.
	UserID  string `json:"user_id,omitempty"`
	Subject string `json:"subject"` // a pattern, see Matches
	// Claims are patterns, of which one must match a text that the claim holds.
	Claims map[string][]string `json:"claims"`
	Scopes []string            `json:"scopes"` // bounds what is granted; nil: no bound
}

// Matches reports whether a text is the pattern, or begins with it where it ends
// in ":*" or "/*".
func Matches(pattern, text string) bool {
	if IsPrefixPattern(pattern) {
		prefix := strings.TrimSuffix(pattern, "*")
		return strings.HasPrefix(text, prefix) && len(text) > len(prefix)
	}
	return pattern == text
}

// IsPrefixPattern reports whether a pattern stands for all that begin with it.
// Only after a separator: "repo:acme*" would also be "repo:acme-evil".
func IsPrefixPattern(pattern string) bool {
	return len(pattern) > 2 && (strings.HasSuffix(pattern, ":*") || strings.HasSuffix(pattern, "/*"))
}
