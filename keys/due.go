package keys

import "time"

// Due returns when Tend has something to do for the set under one of the
// policies next, the zero time for never. Sets of tenants that no token was
// asked of yet are never due.
func Due(set Set, policies []Policy, now time.Time) time.Time {
	var due time.Time
	sooner := func(at time.Time) {
		if due.IsZero() || at.Before(due) {
			due = at
		}
	}
	for _, policy := range policies {
		if SigningKey(set, policy.Alg, now) == nil || policy.Paused {
			continue
		}
		next := Successor(set, policy.Alg, now)
		switch {
		case next == nil:
			sooner(now)
		case !next.ActiveAt.Equal(Never()):
			sooner(next.ActiveAt)
		}
	}
	for _, key := range set.Keys {
		if key.RemoveAt != nil {
			sooner(key.RemoveAt.Add(Retention))
		}
	}
	return due
}
