package keys

import (
	"slices"
	"time"
)

// Ensure sees to it that each of algs has a key that signs or is going to. What
// it makes signs at once where no verifier can rely on another key: where no key
// of the tenant signs at all, for every one of algs, and where the key that
// signed for the algorithm was revoked. A further algorithm gets its key
// published, which signs after its lead; until then a key of another one does.
//
// A key that signs at once is published and active one skew back, so that a
// node whose clock lags has it too, and a verifier that does not know it finds
// it on any node. Where a successor waits, that one is promoted.
func Ensure(set Set, algs []string, now time.Time, t Timing, newKey NewKey) (_ Set, changed bool, err error) {
	p := newPlanner(set, now, t, newKey)
	if changed, err = p.ensure(algs); err != nil || !changed {
		return set, false, err
	}
	return p.set, true, nil
}

func (p *planner) ensure(algs []string) (changed bool, err error) {
	first := !anySigns(p.set, p.now)
	for _, alg := range algs {
		if SigningKey(p.set, alg, p.now) != nil {
			continue
		}
		switch {
		case first || p.lost(alg):
			err = p.replace(alg)
		case Successor(p.set, alg, p.now) == nil:
			err = p.publishSuccessor(alg, p.now.Add(p.timing.lead()), false)
		default:
			continue
		}
		if err != nil {
			return false, err
		}
		changed = true
	}
	return changed, nil
}

func anySigns(set Set, now time.Time) bool {
	return slices.ContainsFunc(Algs(), func(alg string) bool { return SigningKey(set, alg, now) != nil })
}

// lost reports whether a key for alg was revoked that may have signed, by
// whichever clock, on a node that had not heard of it.
func (p *planner) lost(alg string) bool {
	return slices.ContainsFunc(p.set.Keys, func(k Key) bool {
		return k.Alg == alg && k.RevokedAt != nil && !k.ActiveAt.After(k.RevokedAt.Add(p.timing.Settling()))
	})
}

// replace makes a key for alg sign at once: the published successor, else a
// new one.
func (p *planner) replace(alg string) error {
	next := Successor(p.set, alg, p.now)
	if next == nil {
		var err error
		if next, err = p.publish(alg, p.now, p.now); err != nil {
			return err
		}
	}
	p.takeOver(next, p.now.Add(-p.timing.Skew))
	return nil
}

// takeOver makes key the one that signs for its algorithm from an instant on
// that is now or one skew back: whatever was planned for the time since then
// is cut off. A node whose clock lags shows the key as soon as it knows it.
func (p *planner) takeOver(key *Key, at time.Time) {
	for i := range p.set.Keys {
		other := &p.set.Keys[i]
		if other != key && other.Alg == key.Alg && inPlay(other, p.now) && !other.ActiveAt.After(p.now) {
			if other.RetireAt == nil || at.Before(*other.RetireAt) {
				p.retire(other, at)
			}
		}
	}
	key.ActiveAt = at
	key.PublishedAt = earliest(key.PublishedAt, p.now.Add(-p.timing.Skew))
	p.link(key.Alg)
}
