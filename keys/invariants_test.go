package keys_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

func asTooEarly(err error, target **keys.TooEarlyError) bool { return errors.As(err, target) }

// checkOften checks a property on some thousand random worlds: they are cheap.
func checkOften(t *testing.T, property func(*rapid.T)) {
	for range 20 {
		if rapid.Check(t, property); t.Failed() {
			return
		}
	}
}

// The first four invariants of a key's life, whatever operators, schedulers
// and clocks do. TestSealed holds the fifth.
func TestKeysFollowEachOtherSafely(t *testing.T) {
	checkOften(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(5, 80).Draw(t, "steps") {
			w.step()
		}
		w.oneKeySigns(t)
		lives := w.lives()
		w.noKeySignsUnknown(t, lives, w.learned())
		w.noKeyLeavesBeforeItsTokens(t, lives)
		w.revokedKeysAreGone(t)
	})
}

// oneKeySigns: at every instant at most one key per algorithm signs on each
// node, and exactly one from the first that does, but for what was taken back
// from all tenants and has not been asked for since. While the first key of an
// algorithm waits, one of another algorithm signs.
func (w *world) oneKeySigns(t *rapid.T) {
	for n := range w.nodes {
		begun := map[string]bool{}
		for _, at := range w.instants() {
			v := w.seen(n, at)
			active, known := map[string]int{}, map[string]bool{}
			for _, key := range v.set.Keys {
				known[key.Alg] = true
				if key.State(w.clock(n, at)) == keys.Active {
					active[key.Alg]++
				}
			}
			for alg := range known {
				begun[alg] = begun[alg] || active[alg] > 0
				if active[alg] > 1 || active[alg] == 0 && begun[alg] && !v.bereft[alg] {
					t.Fatalf("%d keys sign with %s on node %d at %s of %s, seeing %+v", active[alg], alg, n, at.Sub(start), w.now.Sub(start), v.set.Keys)
				}
			}
			if len(active) == 0 && len(known) > 0 && len(v.bereft) == 0 {
				t.Fatalf("nothing signs on node %d at %s, seeing %+v", n, at.Sub(start), v.set.Keys)
			}
		}
	}
}

// noKeySignsUnknown: when a key signs on any node, each verifier has it that
// fetched the JWKS from any node up to MaxAge ago. An exempt key is in the
// JWKS of each node that has learned of it, and stays there.
func (w *world) noKeySignsUnknown(t *rapid.T, lives []map[string]*life, learned []map[int64]time.Time) {
	for m := range w.nodes {
		for kid, signing := range lives[m] {
			if signing.signsFrom.IsZero() || w.revokedAt(kid) != nil {
				continue
			}
			for n := range w.nodes {
				l := lives[n][kid]
				if version, ok := w.exempt[kid]; ok {
					if learned := learned[n][version]; l == nil || l.gaps > 0 || l.listed.After(learned) {
						t.Fatalf("node %d learns of %s at %s and does not list it: %v", n, kid, learned.Sub(start), l)
					}
					continue
				}
				if l == nil || l.gaps > 0 || signing.signsFrom.Before(l.listed.Add(w.timing.MaxAge)) {
					t.Fatalf("%s signs on node %d from %s on; node %d lists it %v", kid, m, signing.signsFrom.Sub(start), n, l)
				}
			}
		}
	}
}

// learned returns when each node first sees each version or a later one.
func (w *world) learned() []map[int64]time.Time {
	instants := w.instants()
	all := make([]map[int64]time.Time, len(w.nodes))
	for n := range w.nodes {
		all[n] = map[int64]time.Time{}
		seen := int64(0)
		for _, at := range instants {
			for seen < w.view(n, at).Version {
				seen++
				all[n][seen] = at
			}
		}
	}
	return all
}

func (w *world) revokedAt(kid string) *time.Time {
	for _, v := range w.versions {
		for _, key := range v.set.Keys {
			if key.Kid == kid && key.RevokedAt != nil {
				return key.RevokedAt
			}
		}
	}
	return nil
}

// noKeyLeavesBeforeItsTokens: while a token is alive by the clock of the
// slowest verifier, its key is in the JWKS of every node.
func (w *world) noKeyLeavesBeforeItsTokens(t *rapid.T, lives []map[string]*life) {
	fastest := w.nodes[0].offset
	for _, n := range w.nodes {
		fastest = max(fastest, n.offset)
	}
	slowest := fastest - w.timing.Skew
	for m, node := range w.nodes {
		for kid, signing := range lives[m] {
			if signing.signsFrom.IsZero() || signing.signsTill.Equal(keys.Never()) || w.revokedAt(kid) != nil {
				continue
			}
			expires := signing.signsTill.Add(node.offset + oauth.MaxTokenLife - slowest)
			for n := range w.nodes {
				if l := lives[n][kid]; l == nil || l.unlisted.Before(expires) {
					t.Fatalf("a token that node %d signed with %s up to %s lives until %s; node %d lists the key %v", m, kid, signing.signsTill.Sub(start), expires.Sub(start), n, l)
				}
			}
		}
	}
}

// revokedKeysAreGone: from the set on in which a key is revoked, no node that
// knows of it lists the key or signs with it, by whichever clock. That another
// one signs there, oneKeySigns has shown.
func (w *world) revokedKeysAreGone(t *rapid.T) {
	for kid, since := range w.revoked {
		for _, v := range w.versions {
			for _, key := range v.set.Keys {
				if key.Kid == kid && v.set.Version >= since && key.State(v.at) != keys.Gone {
					t.Fatalf("%s was revoked by version %d and is %s in version %d", kid, since, key.State(v.at), v.set.Version)
				}
			}
		}
	}
}

// After a scheduler's step a successor is published, whatever came before.
func TestTendPublishesOneSuccessor(t *testing.T) {
	checkOften(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			w.step()
			now := w.clock(0, w.now)
			set, _, err := keys.Tend(w.newest(), w.policy, now, w.timing, w.newKey)
			if err != nil {
				t.Fatal(err)
			}
			if keys.SigningKey(set, keys.RS256, now) == nil {
				continue
			}
			waiting := 0
			for _, key := range set.Keys {
				if key.Alg == keys.RS256 && key.State(now.Add(w.timing.Skew)) == keys.Next {
					waiting++
				}
			}
			next := keys.Successor(set, keys.RS256, now)
			if next == nil || waiting > 1 {
				t.Fatalf("%d successors wait: %+v", waiting, set.Keys)
			}
			if again, changed, _ := keys.Tend(set, w.policy, now, w.timing, w.newKey); changed {
				t.Fatalf("the set is changed again at the same instant: %+v", again.Keys)
			}
		}
	})
}
