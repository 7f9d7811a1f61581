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
	paused   bool
	bits     int
	kids     int
	exempt   map[string]int64 // keys that may sign before verifiers know them, and by which version
}

type simNode struct{ offset, lag time.Duration }

// version is a stored set, with when it was stored and by which node.
type version struct {
	at  time.Time
	by  int
	set keys.Set
}

func newWorld(t *rapid.T) *world {
	seconds := func(name string, most int) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Second
	}
	w := &world{t: t, now: start, bits: 2048, exempt: map[string]int64{}}
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
	return keys.Key{TenantID: tenant, Kid: fmt.Sprintf("key-%d", w.kids), Alg: alg, Bits: w.bits}, nil
}

// view is what a node has in memory at a true instant.
func (w *world) view(n int, at time.Time) keys.Set {
	for i := len(w.versions) - 1; i > 0; i-- {
		v := w.versions[i]
		if known := v.at.Add(w.nodes[n].lag); !known.After(at) || v.by == n && !v.at.After(at) {
			return v.set
		}
	}
	return w.versions[0].set
}

func (w *world) clock(n int, at time.Time) time.Time { return at.Add(w.nodes[n].offset) }

// save is the compare-and-swap of the store.
func (w *world) save(by int, set keys.Set) bool {
	if set.Version != w.newest().Version {
		return false
	}
	set.Version++
	w.versions = append(w.versions, version{at: w.now, by: by, set: set})
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

// step draws one thing that happens. A crash is a step whose result is not
// saved.
func (w *world) step() {
	n := rapid.IntRange(0, len(w.nodes)-1).Draw(w.t, "node")
	alg := rapid.SampledFrom([]string{keys.RS256, keys.RS256, keys.RS256, keys.ES256}).Draw(w.t, "alg")
	now, set := w.clock(n, w.now), w.newest()
	policy := keys.Policy{Alg: alg, Bits: w.bits, Paused: w.paused}
	var err error
	changed := true
	switch action := rapid.SampledFrom([]string{
		"wait", "wait", "wait", "wait", "tend", "tend", "tend", "tend twice", "first", "rotate", "now", "force", "revoke", "delete", "pause", "size", "crash",
	}).Draw(w.t, "action"); action {
	case "wait":
		w.wait()
		return
	case "tend":
		set, changed, err = keys.Tend(set, policy, now, w.timing, w.newKey)
	case "tend twice":
		w.race(policy)
		return
	case "first":
		set, changed, err = keys.EnsureFirst(set, alg, now, w.timing, w.newKey)
		if changed {
			w.excuse(set, alg, now)
		}
	case "rotate":
		w.begin(&set, alg, now)
		set, err = keys.Rotate(set, alg, now, policy.Timing(w.timing), keys.RotateOptions{}, w.newKey)
	case "now", "force":
		w.begin(&set, alg, now)
		force := action == "force"
		set, err = keys.Rotate(set, alg, now, policy.Timing(w.timing), keys.RotateOptions{Immediately: true, Force: force}, w.newKey)
		if force {
			w.excuse(set, alg, now)
		}
	case "revoke":
		set, err = w.revoke(set, now, policy)
	case "delete":
		if len(set.Keys) > 0 {
			w.delete(&set, rapid.SampledFrom(set.Keys).Draw(w.t, "key").Kid, now)
		}
	case "pause":
		if w.paused = !w.paused; w.paused {
			set, changed = keys.Pause(set, alg, now, w.timing)
		}
	case "size":
		w.bits = 2048 + 3072 - w.bits
		return
	case "crash":
		_, _, err = keys.Tend(set, policy, now, w.timing, w.newKey)
		changed = false
	}
	w.allow(err)
	if changed {
		w.save(n, set)
	}
}

// allow fails on every error but a refusal.
func (w *world) allow(err error) {
	if tooEarly := (*keys.TooEarlyError)(nil); err != nil && !asTooEarly(err, &tooEarly) {
		w.t.Fatal(err)
	}
}

// wait lets time pass: a little, much, or until about the time at which a key
// changes.
func (w *world) wait() {
	by := time.Duration(rapid.IntRange(0, 120).Draw(w.t, "seconds")) * time.Second
	switch rapid.IntRange(0, 3).Draw(w.t, "how long") {
	case 1:
		by *= 60
	case 2:
		by *= 3600 / 4
	case 3:
		for _, key := range w.newest().Keys {
			if until := key.ActiveAt.Sub(w.now); until > 0 && key.ActiveAt.Before(keys.Never()) {
				by = max(0, until+by-time.Minute)
			}
		}
	}
	w.now = w.now.Add(by)
}

// race lets every node tend the set that it read at the same moment.
func (w *world) race(policy keys.Policy) {
	read := w.newest()
	saved := 0
	for n := range w.nodes {
		set, changed, err := keys.Tend(read, policy, w.clock(n, w.now), w.timing, w.newKey)
		w.allow(err)
		if changed && w.save(n, set) {
			saved++
		}
	}
	if saved > 1 {
		w.t.Fatalf("%d nodes changed one version of the set", saved)
	}
}

// begin makes the first key apart from what follows, to know which one is new.
func (w *world) begin(set *keys.Set, alg string, now time.Time) {
	first, changed, err := keys.EnsureFirst(*set, alg, now, w.timing, w.newKey)
	w.allow(err)
	if changed {
		w.excuse(first, alg, now)
		*set = first
	}
}

func (w *world) excuse(set keys.Set, alg string, now time.Time) {
	if key := keys.SigningKey(set, alg, now); key != nil {
		w.exempt[key.Kid] = set.Version + 1
	}
}

func (w *world) revoke(set keys.Set, now time.Time, policy keys.Policy) (keys.Set, error) {
	if len(set.Keys) == 0 {
		return set, nil
	}
	key := rapid.SampledFrom(set.Keys).Draw(w.t, "key")
	before := keys.SigningKey(set, key.Alg, now)
	after, err := keys.Revoke(set, key.Kid, now, policy.Timing(w.timing), w.newKey)
	if err != nil {
		return set, nil // it is removed
	}
	signing := keys.SigningKey(after, key.Alg, now)
	if key.RevokedAt == nil && key.State(now.Add(-w.timing.Skew)) == keys.Active || before != nil && before.Kid == key.Kid {
		w.excuse(after, key.Alg, now) // it signed on some node
	} else if before != nil && (signing == nil || signing.Kid != before.Kid) {
		w.t.Fatalf("revoking %s disturbed %s, which signs: %s\n%+v\n%+v", key.Kid, before.Kid, now, set, after)
	}
	return after, nil
}

func (w *world) delete(set *keys.Set, kid string, now time.Time) {
	after, err := keys.Delete(*set, kid, now)
	if err == nil {
		*set = after
	}
}
