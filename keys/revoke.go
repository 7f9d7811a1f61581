package keys

import (
	"fmt"
	"time"
)

// Revoke takes a key out of use at once. If it was the one that signs, the
// published successor signs instead, or a new key where there is none, and
// another successor is published; if it was the successor, another one is.
// RetireAt and RemoveAt then tell until when its tokens would have lived. A
// revoked key is left as it is; a removed or unknown one is ErrUnknownKey.
func Revoke(set Set, kid string, now time.Time, t Timing, newKey NewKey) (Set, error) {
	p := newPlanner(set, now, t, newKey)
	key := find(p.set.Keys, kid)
	switch {
	case key != nil && key.RevokedAt != nil:
		return set, nil
	case key == nil || p.removed(key):
		return set, fmt.Errorf("%w %q", ErrUnknownKey, kid)
	}
	if err := p.takeBack(key.Alg, func(k *Key) bool { return k.Kid == kid }); err != nil {
		return set, err
	}
	return p.set, nil
}

// RevokeOlder revokes every key that was made before an instant, and has the
// successors sign that were made since. It makes no keys, so that taking back
// those of all tenants waits for none: Ensure does with the next token, or Tend.
// It returns the kids of the keys that the instant covers: also those that were
// revoked since then, so that it may be repeated.
func RevokeOlder(set Set, before, now time.Time, t Timing) (_ Set, revoked []string, err error) {
	p := newPlanner(set, now, t, nil)
	for _, alg := range Algs() {
		if err := p.takeBack(alg, func(k *Key) bool { return k.CreatedAt.Before(before) && !p.removed(k) }); err != nil {
			return set, nil, err
		}
	}
	for _, key := range p.set.Keys {
		if key.CreatedAt.Before(before) && key.RevokedAt != nil && !key.RevokedAt.Before(before) {
			revoked = append(revoked, key.Kid)
		}
	}
	return p.set, revoked, nil
}

// removed reports whether the key has left the JWKS by every clock, and with it
// whatever it signed.
func (p *planner) removed(k *Key) bool {
	return k.RemoveAt != nil && !p.now.Add(-p.timing.Skew).Before(*k.RemoveAt)
}

// takeBack revokes the keys for alg that leaked, and has another one sign where
// none is left that does: the successor, else a new one. It publishes another
// successor in place of one that is used up. Without newKey it makes do with the
// keys that there are.
func (p *planner) takeBack(alg string, leaked func(*Key) bool) (err error) {
	signing, next := SigningKey(p.set, alg, p.now), Successor(p.set, alg, p.now)
	for i := range p.set.Keys {
		if key := &p.set.Keys[i]; key.Alg == alg && key.RevokedAt == nil && leaked(key) {
			p.revoke(key)
		}
	}
	usedUp := signing != nil && signing.RevokedAt != nil || next != nil && next.RevokedAt != nil
	switch {
	case SigningKey(p.set, alg, p.now) != nil:
		p.cover(alg)
	case p.lost(alg) && (p.newKey != nil || Successor(p.set, alg, p.now) != nil):
		err = p.replace(alg)
	}
	if err == nil && usedUp && p.newKey != nil && Successor(p.set, alg, p.now) == nil {
		err = p.follow(alg)
	}
	p.link(alg)
	return err
}

func (p *planner) revoke(key *Key) {
	at := p.now
	key.RevokedAt = &at
	if key.RetireAt == nil || at.Before(*key.RetireAt) {
		remove := at.Add(p.timing.Afterlife())
		key.RetireAt, key.RemoveAt = &at, &remove
	}
}

// cover lets the key that signs for alg sign from one skew back on, if a node
// whose clock lags would have none: the revoked one had retired only just.
func (p *planner) cover(alg string) {
	signing := SigningKey(p.set, alg, p.now)
	back := p.now.Add(-p.timing.Skew)
	covered := SigningKey(p.set, alg, back) != nil
	for _, key := range p.set.Keys {
		if key.Alg == alg && key.RetireAt != nil && key.RetireAt.After(back) && !key.RetireAt.After(p.now) {
			covered = covered && SigningKey(p.set, alg, *key.RetireAt) != nil
		}
	}
	if !covered {
		p.takeOver(signing, back)
	}
}

// follow publishes a successor of the key that signs for alg, if one does.
func (p *planner) follow(alg string) error {
	signing := SigningKey(p.set, alg, p.now)
	if signing == nil {
		return p.publishSuccessor(alg, p.now.Add(p.timing.lead()), false)
	}
	return p.publishSuccessor(alg, p.scheduled(signing, p.now), false)
}

// Delete takes a key out of the set. It is a *TooEarlyError while a token that
// it signed may be alive, ErrKeyInUse for a key that signs or is going to, and
// ErrUnknownKey.
func Delete(set Set, kid string, now time.Time) (Set, error) {
	p := newPlanner(set, now, Timing{}, nil)
	for i := range p.set.Keys {
		key := &p.set.Keys[i]
		switch {
		case key.Kid != kid:
			continue
		case key.RemoveAt == nil:
			return set, fmt.Errorf("%w (%s)", ErrKeyInUse, kid)
		case p.now.Before(*key.RemoveAt):
			return set, &TooEarlyError{Earliest: *key.RemoveAt, Reason: "tokens that the key signed may be alive", Then: "safe to delete at"}
		}
		p.set.Keys = append(p.set.Keys[:i], p.set.Keys[i+1:]...)
		return p.set, nil
	}
	return set, fmt.Errorf("%w %q", ErrUnknownKey, kid)
}
