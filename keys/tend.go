package keys

import "time"

// Retention is how long a key that is gone stays in the set, for reports.
const Retention = 90 * 24 * time.Hour

// Policy is how a tenant wants its keys of one algorithm.
type Policy struct {
	Alg    string
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

// Tend is the scheduler's step: it publishes the successor of the key that
// signs for the policy's algorithm where there is none, replaces one that has
// another size than the policy wants, brings it forward where the policy wants
// it sooner, and drops the keys that are gone for longer than Retention. Where
// nothing signs for the algorithm it makes no key. It may be called at any
// time, by any node: what it returns depends on its arguments only, and a set
// that is as it should be is returned unchanged.
func Tend(set Set, policy Policy, now time.Time, t Timing, newKey NewKey) (_ Set, changed bool, err error) {
	p := newPlanner(set, now, policy.Timing(t), newKey)
	changed = p.dropGone()
	tended, err := p.tend(policy)
	if err != nil || !changed && !tended {
		return set, false, err
	}
	return p.set, true, nil
}

func (p *planner) tend(policy Policy) (changed bool, err error) {
	active := SigningKey(p.set, policy.Alg, p.now)
	if active == nil {
		return false, nil
	}
	next := Successor(p.set, policy.Alg, p.now)
	settled := p.now.Add(p.timing.Settling())
	if next != nil && !next.ActiveAt.After(settled) {
		return false, nil // some node may have reached the instant already
	}
	due := func(publishedAt time.Time) time.Time {
		if !policy.wants(active) && p.timing.Period != 0 {
			return publishedAt.Add(p.timing.lead())
		}
		return p.scheduled(active, publishedAt)
	}
	if next != nil && policy.wants(next) {
		return p.bringForward(next, latest(due(next.PublishedAt), settled)), nil
	}
	if next != nil { // it never signed, and no node can come to think that it does
		at := p.now
		next.RetireAt, next.RemoveAt = &at, &at
	}
	return true, p.publishSuccessor(policy.Alg, due(p.now))
}

// wants reports whether a key of the policy's algorithm has its size.
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

// Pause lets the published successor for alg wait for an order, unless it is
// so near to signing that a node may not learn of it in time.
func Pause(set Set, alg string, now time.Time, t Timing) (_ Set, changed bool) {
	p := newPlanner(set, now, t, nil)
	next := Successor(p.set, alg, p.now)
	if next == nil || next.ActiveAt.Equal(Never()) || !next.ActiveAt.After(p.now.Add(t.Settling())) {
		return set, false
	}
	next.ActiveAt = Never()
	p.link(alg)
	return p.set, true
}
