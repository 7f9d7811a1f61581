package keys

import (
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Timing is what the life of a key is planned by.
type Timing struct {
	MaxAge    time.Duration // how long a verifier may keep the JWKS (Cache-Control)
	Staleness time.Duration // how old a node's memory may be before it stops answering
	Skew      time.Duration // how far apart the clocks of any two nodes or verifiers may be
	Period    time.Duration // how long a key signs; 0: until an order to rotate
	Lead      time.Duration // how long a key is published before it signs, at least Propagation
}

// Propagation is how long after its publication a key is known to every node
// and every verifier: no key signs before.
func (t Timing) Propagation() time.Duration { return t.MaxAge + t.Staleness + t.Skew }

// Settling is how long after a change every node knows of it and has reached
// its instant.
func (t Timing) Settling() time.Duration { return t.Staleness + t.Skew }

// Afterlife is how long a key stays in the JWKS after it retired: the longest
// life of a token, and as long as a node may go on signing because it does not
// know yet (Staleness), ahead of the one that planned (Skew), for a verifier
// behind the one that answers with the JWKS (Skew).
func (t Timing) Afterlife() time.Duration { return oauth.MaxTokenLife + t.Staleness + 2*t.Skew }

func (t Timing) lead() time.Duration { return max(t.Lead, t.Propagation()) }
