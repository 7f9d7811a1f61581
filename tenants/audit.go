package tenants

import (
	"strings"
	"time"
)

// AuditEvent records who did what to whom. It is written in the transaction of
// the change that it tells of, and never holds a secret.
type AuditEvent struct {
	ID       string    `json:"id" gorm:"primaryKey"` // UUIDv7: sorts by time
	TenantID string    `json:"tenant_id"`            // the tenant that it happened to, which may be gone
	At       time.Time `json:"at"`
	// Actor names who did it: "client:{client_id}@{tenant slug}",
	// "user:{id}@{tenant slug}", "cli:{user of the operating system}" or "system".
	Actor     string         `json:"actor"`
	Action    string         `json:"action"` // such as client.create
	Target    string         `json:"target"` // the id of what was changed
	Details   map[string]any `json:"details,omitempty" gorm:"serializer:json"`
	RequestID string         `json:"request_id,omitempty"`
	Address   string         `json:"address,omitempty"` // of the caller, where there is one
}

// ClientActor names a client of the tenant as the Actor of an event.
func (t *Tenant) ClientActor(clientID string) string { return "client:" + clientID + "@" + t.Slug }

// UserActor names a user of the tenant as the Actor of an event.
func (t *Tenant) UserActor(userID string) string { return "user:" + userID + "@" + t.Slug }

// FirstUse is the audit row that is written before the first access token of
// each (signing key, client, API, hour), so that it is known after a crash too
// what a key signed. Count and LatestExpiry are brought up to date later.
type FirstUse struct {
	TenantID string    `json:"-" gorm:"primaryKey"`
	Kid      string    `json:"kid" gorm:"primaryKey"`
	ClientID string    `json:"client_id" gorm:"primaryKey"`
	Audience string    `json:"audience" gorm:"primaryKey"`
	Hour     time.Time `json:"hour" gorm:"primaryKey"` // its beginning, UTC
	// Count is how many tokens were counted so far: at least 1, exact only
	// after the node's next flush.
	Count int64 `json:"count"`
	// LatestExpiry bounds when the last of the hour's tokens can expire: the end of
	// the hour, and the longest life that one of them was given.
	LatestExpiry time.Time `json:"latest_expiry"`
}

// Key tells a row from the others of its signing key.
func (u *FirstUse) Key() string {
	return strings.Join([]string{u.Hour.UTC().Format(time.RFC3339Nano), u.ClientID, u.Audience}, " ")
}
