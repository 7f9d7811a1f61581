// Package feed is how a change reaches every node's memory: the events that
// end each change's transaction, the caches that drop what an event names, and
// the follower that reads the events of other nodes. It knows nothing of what
// is cached.
package feed

// Kind names what an event is about.
type Kind string

// The kinds of things that nodes keep in memory.
const (
	Tenant Kind = "tenant"  // Key: the tenant's id
	API    Kind = "api"     // Key: the API's identifier
	Client Kind = "client"  // Key: the client_id
	Keys   Kind = "keys"    // Key: empty, the tenant's whole key set
	User   Kind = "user"    // Key: the user's id
	Group  Kind = "group"   // Key: the group's id
	APIKey Kind = "api_key" // Key: the key's hash, base64url
	// Revocation has the whole revocation in its Key, so that what is kept of
	// others need not be read again; an empty Key: read all of the tenant's.
	Revocation Kind = "revocation"
	// TrustedIssuer events have the issuer as their Key.
	TrustedIssuer Kind = "trusted_issuer"
	// ImpersonationRule events have the rule's id as their Key.
	ImpersonationRule Kind = "impersonation_rule"
	// RemoteGrant events are about all of a tenant's, and have no Key.
	RemoteGrant Kind = "remote_grant"
)

// Event says that something changed. N counts all events of a database in the
// order in which they were committed, without gaps.
type Event struct {
	N        int64 `gorm:"primaryKey;autoIncrement:false"`
	TenantID string
	Kind     Kind
	Key      string
}
