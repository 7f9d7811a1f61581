package keys

import "time"

// RevokeOlder revokes every key that was there before an instant, without
// making another one: that happens with the next token, or by Tend, so that
// taking back the keys of all tenants waits for no key generation. It returns
// the kids that it revoked.
func RevokeOlder(set Set, before, now time.Time, t Timing) (_ Set, revoked []string) {
	p := newPlanner(set, now, t, nil)
	for i := range p.set.Keys {
		if key := &p.set.Keys[i]; key.PublishedAt.Before(before) && key.RevokedAt == nil && inPlay(key, p.now) {
			p.revoke(key)
			revoked = append(revoked, key.Kid)
		}
	}
	return p.set, revoked
}
