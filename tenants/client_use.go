package tenants

import "time"

// ClientUse names a client that was used and the secret or the key that proved
// it, both empty where something else did.
type ClientUse struct{ TenantID, ClientID, SecretID, KeyID string }

// ExpiryKind says what ends.
type ExpiryKind string

// What ends at an instant that somebody has set, and has to be renewed by then.
const (
	ClientExpiry       ExpiryKind = "client"
	ClientSecretExpiry ExpiryKind = "client_secret"
	ClientKeyExpiry    ExpiryKind = "client_key" // a certificate's notAfter, or what was set
	APIKeyExpiry       ExpiryKind = "api_key"
	// TLSCertificateExpiry is the end of what a node proves its own name by.
	TLSCertificateExpiry ExpiryKind = "tls_certificate"
)

// ExpiryKinds returns all of them.
func ExpiryKinds() []ExpiryKind {
	return []ExpiryKind{ClientExpiry, ClientSecretExpiry, ClientKeyExpiry, APIKeyExpiry, TLSCertificateExpiry}
}

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
