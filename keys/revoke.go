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
	if key == nil || key.RevokedAt == nil && !inPlay(key, p.now) {
		return set, fmt.Errorf("%w %q", ErrUnknownKey, kid)
	}
	if key.RevokedAt != nil {
		return set, nil
	}
	alg := key.Alg
	signing, next := SigningKey(p.set, alg, p.now), Successor(p.set, alg, p.now)
	wasSigning, wasNext := key == signing, key == next
	p.revoke(key)
	var err error
	if wasSigning {
		err = p.replace(alg)
	} else {
		p.cover(alg)
	}
	if err == nil && (wasSigning || wasNext) && Successor(p.set, alg, p.now) == nil {
		err = p.follow(alg)
	}
	if err != nil {
		return set, err
	}
	p.link(alg)
	return p.set, nil
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
	if signing == nil {
		return
	}
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
		return p.publishSuccessor(alg, p.now.Add(p.timing.lead()))
	}
	return p.publishSuccessor(alg, p.scheduled(signing, p.now))
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
			return set, &TooEarlyError{Earliest: *key.RemoveAt, Reason: "tokens that the key signed may be alive"}
		}
		p.set.Keys = append(p.set.Keys[:i], p.set.Keys[i+1:]...)
		return p.set, nil
	}
	return set, fmt.Errorf("%w %q", ErrUnknownKey, kid)
}
