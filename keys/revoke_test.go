package keys_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
)

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

// What has retired stays as it was when another key is replaced.
func TestRevokeLeavesThePastAlone(t *testing.T) {
	b := newBench(t)
	_ = b.rotate(keys.RotateOptions{Immediately: true, Force: true})
	before := b.key("a")
	b.now = b.now.Add(time.Hour)
	b.revoke("b")
	b.is("a:retiring b:gone c:active d:next")
	if after := b.key("a"); !after.RetireAt.Equal(*before.RetireAt) || !after.RemoveAt.Equal(*before.RemoveAt) {
		t.Errorf("a retired at %s, now at %s", before.RetireAt, after.RetireAt)
	}
}

// Three keys within one skew, the middle one revoked: no clock may fall into
// the hole that it leaves.
func TestRevokeLeavesNoHole(t *testing.T) {
	now := start
	ago := func(seconds int) *time.Time { at := now.Add(-time.Duration(seconds) * time.Second); return &at }
	late := now.Add(48 * time.Hour)
	set := keys.Set{TenantID: tenant, Keys: []keys.Key{
		{Kid: "a", PublishedAt: *ago(9999), ActiveAt: *ago(9999), RetireAt: ago(30), RemoveAt: &late},
		{Kid: "b", PublishedAt: *ago(9999), ActiveAt: *ago(30), RetireAt: ago(10), RemoveAt: &late},
		{Kid: "c", PublishedAt: *ago(9999), ActiveAt: *ago(10)},
	}}
	for i := range set.Keys {
		set.Keys[i].Alg, set.Keys[i].TenantID = keys.RS256, tenant
	}
	b := &bench{T: t, now: now, set: set}
	b.revoke("b")
	for at := *ago(60); at.Before(now.Add(time.Minute)); at = at.Add(time.Second) {
		active := 0
		for _, key := range b.set.Keys {
			if key.State(at) == keys.Active {
				active++
			}
		}
		if active != 1 {
			t.Errorf("%d keys sign %s from now", active, at.Sub(now))
		}
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

	b = newBench(t)
	for range 2 {
		_ = b.rotate(keys.RotateOptions{Immediately: true, Force: true})
		b.now = b.now.Add(time.Hour)
	}
	active = b.key("c")
	b.revoke("b")
	if b.is("a:retiring b:gone c:active d:next"); !b.key("c").ActiveAt.Equal(active.ActiveAt) {
		t.Errorf("c: %+v", b.key("c"))
	}
}

func TestDeleteWaitsForTheLastToken(t *testing.T) {
	b := newBench(t)
	_ = b.rotate(keys.RotateOptions{Immediately: true, Force: true})
	safe := b.now.Add(timing().Afterlife())
	_, err := keys.Delete(b.set, "a", b.now)
	b.tooEarly(err, safe)
	if want := "tokens that the key signed may be alive: safe to delete at 2026-03-02T12:02:30Z"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
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

// Of three keys that followed each other within one skew, each can be revoked
// in any order: nothing stays in the JWKS that is known to have leaked.
func TestEveryKeyInTheJWKSCanBeRevoked(t *testing.T) {
	for _, order := range []string{"abc", "cba", "cab", "bca"} {
		b := newBench(t)
		for range 2 {
			b.now = b.now.Add(time.Second)
			if err := b.rotate(keys.RotateOptions{Immediately: true, Force: true}); err != nil {
				t.Fatal(err)
			}
		}
		for _, kid := range order {
			b.revoke(string(kid))
			if key := b.key(string(kid)); key.State(b.now) != keys.Gone {
				t.Errorf("in the order %s: %c is revoked and %s", order, kid, key.State(b.now))
			}
		}
	}

	b := newBench(t)
	for range 2 {
		_ = b.rotate(keys.RotateOptions{Immediately: true, Force: true})
	}
	b.revoke("c")
	b.now = b.now.Add(time.Second)
	if kids := b.leaked(b.now); len(kids) != 4 { // and c, revoked before
		t.Errorf("took back %v", kids)
	}
	for _, key := range b.set.Keys {
		if key.State(b.now) != keys.Gone {
			t.Errorf("%s is %s", key.Kid, key.State(b.now))
		}
	}
}

// What left the JWKS before is not taken back, and what was made since is sound.
func TestLeakedKeysAreThoseThatWereThereThen(t *testing.T) {
	b := newBench(t)
	_ = b.rotate(keys.RotateOptions{Immediately: true, Force: true})
	b.now = b.key("a").RemoveAt.Add(timing().Skew)
	leak := b.now
	b.now = b.now.Add(time.Second)
	_ = b.rotate(keys.RotateOptions{Immediately: true, Force: true})
	b.revoke("d")
	b.is("a:gone b:retiring c:active d:gone e:next")
	if kids := b.leaked(leak); !slices.Equal(kids, []string{"b", "c"}) || b.key("a").RevokedAt != nil {
		t.Errorf("took back %v, a was revoked at %v", kids, b.key("a").RevokedAt)
	}
	b.is("a:gone b:gone c:gone d:gone e:active")
}

// A node whose clock lags still lists a key that has just been removed.
func TestKeyThatAClockStillListsCanBeRevoked(t *testing.T) {
	b := newBench(t)
	_ = b.rotate(keys.RotateOptions{Immediately: true, Force: true})
	b.now = b.key("a").RemoveAt.Add(timing().Skew - time.Second)
	b.revoke("a")
	b.now = b.now.Add(timing().Skew)
	if _, err := keys.Revoke(b.set, "b", b.now, timing(), b.newKey); err != nil {
		t.Error(err)
	}

	b = newBench(t)
	_ = b.rotate(keys.RotateOptions{Immediately: true, Force: true})
	b.now = b.key("a").RemoveAt.Add(timing().Skew)
	if _, err := keys.Revoke(b.set, "a", b.now, timing(), b.newKey); !errors.Is(err, keys.ErrUnknownKey) {
		t.Errorf("a removed key: %v", err)
	}
}

// A node that has not heard of the revocation reaches the instant at which the
// first key of an algorithm signs: it gets a replacement as soon as it hears.
func TestKeyThatIsRevokedJustBeforeItSignsIsReplaced(t *testing.T) {
	b := newBench(t)
	b.ensure(keys.ES256)
	b.now = b.key("b").ActiveAt.Add(-timing().Settling())
	b.revoke("b")
	b.is("a:active b:gone c:active d:next")

	b = newBench(t)
	b.ensure(keys.ES256)
	b.now = b.key("b").ActiveAt.Add(-timing().Settling() - time.Second)
	b.revoke("b")
	b.is("a:active b:gone c:next")
}
