package keys

import "time"

// RotateOptions says how a rotation differs from the ordinary one.
type RotateOptions struct {
	Immediately bool // promote the published successor now
	Force       bool // with Immediately: also before every verifier can know it
}

// Rotate plans that another key signs for alg. The published successor, or a
// new one where there is none, takes over after its lead.
//
// Immediately promotes the published successor now and publishes the one after
// it. Before Timing.Propagation has passed since its publication that is a
// *TooEarlyError; where no successor was published yet, one is, so that the
// error comes with a changed set: it is to be stored, and the order can be
// given again at Earliest. Force promotes in any case, and without a successor
// a new key: verifiers then have to fetch the JWKS anew on an unknown kid.
//
// A set without a signing key gets its first one before.
func Rotate(set Set, alg string, now time.Time, t Timing, o RotateOptions, newKey NewKey) (Set, error) {
	first, _, err := EnsureFirst(set, alg, now, t, newKey)
	if err != nil {
		return set, err
	}
	p := newPlanner(first, now, t, newKey)
	next := Successor(p.set, alg, p.now)
	switch {
	case o.Immediately && o.Force:
		err = p.promote(alg, next)
	case next == nil:
		if err = p.publishSuccessor(alg, p.now.Add(t.lead())); err == nil && o.Immediately {
			return p.set, tooEarlyToSign(p.now.Add(t.Propagation()))
		}
	case o.Immediately:
		if earliest := next.PublishedAt.Add(t.Propagation()); p.now.Before(earliest) {
			return set, tooEarlyToSign(earliest)
		}
		err = p.promote(alg, next)
	default:
		p.bringForward(next, latest(next.PublishedAt.Add(t.lead()), p.now.Add(t.Settling())))
	}
	if err != nil {
		return set, err
	}
	return p.set, nil
}

func tooEarlyToSign(earliest time.Time) *TooEarlyError {
	return &TooEarlyError{Earliest: earliest, Reason: "verifiers may not know the published key yet"}
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
	return p.publishSuccessor(alg, p.scheduled(next, p.now))
}

// bringForward lets next sign at the instant, if that is earlier than planned.
func (p *planner) bringForward(next *Key, at time.Time) (changed bool) {
	if !at.Before(next.ActiveAt) {
		return false
	}
	next.ActiveAt = at
	p.link(next.Alg)
	return true
}
