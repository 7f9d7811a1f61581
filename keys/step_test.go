package keys_test

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/gatehouse-auth/gatehouse/keys"
)

// step draws one thing that happens.
func (w *world) step() {
	n := rapid.IntRange(0, len(w.nodes)-1).Draw(w.t, "node")
	alg := rapid.SampledFrom([]string{keys.RS256, keys.RS256, keys.RS256, keys.ES256}).Draw(w.t, "alg")
	before, now := w.newest(), w.clock(n, w.now)
	set, timing := before, w.policy.Timing(w.timing)
	exempt, revoked := maps.Clone(w.exempt), maps.Clone(w.revoked)
	var err error
	switch action := rapid.SampledFrom([]string{
		"wait", "wait", "wait", "wait", "tend", "tend", "tend", "tend twice", "token", "rotate", "now", "force", "revoke", "leak", "delete", "policy",
	}).Draw(w.t, "action"); action {
	case "wait":
		w.wait()
	case "tend":
		set, _, err = keys.Tend(set, w.policy, now, w.timing, w.newKey)
	case "tend twice":
		w.race()
	case "token":
		set, _, err = keys.Ensure(set, append([]string{alg}, w.policy.Algs...), now, w.timing, w.newKey)
	case "rotate", "now", "force":
		order := keys.RotateOptions{Alg: alg, Immediately: action != "rotate", Force: action == "force"}
		set, err = keys.Rotate(set, w.policy, order, now, w.timing, w.newKey)
		if signing := keys.SigningKey(set, alg, now); order.Force && signing != nil {
			w.exempt[signing.Kid] = set.Version + 1
		}
	case "revoke":
		set, err = w.revoke(set, now, timing)
	case "leak":
		set, err = w.leak(set, now, timing)
	case "delete":
		set = w.delete(set, now)
	case "policy":
		w.wantOtherwise(alg)
	}
	w.allow(err)
	if reflect.DeepEqual(set.Keys, before.Keys) {
		return
	}
	crash := rapid.SampledFrom([]string{"", "", "", "", "", "before it is saved", "after it was saved"}).Draw(w.t, "crash")
	if crash == "before it is saved" { // the plan is lost, with the keys that were made for it
		w.exempt, w.revoked = exempt, revoked
	} else {
		w.excuse(before, set, now)
		w.save(n, set)
	}
	if crash != "" {
		w.nodes[n].starts = append(w.nodes[n].starts, w.now)
	}
}

// wantOtherwise changes how the tenant wants its keys, or which algorithms its
// APIs ask for.
func (w *world) wantOtherwise(alg string) {
	switch rapid.IntRange(0, 3).Draw(w.t, "policy") {
	case 0:
		w.policy.Paused = !w.policy.Paused
	case 1:
		w.policy.Bits = 2048 + 3072 - w.policy.Bits
	case 2:
		w.policy.Period = time.Duration(rapid.IntRange(0, 72).Draw(w.t, "period")) * time.Hour
	case 3:
		w.policy.Algs = []string{keys.RS256, alg}
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
func (w *world) race() {
	read := w.newest()
	saved := 0
	for n := range w.nodes {
		set, changed, err := keys.Tend(read, w.policy, w.clock(n, w.now), w.timing, w.newKey)
		w.allow(err)
		if !changed || set.Version != w.newest().Version {
			continue
		}
		w.excuse(read, set, w.clock(n, w.now))
		if w.save(n, set) {
			saved++
		}
	}
	if saved > 1 {
		w.t.Fatalf("%d nodes changed one version of the set", saved)
	}
}

// excuse notes which keys may sign before verifiers know them: the first keys of
// the tenant, and those that replace keys that were taken back.
func (w *world) excuse(before, after keys.Set, now time.Time) {
	first := true
	for _, alg := range keys.Algs() {
		first = first && keys.SigningKey(before, alg, now) == nil
	}
	signed := func(set keys.Set, kid string) bool {
		return slices.ContainsFunc(set.Keys, func(k keys.Key) bool { return k.Kid == kid && !k.ActiveAt.After(now) })
	}
	for _, key := range after.Keys {
		replaces := first || w.versions[len(w.versions)-1].bereft[key.Alg]
		if replaces && keys.SigningKey(before, key.Alg, now) == nil && signed(after, key.Kid) && !signed(before, key.Kid) {
			w.exempt[key.Kid] = after.Version + 1
		}
	}
}

// bereft returns the algorithms for which a key signed that was taken back, and
// no key has signed since.
func (w *world) bereft(set keys.Set, now time.Time) map[string]bool {
	last, bereft := w.versions[len(w.versions)-1], map[string]bool{}
	for _, alg := range keys.Algs() {
		lost := last.bereft[alg]
		for _, key := range last.set.Keys {
			lost = lost || key.Alg == alg && w.revoked[key.Kid] == set.Version+1 && !key.ActiveAt.After(now.Add(w.timing.Settling()))
		}
		if lost && keys.SigningKey(set, alg, now) == nil {
			bereft[alg] = true
		}
	}
	return bereft
}

func (w *world) revoke(set keys.Set, now time.Time, timing keys.Timing) (keys.Set, error) {
	if len(set.Keys) == 0 {
		return set, nil
	}
	key := rapid.SampledFrom(set.Keys).Draw(w.t, "key")
	after, err := keys.Revoke(set, key.Kid, now, timing, w.newKey)
	if errors.Is(err, keys.ErrUnknownKey) && key.RemoveAt != nil && !now.Before(*key.RemoveAt) {
		return set, nil // it is removed
	}
	if err != nil || key.RevokedAt != nil {
		return after, err
	}
	w.tookBack(set, after, now, key.Kid)
	for _, alg := range keys.Algs() {
		if keys.SigningKey(set, alg, now) != nil && keys.SigningKey(after, alg, now) == nil {
			w.t.Fatalf("no key signs with %s after %s was revoked", alg, key.Kid)
		}
	}
	return after, nil
}

// leak takes back all keys that were made before an instant, twice.
func (w *world) leak(set keys.Set, now time.Time, timing keys.Timing) (keys.Set, error) {
	before := now.Add(-time.Duration(rapid.IntRange(0, 200).Draw(w.t, "minutes ago")) * time.Minute)
	after, _, err := keys.RevokeOlder(set, before, now, timing)
	if err != nil {
		return set, err
	}
	var kids []string
	for _, key := range set.Keys {
		if key.RevokedAt == nil && key.CreatedAt.Before(before) && (key.RemoveAt == nil || now.Before(*key.RemoveAt)) {
			kids = append(kids, key.Kid)
		}
	}
	w.tookBack(set, after, now, kids...)
	again, _, err := keys.RevokeOlder(after, before, now, timing)
	if err == nil && !reflect.DeepEqual(again.Keys, after.Keys) {
		w.t.Fatalf("taken back again, the keys change from %+v to %+v", after.Keys, again.Keys)
	}
	return after, err
}

// tookBack notes which keys are to be gone for good, and sees to it that no other
// key was disturbed that signs on every node.
func (w *world) tookBack(set, after keys.Set, now time.Time, kids ...string) {
	for _, kid := range kids {
		w.revoked[kid] = set.Version + 1
	}
	for _, alg := range keys.Algs() {
		before, signing := keys.SigningKey(set, alg, now), keys.SigningKey(after, alg, now)
		switch {
		case before != nil && w.revoked[before.Kid] == 0 && (signing == nil || signing.Kid != before.Kid):
			w.t.Fatalf("taking back %v disturbed %s, which signs: %s\n%+v\n%+v", kids, before.Kid, now, set, after)
		case signing == nil:
		case before == nil || before.Kid != signing.Kid || w.signedLately(set, alg, now):
			w.exempt[signing.Kid] = set.Version + 1
		}
	}
}

// signedLately reports whether a key that is being taken back signs by some
// clock, so that another one may have to sign there instead.
func (w *world) signedLately(set keys.Set, alg string, now time.Time) bool {
	return slices.ContainsFunc(set.Keys, func(k keys.Key) bool {
		return k.Alg == alg && w.revoked[k.Kid] == set.Version+1 && k.State(now.Add(-w.timing.Skew)) == keys.Active
	})
}

func (w *world) delete(set keys.Set, now time.Time) keys.Set {
	if len(set.Keys) == 0 {
		return set
	}
	after, err := keys.Delete(set, rapid.SampledFrom(set.Keys).Draw(w.t, "key").Kid, now)
	if err != nil {
		return set
	}
	return after
}
