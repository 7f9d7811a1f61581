package keys_test

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/gatehouse-auth/gatehouse/keys"
)

// world is some nodes on one store, in true time. Each node's clock is off by
// an offset, and it learns of a change some time later, unless it made it.
type world struct {
	t        *rapid.T
	timing   keys.Timing
	now      time.Time
	nodes    []simNode
	versions []version
	policy   keys.Policy
	kids     int
	exempt   map[string]int64 // keys that may sign before verifiers know them, and by which version
	revoked  map[string]int64 // keys that were taken back, and by which version
}

// simNode is a node. Where it starts again it reads what is stored.
type simNode struct {
	offset, lag time.Duration
	starts      []time.Time
}

// startedSince reports whether the node started between two instants.
func (n simNode) startedSince(from, till time.Time) bool {
	return slices.ContainsFunc(n.starts, func(at time.Time) bool { return !at.Before(from) && !at.After(till) })
}

// version is a stored set, with when it was stored and by which node, and the
// algorithms whose keys were all taken back and not replaced yet.
type version struct {
	at     time.Time
	by     int
	set    keys.Set
	bereft map[string]bool
}

func newWorld(t *rapid.T) *world {
	seconds := func(name string, most int) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Second
	}
	w := &world{t: t, now: start, exempt: map[string]int64{}, revoked: map[string]int64{}}
	w.policy = keys.Policy{Algs: []string{keys.RS256}, Bits: 2048}
	w.timing = keys.Timing{MaxAge: time.Second + seconds("max-age", 600), Staleness: time.Second + seconds("staleness", 60), Skew: seconds("skew", 60)}
	w.timing.Lead = w.timing.Propagation() + seconds("lead beyond", 3600)
	w.timing.Period = time.Hour + seconds("period beyond", 48*3600)
	for range rapid.IntRange(1, 4).Draw(t, "nodes") {
		w.nodes = append(w.nodes, simNode{
			offset: seconds("offset", int(w.timing.Skew/time.Second)),
			lag:    min(w.timing.Staleness, seconds("lag", 61)),
		})
	}
	w.versions = []version{{at: w.now, set: keys.Set{TenantID: tenant}}}
	return w
}

func (w *world) newest() keys.Set { return w.versions[len(w.versions)-1].set }

// newKey makes keys without key material: planning looks at none.
func (w *world) newKey(alg string) (keys.Key, error) {
	w.kids++
	return keys.Key{TenantID: tenant, Kid: fmt.Sprintf("key-%d", w.kids), Alg: alg, Bits: w.policy.Bits}, nil
}

// view is what a node has in memory at a true instant.
func (w *world) view(n int, at time.Time) keys.Set { return w.seen(n, at).set }

func (w *world) seen(n int, at time.Time) version {
	for i := len(w.versions) - 1; i > 0; i-- {
		v := w.versions[i]
		if known := v.at.Add(w.nodes[n].lag); !known.After(at) || !v.at.After(at) && (v.by == n || w.nodes[n].startedSince(v.at, at)) {
			return v
		}
	}
	return w.versions[0]
}

func (w *world) clock(n int, at time.Time) time.Time { return at.Add(w.nodes[n].offset) }

// save is the compare-and-swap of the store.
func (w *world) save(by int, set keys.Set) bool {
	if set.Version != w.newest().Version {
		return false
	}
	bereft := w.bereft(set, w.clock(by, w.now))
	set.Version++
	w.versions = append(w.versions, version{at: w.now, by: by, set: set, bereft: bereft})
	return true
}

// instants returns, in order, every true instant at which anything that a node
// sees changes. In between all is constant.
func (w *world) instants() []time.Time {
	var list []time.Time
	for _, v := range w.versions {
		list = append(list, v.at)
		for _, n := range w.nodes {
			list = append(list, v.at.Add(n.lag))
			for _, k := range v.set.Keys {
				list = append(list, k.PublishedAt.Add(-n.offset), k.ActiveAt.Add(-n.offset))
				if k.RetireAt != nil {
					list = append(list, k.RetireAt.Add(-n.offset), k.RemoveAt.Add(-n.offset))
				}
			}
		}
	}
	for _, n := range w.nodes {
		list = append(list, n.starts...)
	}
	slices.SortFunc(list, time.Time.Compare)
	list = slices.CompactFunc(list, time.Time.Equal)
	return slices.DeleteFunc(list, func(at time.Time) bool { return at.Before(start) || !at.Before(keys.Never().AddDate(-1, 0, 0)) })
}

// life is what a node made of a key, in true time. Ends are exclusive.
type life struct {
	listed, unlisted     time.Time // in its JWKS
	signsFrom, signsTill time.Time // zero: never
	gaps                 int       // how often it came back into the JWKS
}

func (l *life) String() string {
	if l == nil {
		return "never"
	}
	return fmt.Sprintf("from %s to %s with %d gaps", l.listed.Sub(start), l.unlisted.Sub(start), l.gaps)
}

// lives returns the life of each key on each node.
func (w *world) lives() []map[string]*life {
	instants := w.instants()
	all := make([]map[string]*life, len(w.nodes))
	for n := range w.nodes {
		all[n] = map[string]*life{}
		for i, at := range instants {
			end := keys.Never()
			if i+1 < len(instants) {
				end = instants[i+1]
			}
			for _, key := range w.view(n, at).Keys {
				state := key.State(w.clock(n, at))
				if state == keys.Gone {
					continue
				}
				l := all[n][key.Kid]
				if l == nil {
					l = &life{listed: at, unlisted: at}
					all[n][key.Kid] = l
				}
				if !l.unlisted.Equal(at) {
					l.gaps++
				}
				l.unlisted = end
				if state == keys.Active {
					l.signsFrom = cmp.Or(l.signsFrom, at)
					l.signsTill = end
				}
			}
		}
	}
	return all
}
