package keys

import "time"

// EnsureFirst makes the first key for alg, which signs at once: it is
// published and active one skew back, so that a node whose clock lags has it
// too, and a verifier that does not know it finds it on any node. Where a
// successor waits and nothing signs, that one is promoted. A set with a
// signing key, or one whose key for alg waits for its lead while another
// algorithm signs, is returned unchanged.
func EnsureFirst(set Set, alg string, now time.Time, t Timing, newKey NewKey) (_ Set, changed bool, err error) {
	if SigningKey(set, alg, now) != nil {
		return set, false, nil
	}
	waits := Successor(set, alg, now) != nil
	if waits && anySigns(set, now) {
		return set, false, nil
	}
	p := newPlanner(set, now, t, newKey)
	if err := p.replace(alg); err != nil {
		return set, false, err
	}
	return p.set, true, nil
}

// Introduce publishes the first key for an algorithm that a tenant changes to:
// it signs after its lead, and until then the key of the old algorithm does. A
// set that has a key for alg, or none that signs at all, is returned
// unchanged.
func Introduce(set Set, alg string, now time.Time, t Timing, newKey NewKey) (_ Set, changed bool, err error) {
	if SigningKey(set, alg, now) != nil || Successor(set, alg, now) != nil || !anySigns(set, now) {
		return set, false, nil
	}
	p := newPlanner(set, now, t, newKey)
	if err := p.publishSuccessor(alg, p.now.Add(t.lead())); err != nil {
		return set, false, err
	}
	return p.set, true, nil
}

func anySigns(set Set, now time.Time) bool {
	for _, alg := range Algs() {
		if SigningKey(set, alg, now) != nil {
			return true
		}
	}
	return false
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
