package keys_test

import (
	"errors"
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
