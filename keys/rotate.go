package keys

import (
	"slices"
	"time"
)

// RotateOptions says which rotation is ordered.
type RotateOptions struct {
	Alg         string
	Immediately bool // promote the published successor now
	Force       bool // with Immediately: also before every verifier can know it
}

// Rotate plans that another key signs for o.Alg. The published successor, or a
// new one where there is none, takes over after its lead.
//
// Immediately promotes the published successor now and publishes the one after
// it. Before Timing.Propagation has passed since its publication that is a
// *TooEarlyError; where no successor was published yet, one is, so that the
// error comes with a changed set: it is to be stored, and the order can be
// given again at Earliest. Force promotes in any case, and without a successor
// a new key: verifiers then have to fetch the JWKS anew on an unknown kid.
//
// The algorithms of the order and of the policy are ensured before: the first
// key of a further one is the successor that waits for its lead.
func Rotate(set Set, policy Policy, o RotateOptions, now time.Time, t Timing, newKey NewKey) (Set, error) {
	p := newPlanner(set, now, policy.Timing(t), newKey)
	if _, err := p.ensure(append(slices.Clone(policy.Algs), o.Alg)); err != nil {
		return set, err
	}
	var err error
	next := Successor(p.set, o.Alg, p.now)
	switch {
	case o.Immediately && o.Force:
		err = p.promote(o.Alg, next)
	case next == nil && o.Immediately: // which the schedule lacks, and plans
		if err = p.publishSuccessor(o.Alg, p.scheduled(SigningKey(p.set, o.Alg, p.now), p.now), false); err == nil {
			return p.set, tooEarlyToSign(p.now.Add(p.timing.Propagation()))
		}
	case next == nil:
		err = p.publishSuccessor(o.Alg, p.now.Add(p.timing.lead()), true)
	case o.Immediately:
		if earliest := next.PublishedAt.Add(p.timing.Propagation()); p.now.Before(earliest) {
			return p.set, tooEarlyToSign(earliest)
		}
		err = p.promote(o.Alg, next)
	default:
		p.bringForward(next, latest(next.PublishedAt.Add(p.timing.lead()), p.now.Add(p.timing.Settling())))
		next.Ordered = true
	}
	if err != nil {
		return set, err
	}
	return p.set, nil
}

func tooEarlyToSign(earliest time.Time) *TooEarlyError {
	return &TooEarlyError{Earliest: earliest, Reason: "verifiers may not know the published key yet", Then: "possible from"}
}

// promote makes next sign now, or a new key where it is nil, and sees to it
// that one is published to follow it.
func (p *planner) promote(alg string, next *Key) error {
	if next == nil {
		var err error
		if next, err = p.publish(alg, p.now, p.now); err != nil {
			return err
		}
	}
	p.takeOver(next, p.now)
	if Successor(p.set, alg, p.now) != nil { // planned by a node whose clock is ahead
		return nil
	}
	return p.publishSuccessor(alg, p.scheduled(next, p.now), false)
}

// bringForward lets next sign at the instant, if that is earlier than planned.
func (p *planner) bringForward(next *Key, at time.Time) (changed bool) {
	return at.Before(next.ActiveAt) && p.move(next, at)
}

// move lets next sign at the instant, Never for an order.
func (p *planner) move(next *Key, at time.Time) (changed bool) {
	if at.Equal(next.ActiveAt) {
		return false
	}
	next.ActiveAt = at
	p.link(next.Alg)
	return true
}
