package keys_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
)

// bench holds a set that is planned step by step, at a clock of its own.
type bench struct {
	*testing.T
	set   keys.Set
	now   time.Time
	kids  int
	bits  int
	fails error
}

func newBench(t *testing.T) *bench {
	b := &bench{T: t, now: start, set: keys.Set{TenantID: tenant}, bits: 2048}
	b.do(keys.EnsureFirst(b.set, keys.RS256, b.now, timing(), b.newKey))
	return b
}

func (b *bench) newKey(alg string) (keys.Key, error) {
	b.kids++
	return keys.Key{TenantID: tenant, Kid: string(rune('a' + b.kids - 1)), Alg: alg, Bits: b.bits}, b.fails
}

func (b *bench) do(set keys.Set, changed bool, err error) {
	b.Helper()
	if err != nil || !changed {
		b.Fatal(changed, err)
	}
	b.set = set
}

func (b *bench) tend(policy keys.Policy) (changed bool) {
	b.Helper()
	policy.Alg = keys.RS256
	set, changed, err := keys.Tend(b.set, policy, b.now, timing(), b.newKey)
	if err != nil {
		b.Fatal(err)
	}
	b.set = set
	return changed
}

func (b *bench) rotate(o keys.RotateOptions) error {
	set, err := keys.Rotate(b.set, keys.RS256, b.now, timing(), o, b.newKey)
	b.set = set
	return err
}

func (b *bench) revoke(kid string) {
	b.Helper()
	set, err := keys.Revoke(b.set, kid, b.now, timing(), b.newKey)
	if err != nil {
		b.Fatal(err)
	}
	b.set = set
}

// is compares the states of the keys, written such as "a:retiring b:active".
func (b *bench) is(want string) {
	b.Helper()
	var states []string
	for _, key := range b.set.Keys {
		states = append(states, key.Kid+":"+string(key.State(b.now)))
	}
	if got := strings.Join(states, " "); got != want {
		b.Errorf("keys are %s, want %s", got, want)
	}
}

func (b *bench) key(kid string) keys.Key {
	b.Helper()
	for _, key := range b.set.Keys {
		if key.Kid == kid {
			return key
		}
	}
	b.Fatalf("no key %s", kid)
	return keys.Key{}
}

func (b *bench) signsAfter(kid string, want time.Duration) {
	b.Helper()
	if got := b.key(kid).ActiveAt.Sub(b.now); got != want {
		b.Errorf("%s signs in %s, want %s", kid, got, want)
	}
}

func (b *bench) tooEarly(err error, want time.Time) {
	b.Helper()
	var early *keys.TooEarlyError
	if !errors.As(err, &early) || !early.Earliest.Equal(want) {
		b.Errorf("%v, want too early until %s", err, want)
	}
}

func TestRotationPublishesFirst(t *testing.T) {
	b := newBench(t)
	if err := b.rotate(keys.RotateOptions{}); err != nil {
		t.Fatal(err)
	}
	b.is("a:active b:next")
	b.signsAfter("b", 24*time.Hour)
	if a := b.key("a"); !a.RetireAt.Equal(b.key("b").ActiveAt) || a.RemoveAt.Sub(*a.RetireAt) != timing().Afterlife() {
		t.Errorf("a retires at %s and is removed at %s", a.RetireAt, a.RemoveAt)
	}
	b.now = b.now.Add(24 * time.Hour)
	b.is("a:retiring b:active")
	b.now = b.now.Add(timing().Afterlife())
	b.is("a:gone b:active")
}

func TestRotateBringsThePublishedKeyForward(t *testing.T) {
	b := newBench(t)
	b.tend(keys.Policy{})
	if planned := b.key("b").ActiveAt.Sub(b.now); planned < 27*24*time.Hour || planned > 33*24*time.Hour {
		t.Errorf("b is planned after %s", planned)
	}
	b.now = b.now.Add(time.Hour)
	if err := b.rotate(keys.RotateOptions{}); err != nil {
		t.Fatal(err)
	}
	b.signsAfter("b", 23*time.Hour)
	if err := b.rotate(keys.RotateOptions{}); err != nil || b.tend(keys.Policy{}) {
		t.Error("a second order, or the scheduler, changed the plan", err)
	}
	b.is("a:active b:next")

	b = newBench(t)
	b.tend(keys.Policy{})
	b.now = b.now.Add(48 * time.Hour)
	if err := b.rotate(keys.RotateOptions{}); err != nil {
		t.Fatal(err)
	}
	b.signsAfter("b", timing().Staleness+timing().Skew) // until all nodes know
}

func TestRotateImmediatelyIsGuarded(t *testing.T) {
	b := newBench(t)
	earliest := b.now.Add(timing().Propagation())
	b.tooEarly(b.rotate(keys.RotateOptions{Immediately: true}), earliest)
	b.is("a:active b:next") // published by the refused order
	b.now = earliest.Add(-time.Second)
	b.tooEarly(b.rotate(keys.RotateOptions{Immediately: true}), earliest)
	b.now = earliest
	if err := b.rotate(keys.RotateOptions{Immediately: true}); err != nil {
		t.Fatal(err)
	}
	b.is("a:retiring b:active c:next")
	if err := b.rotate(keys.RotateOptions{Immediately: true, Force: true}); err != nil {
		t.Fatal(err)
	}
	b.is("a:retiring b:retiring c:active d:next")
	if fresh := newBench(t); fresh.rotate(keys.RotateOptions{Immediately: true, Force: true}) != nil {
		t.Error("force needs a published key")
	} else {
		fresh.is("a:retiring b:active c:next")
	}
}

func TestRotateMakesTheFirstKeyToo(t *testing.T) {
	b := &bench{T: t, now: start, set: keys.Set{TenantID: tenant}, bits: 2048}
	if err := b.rotate(keys.RotateOptions{}); err != nil {
		t.Fatal(err)
	}
	b.is("a:active b:next")
}

func TestRevokeReplacesTheSigningKey(t *testing.T) {
	b := newBench(t)
	b.revoke("a") // without a successor
	b.is("a:gone b:active c:next")
	published := b.key("c").PublishedAt
	b.now = b.now.Add(time.Hour)
	b.revoke("b")
	b.is("a:gone b:gone c:active d:next")
	if c := b.key("c"); !c.PublishedAt.Equal(published) || !c.ActiveAt.Equal(b.now.Add(-timing().Skew)) {
		t.Errorf("c: %+v", c)
	}
	if until := b.key("b").RemoveAt; !until.Equal(b.now.Add(timing().Afterlife())) {
		t.Errorf("tokens of b would live until %s", until)
	}
	before := b.set
	b.revoke("b")
	if len(b.set.Keys) != len(before.Keys) {
		t.Error("revoking again changed something")
	}
	if _, err := keys.Revoke(b.set, "nobody", b.now, timing(), b.newKey); !errors.Is(err, keys.ErrUnknownKey) {
		t.Error(err)
	}
}

func TestRevokeOfOthersLeavesTheSigningKey(t *testing.T) {
	b := newBench(t)
	_ = b.rotate(keys.RotateOptions{Immediately: true, Force: true})
	b.is("a:retiring b:active c:next")
	b.now = b.now.Add(time.Hour)
	active := b.key("b")
	b.revoke("a")
	b.is("a:gone b:active c:next")
	b.revoke("c")
	b.is("a:gone b:active c:gone d:next")
	if b.key("b").ActiveAt != active.ActiveAt || !b.key("b").RetireAt.Equal(b.key("d").ActiveAt) {
		t.Errorf("b: %+v", b.key("b"))
	}
}

func TestDeleteWaitsForTheLastToken(t *testing.T) {
	b := newBench(t)
	_ = b.rotate(keys.RotateOptions{Immediately: true, Force: true})
	safe := b.now.Add(timing().Afterlife())
	_, err := keys.Delete(b.set, "a", b.now)
	b.tooEarly(err, safe)
	if _, err = keys.Delete(b.set, "c", b.now); !errors.Is(err, keys.ErrKeyInUse) {
		t.Error(err)
	}
	if _, err = keys.Delete(b.set, "nobody", b.now); !errors.Is(err, keys.ErrUnknownKey) {
		t.Error(err)
	}
	if b.set, err = keys.Delete(b.set, "a", safe); err != nil {
		t.Error(err)
	}
	b.is("b:active c:next")
}

func TestTendKeepsOneSuccessor(t *testing.T) {
	b := newBench(t)
	for round := range 5 {
		if !b.tend(keys.Policy{}) || b.tend(keys.Policy{}) {
			t.Fatal("not changed exactly once in round", round)
		}
		next := keys.Successor(b.set, keys.RS256, b.now)
		b.now = next.ActiveAt
	}
	b.tend(keys.Policy{})
	b.is("c:gone d:gone e:retiring f:active g:next") // a and b are gone for long
	b.now = b.key("c").RemoveAt.Add(keys.Retention - time.Microsecond)
	if b.tend(keys.Policy{}); b.set.Keys[0].Kid != "c" {
		t.Error("c is not kept for reports")
	}
	b.now = b.now.Add(time.Microsecond)
	if !b.tend(keys.Policy{}) || b.set.Keys[0].Kid != "d" {
		t.Errorf("%s is still kept", b.set.Keys[0].Kid)
	}
}

func TestTendMakesNoFirstKey(t *testing.T) {
	set, changed, err := keys.Tend(keys.Set{TenantID: tenant}, keys.Policy{Alg: keys.RS256}, start, timing(), nil)
	if changed || err != nil || len(set.Keys) != 0 {
		t.Error(set, changed, err)
	}
}

func TestTendFollowsAChangeOfSizeAfterItsLead(t *testing.T) {
	b := newBench(t)
	b.tend(keys.Policy{})
	b.now, b.bits = b.now.Add(time.Hour), 3072
	b.tend(keys.Policy{Bits: 3072})
	b.is("a:active b:gone c:next")
	b.signsAfter("c", timing().Lead)
	if b.key("c").Bits != 3072 || !b.key("a").RetireAt.Equal(b.key("c").ActiveAt) {
		t.Errorf("%+v", b.set.Keys)
	}
	if b.tend(keys.Policy{Bits: 3072}) {
		t.Error("changed again")
	}

	b = newBench(t) // so near to signing that a node may be ahead
	b.tend(keys.Policy{})
	b.now = b.key("b").ActiveAt.Add(-timing().Skew - timing().Staleness)
	if b.tend(keys.Policy{Bits: 3072}) {
		t.Error("a key that may sign already was withdrawn")
	}
}

func TestTendFollowsTheDatesOfThePolicy(t *testing.T) {
	b := newBench(t)
	b.tend(keys.Policy{})
	if !b.tend(keys.Policy{Period: 48 * time.Hour}) {
		t.Fatal("a shorter period changes nothing")
	}
	planned := b.key("b").ActiveAt
	if d := planned.Sub(b.now); d < 43*time.Hour || d > 53*time.Hour {
		t.Errorf("planned after %s", d)
	}
	if b.tend(keys.Policy{Period: 9000 * time.Hour}) || b.tend(keys.Policy{Paused: true}) {
		t.Error("a planned rotation was put off without an order")
	}
	b.do(pause(b))
	if b.tend(keys.Policy{Paused: true}) || keys.NextEvent(&b.set.Keys[0], b.now) != (keys.Event{}) {
		t.Error("something happens though it is paused")
	}
	b.now = b.now.AddDate(1, 0, 0)
	b.is("a:active b:next")
	if b.tend(keys.Policy{}); b.key("b").ActiveAt.Sub(b.now) != timing().Settling() {
		t.Errorf("after the pause b signs at %s", b.key("b").ActiveAt)
	}
}

func pause(b *bench) (keys.Set, bool, error) {
	set, changed := keys.Pause(b.set, keys.RS256, b.now, timing())
	return set, changed, nil
}

// A fleet of tenants that is made in one moment does not rotate in one.
func TestRotationsAreSpread(t *testing.T) {
	days := map[int]int{}
	for i := range 1000 {
		id := tenant + string(rune(i))
		newKey := func(alg string) (keys.Key, error) {
			return keys.Key{TenantID: id, Kid: "b", Alg: alg, Bits: 2048}, nil
		}
		set := keys.Set{TenantID: id, Keys: []keys.Key{{TenantID: id, Kid: "a", Alg: keys.RS256, Bits: 2048, PublishedAt: start, ActiveAt: start}}}
		set, _, err := keys.Tend(set, keys.Policy{Alg: keys.RS256}, start, timing(), newKey)
		if err != nil {
			t.Fatal(err)
		}
		days[int(keys.Successor(set, keys.RS256, start).ActiveAt.Sub(start)/(24*time.Hour))]++
	}
	for day, n := range days {
		if day < 27 || day > 33 || n > 250 {
			t.Errorf("%d tenants rotate on day %d", n, day)
		}
	}
}

func TestPlanningFailsWhole(t *testing.T) {
	b := newBench(t)
	b.fails = errors.New("no entropy")
	if err := b.rotate(keys.RotateOptions{}); !errors.Is(err, b.fails) || len(b.set.Keys) != 1 {
		t.Error(err, b.set)
	}
	same := func(string) (keys.Key, error) { return b.key("a"), nil }
	if _, err := keys.Rotate(b.set, keys.RS256, b.now, timing(), keys.RotateOptions{}, same); err == nil {
		t.Error("a kid may be used again")
	}
	other := func(alg string) (keys.Key, error) { return keys.Key{TenantID: "other", Kid: "z", Alg: alg}, nil }
	if _, err := keys.Rotate(b.set, keys.RS256, b.now, timing(), keys.RotateOptions{}, other); err == nil {
		t.Error("a key of another tenant was taken")
	}
}

func TestNextEvent(t *testing.T) {
	b := newBench(t)
	_ = b.rotate(keys.RotateOptions{})
	event := func(kid string) string {
		key := b.key(kid)
		e := keys.NextEvent(&key, b.now)
		if e == (keys.Event{}) {
			return ""
		}
		return e.Name + " in " + e.At.Sub(b.now).String()
	}
	check := func(kid, want string) {
		t.Helper()
		if got := event(kid); got != want {
			t.Errorf("%s: %q, want %q", kid, got, want)
		}
	}
	check("a", "retires in 24h0m0s")
	check("b", "signs in 24h0m0s")
	b.now = b.now.Add(24 * time.Hour)
	check("a", "removed in 24h2m30s")
	check("b", "")
	b.now = b.now.Add(25 * time.Hour)
	check("a", "")
	b.revoke("b")
	check("b", "")
}
