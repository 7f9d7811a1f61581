package tenants

import "time"

// ClientUse names a client that was used and the secret that proved it, empty
// where something else did.
type ClientUse struct{ TenantID, ClientID, SecretID string }

// ExpiryKind says what ends.
type ExpiryKind string

// What ends at an instant that somebody has set, and has to be renewed by then.
const (
	ClientExpiry       ExpiryKind = "client"
	ClientSecretExpiry ExpiryKind = "client_secret"
	ClientKeyExpiry    ExpiryKind = "client_key" // a certificate's notAfter, or what was set
	APIKeyExpiry       ExpiryKind = "api_key"
)

// ExpiryWarnings are how many days before something ends it is told, the first
// one first.
func ExpiryWarnings() []int { return []int{30, 7, 1} }

// Expiring is something that ends soon.
type Expiring struct {
	Kind     ExpiryKind
	TenantID string
	ID       string // of what ends
	Owner    string // the client_id or the user's id that it belongs to
	// Days is within how many days it ends: one of ExpiryWarnings.
	Days      int
	ExpiresAt time.Time
}
