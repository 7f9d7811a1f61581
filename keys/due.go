package keys

import (
	"slices"
	"time"
)

// Due returns when Tend has something to do next for a set that it has tended,
// the zero time for never. Sets of tenants that no token was asked of yet are
// never due; that a policy asks for something else than before has to be told
// otherwise.
func Due(set Set, now time.Time) time.Time {
	var due time.Time
	sooner := func(at time.Time) {
		if due.IsZero() || at.Before(due) {
			due = at
		}
	}
	for _, alg := range Algs() {
		active, next := SigningKey(set, alg, now), Successor(set, alg, now)
		switch {
		case next != nil && !next.ActiveAt.Equal(Never()):
			sooner(next.ActiveAt)
		case active == nil && next != nil, active != nil && next == nil, bereft(set, alg, now):
			sooner(now)
		}
	}
	for _, key := range set.Keys {
		if key.RemoveAt != nil {
			sooner(key.RemoveAt.Add(Retention))
		}
	}
	return due
}

// bereft reports whether keys for alg were revoked and none is left.
func bereft(set Set, alg string, now time.Time) bool {
	return SigningKey(set, alg, now) == nil && Successor(set, alg, now) == nil &&
		slices.ContainsFunc(set.Keys, func(k Key) bool { return k.Alg == alg && k.RevokedAt != nil })
}
