package keys_test

import (
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
)

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
	if due := keys.Due(b.set, b.now); !due.Equal(b.now.Add(time.Microsecond)) {
		t.Errorf("due at %s", due)
	}
	b.now = b.now.Add(time.Microsecond)
	if !b.tend(keys.Policy{}) || b.set.Keys[0].Kid != "d" {
		t.Errorf("%s is still kept", b.set.Keys[0].Kid)
	}
}

func TestTendMakesNoFirstKey(t *testing.T) {
	set, changed, err := keys.Tend(keys.Set{TenantID: tenant}, keys.Policy{Algs: keys.Algs()}, start, timing(), nil)
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
	if withdrawn := b.key("b"); keys.NextEvent(&withdrawn, b.now) != (keys.Event{}) {
		t.Error("a key that was withdrawn is said to sign")
	}
	if b.key("c").Bits != 3072 || !b.key("a").RetireAt.Equal(b.key("c").ActiveAt) {
		t.Errorf("%+v", b.set.Keys)
	}
	if b.tend(keys.Policy{Bits: 3072}) {
		t.Error("changed again")
	}

	b = newBench(t) // paused
	b.tend(keys.Policy{})
	b.bits = 3072
	if b.tend(keys.Policy{Bits: 3072, Paused: true}); !b.key("c").ActiveAt.Equal(keys.Never()) {
		t.Errorf("paused, and c signs at %s", b.key("c").ActiveAt)
	}

	b = newBench(t) // so near to signing that a node may be ahead
	b.tend(keys.Policy{})
	b.now = b.key("b").ActiveAt.Add(-timing().Skew - timing().Staleness)
	if b.tend(keys.Policy{Bits: 3072}) {
		t.Error("a key that may sign already was withdrawn")
	}
}

func TestTendLeavesKeysThatHaveNoSize(t *testing.T) {
	b := &bench{T: t, now: start, set: keys.Set{TenantID: tenant}}
	b.ensure(keys.ES256)
	if !b.tend(keys.Policy{Bits: 3072}) || b.tend(keys.Policy{Bits: 3072}) {
		t.Error("not changed exactly once")
	}
	b.is("a:active b:next")
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
	if b.tend(keys.Policy{Period: 9000 * time.Hour}) {
		t.Error("a planned rotation was put off without an order")
	}
	if !b.tend(keys.Policy{Paused: true}) {
		t.Error("the planned rotation does not wait for an order")
	}
	for i := range b.set.Keys {
		if b.tend(keys.Policy{Paused: true}) || keys.NextEvent(&b.set.Keys[i], b.now) != (keys.Event{}) {
			t.Error("something happens though it is paused")
		}
	}
	b.now = b.now.AddDate(1, 0, 0)
	b.is("a:active b:next")
	if b.tend(keys.Policy{}); b.key("b").ActiveAt.Sub(b.now) != timing().Settling() {
		t.Errorf("after the pause b signs at %s", b.key("b").ActiveAt)
	}
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
		set, _, err := keys.Tend(set, keys.Policy{}, start, timing(), newKey)
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

// A pause holds rotations back, and not the first key of an algorithm.
func TestPauseDuringTheLeadOfANewAlgorithm(t *testing.T) {
	b := newBench(t)
	b.ensure(keys.ES256)
	first := b.key("b")
	b.tend(keys.Policy{Paused: true})
	if b.is("a:active b:next c:next"); !b.key("b").ActiveAt.Equal(first.ActiveAt) {
		t.Errorf("b signs at %s, planned was %s", b.key("b").ActiveAt, first.ActiveAt)
	}
	b.now = first.ActiveAt
	b.is("a:active b:active c:next")

	b = newBench(t) // as an earlier version has stored it
	b.tend(keys.Policy{Paused: true})
	b.ensure(keys.ES256)
	b.set.Keys[2].ActiveAt = keys.Never()
	if due := keys.Due(b.set, b.now); !due.Equal(b.now) {
		t.Errorf("due at %s", due)
	}
	b.tend(keys.Policy{})
	b.signsAfter("c", timing().Lead)
}

// The first key of a new algorithm needs a successor as soon as it signs.
func TestDueWhenANewAlgorithmSigns(t *testing.T) {
	b := newBench(t)
	b.tend(keys.Policy{Algs: []string{keys.RS256, keys.ES256}})
	if due := keys.Due(b.set, b.now); !due.Equal(b.now.Add(timing().Lead)) {
		t.Errorf("due at %s", due)
	}
}

// A pause holds the schedule back, and no order: not one given before, nor
// where the key that was to follow is replaced by one of another size.
func TestOrdersHoldThroughAPause(t *testing.T) {
	b := newBench(t)
	b.tend(keys.Policy{Paused: true})
	if err := b.rotate(keys.RotateOptions{}); err != nil {
		t.Fatal(err)
	}
	b.signsAfter("b", timing().Lead)
	if b.tend(keys.Policy{Paused: true}) {
		t.Error("the scheduler changed what was ordered")
	}
	b.now, b.bits = b.now.Add(time.Hour), 3072
	b.tend(keys.Policy{Paused: true, Bits: 3072})
	b.is("a:active b:gone c:next")
	b.signsAfter("c", timing().Lead)
	if b.tend(keys.Policy{Paused: true, Bits: 3072}) {
		t.Error("the scheduler changed what was ordered")
	}
	b.now = b.key("c").ActiveAt
	b.is("a:retiring b:gone c:active")
	b.tend(keys.Policy{Paused: true, Bits: 3072})
	if b.is("a:retiring b:gone c:active d:next"); !b.key("d").ActiveAt.Equal(keys.Never()) {
		t.Errorf("what follows was not ordered, and signs at %s", b.key("d").ActiveAt)
	}

	b = newBench(t) // nothing was published yet
	if err := b.rotate(keys.RotateOptions{}); err != nil || b.tend(keys.Policy{Paused: true}) {
		t.Error("the scheduler changed what was ordered", err)
	}
}

// What is refused is not done later, either.
func TestRefusedOrderDoesNotEndAPause(t *testing.T) {
	b := newBench(t)
	set, err := keys.Rotate(b.set, keys.Policy{Paused: true}, keys.RotateOptions{Alg: keys.RS256, Immediately: true}, b.now, timing(), b.newKey)
	b.set = set
	b.tooEarly(err, b.now.Add(timing().Propagation()))
	if b.is("a:active b:next"); !b.key("b").ActiveAt.Equal(keys.Never()) {
		t.Errorf("b signs at %s", b.key("b").ActiveAt)
	}
}

// A successor is published also where rotation was paused before the first key.
func TestDueForTheSuccessorOfAPausedTenant(t *testing.T) {
	b := newBench(t)
	if due := keys.Due(b.set, b.now); !due.Equal(b.now) {
		t.Errorf("due at %s", due)
	}
	b.tend(keys.Policy{Paused: true})
	b.is("a:active b:next")
	if due := keys.Due(b.set, b.now); !due.IsZero() {
		t.Errorf("with a key that waits for an order due at %s", due)
	}
}
