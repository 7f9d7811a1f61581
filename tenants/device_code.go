package tenants

import (
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// DeviceStatus says how far the authorization of a device has come.
type DeviceStatus string

// The values of DeviceStatus.
const (
	DevicePending  DeviceStatus = "pending"
	DeviceApproved DeviceStatus = "approved"
	DeviceDenied   DeviceStatus = "denied"
	DeviceSpent    DeviceStatus = "spent" // a token was given for it
)

// Times and limits of the device grant (RFC 8628).
const (
	DeviceCodeLife     = 15 * time.Minute
	DeviceInterval     = 5 * time.Second // between polls, and added for each that comes too early
	DeviceCodeKept     = 24 * time.Hour  // after its end, so that a late device learns why
	DeviceGuesses      = 5               // wrong user codes that are looked at
	DeviceGuessesAfter = 15 * time.Minute
)

// DeviceCode is a device's request to be authorized by a person (RFC 8628
// section 3.1). Of its two codes only keyed hashes are kept.
type DeviceCode struct {
	ID           string `gorm:"primaryKey"`
	TenantID     string
	ClientID     string
	Hash         []byte // of the device_code
	UserCodeHash []byte
	// Audience and Scopes are what was asked for and may be had.
	Audience string
	Scopes   oauth.Scopes `gorm:"serializer:json"`
	Status   DeviceStatus
	// SessionID is the session in which the user code was entered first; it alone
	// decides. UserID is who has decided.
	SessionID  string
	UserID     string
	SignedInAt *time.Time // of the session that approved
	Wait       int        // seconds that must lie between polls
	PolledAt   *time.Time
	CreatedAt  time.Time
	ExpiresAt  time.Time
}

// Before reports whether who has approved had the user's id before the user did.
func (d *DeviceCode) Before(u *User) bool {
	return d.SignedInAt != nil && d.SignedInAt.Unix() < u.CreatedAt.Unix()
}

// Expired reports whether the codes have ended.
func (d *DeviceCode) Expired(now time.Time) bool { return !now.Before(d.ExpiresAt) }
