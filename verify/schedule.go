package verify

import (
	"encoding/json"
	"errors"
	"maps"
	"time"
)

// rememberRevoked is longer than any access token lives: Gatehouse issues none for
// more than 24 hours.
const rememberRevoked = 48 * time.Hour

// revocations are the kids that an issuer's key schedule lists as revoked, and
// when it was last seen to list each.
type revocations map[string]time.Time

// parseSchedule reads of a key schedule what decides a verification. The rest of
// it is for people and for monitors.
func parseSchedule(issuer string, body []byte, now time.Time) (revocations, error) {
	var schedule struct {
		Issuer  string `json:"issuer"`
		Revoked []struct {
			KeyID string `json:"kid"`
		} `json:"revoked"`
	}
	if err := json.Unmarshal(body, &schedule); err != nil {
		return nil, errors.New("the key schedule is not JSON")
	}
	if schedule.Issuer != issuer {
		return nil, errors.New("the key schedule names another issuer")
	}
	revoked := make(revocations, len(schedule.Revoked))
	for _, key := range schedule.Revoked {
		revoked[key.KeyID] = now
	}
	return revoked, nil
}

// carryOver adds what was listed before: a revocation is final, also where a node
// that has not heard of it yet, or an old copy in some cache, answers next.
func (r revocations) carryOver(before revocations, now time.Time) {
	for kid, seen := range maps.All(before) {
		if _, listed := r[kid]; !listed && now.Sub(seen) < rememberRevoked {
			r[kid] = seen
		}
	}
}
