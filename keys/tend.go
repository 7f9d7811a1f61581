package keys

import (
	"slices"
	"time"
)

// Retention is how long a key that is gone stays in the set, for reports.
const Retention = 90 * 24 * time.Hour

// Policy is how a tenant wants its keys.
type Policy struct {
	Algs   []string      // which the tenant and its APIs ask for
	Bits   int           // of an RSA modulus, 0 for 2048
	Period time.Duration // 0: Timing.Period
	Paused bool          // nothing is rotated but by order
}

// Timing returns t with the policy's period, as all that plans for the tenant
// takes it.
func (policy Policy) Timing(t Timing) Timing {
	if policy.Period != 0 {
		t.Period = policy.Period
	}
	if policy.Paused {
		t.Period = 0
	}
	return t
}

// Tend is the scheduler's step for a tenant that tokens were asked of before;
// the others get no key. It ensures the algorithms that the policy asks for and
// those whose keys were taken back; for each key that signs it publishes the
// successor where there is none, replaces one that has another size than the
// policy wants, and brings it forward where the policy wants it sooner, or lets
// it wait for an order where the policy is paused and none was given; and it
// drops the keys that are gone for longer than Retention. It may be called at any
// time, by any node: what it returns depends on its arguments only, and a set
// that is as it should be is returned unchanged.
func Tend(set Set, policy Policy, now time.Time, t Timing, newKey NewKey) (_ Set, changed bool, err error) {
	if len(set.Keys) == 0 {
		return set, false, nil
	}
	p := newPlanner(set, now, policy.Timing(t), newKey)
	wanted := slices.Clone(policy.Algs)
	for _, alg := range Algs() {
		if bereft(p.set, alg, p.now) {
			wanted = append(wanted, alg)
		}
	}
	changed, err = p.ensure(wanted)
	for _, alg := range Algs() {
		if err != nil {
			return set, false, err
		}
		var tended bool
		tended, err = p.tend(alg, policy)
		changed = changed || tended
	}
	if dropped := p.dropGone(); err != nil || !changed && !dropped {
		return set, false, err
	}
	return p.set, true, nil
}

func (p *planner) tend(alg string, policy Policy) (changed bool, err error) {
	active, next := SigningKey(p.set, alg, p.now), Successor(p.set, alg, p.now)
	settled := p.now.Add(p.timing.Settling())
	if active == nil { // the first key of an algorithm is no rotation: a pause does not hold it
		return next != nil && p.bringForward(next, latest(next.PublishedAt.Add(p.timing.lead()), settled)), nil
	}
	if next != nil && !next.ActiveAt.After(settled) {
		return false, nil // some node may have reached the instant already
	}
	ordered := next != nil && next.Ordered
	due := func(publishedAt time.Time) time.Time {
		if ordered || !policy.wants(active) && p.timing.Period != 0 {
			return publishedAt.Add(p.timing.lead())
		}
		return p.scheduled(active, publishedAt)
	}
	switch {
	case next == nil:
	case !policy.wants(next): // it never signed, and no node can come to think that it does
		at := p.now
		next.RetireAt, next.RemoveAt = &at, &at
	case policy.Paused && !ordered:
		return p.move(next, Never()), nil
	default:
		return p.bringForward(next, latest(due(next.PublishedAt), settled)), nil
	}
	return true, p.publishSuccessor(alg, due(p.now), ordered)
}

// wants reports whether a key has the policy's size.
func (policy Policy) wants(k *Key) bool {
	bits := policy.Bits
	if bits == 0 {
		bits = RSABits()[0]
	}
	return !isRSA(k.Alg) || k.Bits == bits
}

// dropGone takes the keys out of the set that are gone for long.
func (p *planner) dropGone() (changed bool) {
	kept := p.set.Keys[:0]
	for _, key := range p.set.Keys {
		if key.RemoveAt == nil || p.now.Before(key.RemoveAt.Add(Retention)) {
			kept = append(kept, key)
		}
	}
	changed = len(kept) < len(p.set.Keys)
	p.set.Keys = kept
	return changed
}
