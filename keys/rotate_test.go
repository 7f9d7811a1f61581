package keys_test

import (
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
)

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
	if err := b.rotate(keys.RotateOptions{Force: true}); err != nil { // which says nothing alone
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

// The first key of a further algorithm is guarded like any other.
func TestRotationToAnotherAlgorithmIsGuarded(t *testing.T) {
	b := newBench(t)
	order := keys.RotateOptions{Alg: keys.EdDSA, Immediately: true}
	earliest := b.now.Add(timing().Propagation())
	for range 2 {
		b.tooEarly(b.rotate(order), earliest)
		b.is("a:active b:next")
		b.now = b.now.Add(time.Second)
	}
	if err := b.rotate(keys.RotateOptions{Alg: keys.EdDSA}); err != nil {
		t.Fatal(err)
	}
	if b.is("a:active b:next"); !b.key("b").ActiveAt.Equal(start.Add(timing().Lead)) {
		t.Errorf("b signs at %s", b.key("b").ActiveAt)
	}
	b.now = earliest
	if err := b.rotate(order); err != nil {
		t.Fatal(err)
	}
	b.is("a:active b:active c:next")
	if b.key("b").RetireAt == nil || b.key("a").RetireAt != nil {
		t.Errorf("the keys are linked wrongly: %+v", b.set.Keys)
	}
}
