// Package keys owns what signs a tenant's tokens: keys and their states, the
// rules by which they follow each other, the JWKS, signing and verifying, and
// the sealing of secrets at rest. It never decides who gets a token, and never
// stores anything itself.
package keys

import (
	"errors"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// State is what a key is good for at an instant.
type State string

// The states of a key. It is in the JWKS in all of them but Gone.
const (
	Next     State = "next"     // published, does not sign yet
	Active   State = "active"   // signs
	Retiring State = "retiring" // does not sign any more, its tokens are still alive
	Gone     State = "gone"
)

// Signature algorithms that a key may have (RFC 7518 section 3.1, RFC 8037).
const (
	RS256 = "RS256"
	PS256 = "PS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

// Errors of the key set.
var (
	// ErrNoKey means that a tenant has no key that signs with the algorithm.
	ErrNoKey = errors.New("no signing key")
	// ErrUnknownKey means that no key of the tenant has the kid, or that it is gone.
	ErrUnknownKey = errors.New("unknown key")
	// ErrInvalidToken is oauth.ErrInvalidToken.
	ErrInvalidToken = oauth.ErrInvalidToken
)

// Key is one signing key of a tenant. Its state follows from its instants and
// the clock alone, so that all nodes agree on it without talking.
type Key struct {
	TenantID    string     `json:"-" gorm:"primaryKey"`
	Kid         string     `json:"kid" gorm:"primaryKey"` // random, never used again
	Alg         string     `json:"alg"`
	Bits        int        `json:"bits,omitempty"`                         // of an RSA modulus
	CreatedAt   time.Time  `json:"created_at" gorm:"autoCreateTime:false"` // by its maker's clock
	PublishedAt time.Time  `json:"published_at"`
	ActiveAt    time.Time  `json:"active_at"`
	RetireAt    *time.Time `json:"retire_at"` // nil until a successor is known
	RemoveAt    *time.Time `json:"remove_at"` // set with RetireAt
	RevokedAt   *time.Time `json:"revoked_at"`
	Ordered     bool       `json:"-"` // an order to rotate has it sign at ActiveAt, which no pause puts off
	Public      []byte     `json:"-"` // the public JWK (RFC 7517), as it stands in the JWKS
	Sealed      []byte     `json:"-"` // the private key as PKCS #8, sealed
	SealedBy    string     `json:"-"` // the id of the master key that sealed it
}

// State returns the key's state at now.
func (k *Key) State(now time.Time) State {
	switch {
	case k.RevokedAt != nil || k.RemoveAt != nil && !now.Before(*k.RemoveAt):
		return Gone
	case k.RetireAt != nil && !now.Before(*k.RetireAt):
		return Retiring
	case !now.Before(k.ActiveAt):
		return Active
	case !now.Before(k.PublishedAt):
		return Next
	default:
		return Gone // not published yet
	}
}

// Set is all keys of a tenant. Version counts its changes: a Set is stored
// only if the stored one still has the Version that this one was read with.
type Set struct {
	TenantID string
	Version  int64
	Keys     []Key
	DueAt    time.Time // when Tend has something to do; zero: never
}
