package keys

import (
	"context"
	"encoding/json"
	"time"
)

// calendar is the published key schedule of a tenant.
type calendar struct {
	Issuer       string            `json:"issuer"`
	NextRotation *time.Time        `json:"next_rotation_at"` // null: none is planned
	Keys         []calendarKey     `json:"keys"`
	Revoked      []calendarRevoked `json:"revoked"`
}

type calendarKey struct {
	Kid         string     `json:"kid"`
	Alg         string     `json:"alg"`
	State       State      `json:"state"`
	PublishedAt time.Time  `json:"published_at"`
	ActiveAt    *time.Time `json:"active_at"` // null: it waits for an order
	RetireAt    *time.Time `json:"retire_at"`
	RemoveAt    *time.Time `json:"remove_at"`
}

type calendarRevoked struct {
	Kid       string    `json:"kid"`
	RevokedAt time.Time `json:"revoked_at"`
}

// Schedule returns the tenant's key schedule as JSON: the keys in the JWKS
// with their instants, the next rotation, and the revoked keys, so that a
// resource server learns of a revocation without waiting for its copy of the
// JWKS to age. It is the same on every node.
func (r *Rings) Schedule(ctx context.Context, tenantID, issuer string) (Document, error) {
	ring, err := r.published(ctx, tenantID)
	if err != nil {
		return Document{}, err
	}
	now := r.now()
	return ring.rendered(&ring.schedule, issuer, now, func() ([]byte, error) { return json.Marshal(ring.calendar(issuer, now)) })
}

func (r *Ring) calendar(issuer string, now time.Time) calendar {
	c := calendar{Issuer: issuer, Keys: []calendarKey{}, Revoked: []calendarRevoked{}}
	for i := range r.set.Keys {
		key := &r.set.Keys[i]
		if key.RevokedAt != nil && key.RemoveAt != nil && now.Before(*key.RemoveAt) {
			c.Revoked = append(c.Revoked, calendarRevoked{Kid: key.Kid, RevokedAt: *key.RevokedAt})
		}
		if key.State(now) == Gone {
			continue
		}
		entry := calendarKey{Kid: key.Kid, Alg: key.Alg, State: key.State(now), PublishedAt: key.PublishedAt, RetireAt: key.RetireAt, RemoveAt: key.RemoveAt}
		if !key.ActiveAt.Equal(Never()) {
			entry.ActiveAt = &key.ActiveAt
		}
		c.Keys = append(c.Keys, entry)
		if entry.ActiveAt != nil && key.ActiveAt.After(now) && (c.NextRotation == nil || key.ActiveAt.Before(*c.NextRotation)) {
			c.NextRotation = &key.ActiveAt
		}
	}
	return c
}
