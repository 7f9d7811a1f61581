package tenants

import (
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// RefreshLifetime bounds refresh tokens, in seconds; 0 means not set here.
type RefreshLifetime struct {
	// Idle is how long a refresh token waits for its use.
	Idle int `json:"refresh_token_idle_lifetime,omitempty" gorm:"column:refresh_token_idle_lifetime"`
	// Total is how long a family lives, however often it is used.
	Total int `json:"refresh_token_lifetime,omitempty" gorm:"column:refresh_token_lifetime"`
	// Grace is how long a used refresh token is answered with its successor again.
	Grace int `json:"refresh_token_grace,omitempty" gorm:"column:refresh_token_grace"`
}

// Lifetimes of refresh tokens where neither client nor tenant say otherwise.
const (
	DefaultRefreshIdle  = 14 * 24 * time.Hour
	DefaultRefreshTotal = 90 * 24 * time.Hour
	DefaultRefreshGrace = 10 * time.Second
)

// RefreshBounds are the lifetimes that hold for a client of a tenant: the
// client's own where it has one, else the tenant's, else the platform's.
type RefreshBounds struct{ Idle, Total, Grace time.Duration }

// RefreshBoundsOf returns the lifetimes that hold now.
func RefreshBoundsOf(t *Tenant, c *Client) RefreshBounds {
	first := func(client, tenant int, platform time.Duration) time.Duration {
		switch {
		case client > 0:
			return time.Duration(client) * time.Second
		case tenant > 0:
			return time.Duration(tenant) * time.Second
		}
		return platform
	}
	own, house := c.RefreshLifetime, t.RefreshLifetime
	return RefreshBounds{
		Idle:  first(own.Idle, house.Idle, DefaultRefreshIdle),
		Total: first(own.Total, house.Total, DefaultRefreshTotal),
		Grace: first(own.Grace, house.Grace, DefaultRefreshGrace),
	}
}

// RefreshFamily is what a person once granted a client: all refresh tokens that
// follow one another from there. What it says never changes but for RevokedAt.
type RefreshFamily struct {
	ID       string `gorm:"primaryKey"` // UUIDv7
	TenantID string
	ClientID string
	UserID   string
	// GrantType is the grant by which the first token was earned.
	GrantType string
	Audience  string
	Scopes    oauth.Scopes   `gorm:"serializer:json"` // those granted
	Claims    map[string]any `gorm:"serializer:json"` // of the subject: auth_time, amr
	// Epoch is how many changes the database had seen when it was judged who earns
	// the family, 0 for a new one that is judged when it is stored: it is older than
	// every revocation of a later one, whatever the clocks of nodes say.
	Epoch int64
	// SessionID is the session that the family ends with; empty: none.
	SessionID string
	CreatedAt time.Time
	ExpiresAt time.Time // for good
	RevokedAt *time.Time
}

// Before reports whether the family is older than who has the ids of its user or
// client now, by the second: another node may have made them.
func (f *RefreshFamily) Before(u *User, c *Client) bool {
	return f.CreatedAt.Unix() < max(u.CreatedAt.Unix(), c.CreatedAt.Unix())
}

// RefreshToken is one refresh token of a family, of which only a keyed hash is
// kept. It is used once; its row stays as long as the family does, so that a
// second use is known for what it is.
type RefreshToken struct {
	TenantID    string `gorm:"primaryKey"`
	Hash        []byte `gorm:"primaryKey"` // HMAC-SHA-256 under the tenant's pepper
	FamilyID    string
	Predecessor []byte // the hash of the token that this one replaced; nil for the first
	CreatedAt   time.Time
	SpentAt     *time.Time
	Successor   []byte // the hash of the token that replaced this one
	// Sealed is the successor as text, which this token alone opens; nil from the
	// successor's first use on.
	Sealed []byte
}

// RefreshTokenPurpose is the first part of the keyed hash of a refresh token;
// the whole token follows.
const RefreshTokenPurpose = "refresh_token"

// FoundFamily is a family as it is stored.
type FoundFamily struct {
	Family RefreshFamily `gorm:"embedded;embeddedPrefix:f_"`
	// CutOff tells that the family was revoked with all others of its client,
	// its user or its tenant, that one of these was deleted, or that its session
	// has ended.
	CutOff bool
}

// FoundRefreshToken is a refresh token with its family, as they are stored.
type FoundRefreshToken struct {
	RefreshToken `gorm:"embedded"`
	FoundFamily  `gorm:"embedded"`
	// SuccessorSpent tells that the token which replaced this one was used.
	SuccessorSpent bool
}

// Live reports whether tokens of the family are good for anything at all.
func (f *FoundFamily) Live(now time.Time) bool {
	return f.Family.RevokedAt == nil && !f.CutOff && now.Before(f.Family.ExpiresAt)
}

// Reused reports whether to use the token at that instant is to use it again:
// it was used, and longer ago than the grace or its successor was used too.
func (f *FoundRefreshToken) Reused(now time.Time, grace time.Duration) bool {
	return f.SpentAt != nil && (f.SuccessorSpent || !now.Before(f.SpentAt.Add(grace)))
}

// RefreshStart is a new family with its first token; one without a Hash is none,
// where access tokens renew themselves.
type RefreshStart struct {
	Family RefreshFamily
	Token  RefreshToken
}

// RefreshUse is one use of a refresh token.
type RefreshUse struct {
	TenantID string
	Hash     []byte // of the token
	// Next is the candidate for its successor.
	Next  RefreshToken
	At    time.Time
	Grace time.Duration
	Issue Issue // the access token that is about to leave
	// Reuse is what is stored instead where the token was used before.
	Reuse AuditEvent
}
