package store_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// newSet returns a set of keys that become active an hour after each other.
func newSet(tenantID string, version int64, kids ...string) keys.Set {
	set := keys.Set{TenantID: tenantID, Version: version}
	published := instant.UTC().Truncate(time.Microsecond)
	for i, kid := range kids {
		set.Keys = append(set.Keys, keys.Key{
			TenantID: tenantID, Kid: kid, Alg: keys.RS256, Bits: 2048,
			CreatedAt: published.Add(time.Minute), PublishedAt: published, ActiveAt: published.Add(time.Duration(i) * time.Hour),
			Public: []byte(`{"kid":"` + kid + `"}`), Sealed: []byte("sealed " + kid), SealedBy: "m1",
		})
	}
	return set
}

func TestKeySetReadsBackAsSaved(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	set, err := db.KeySet(t.Context(), acme.ID)
	must(t, err)
	if diff := cmp.Diff(keys.Set{TenantID: acme.ID, Keys: []keys.Key{}}, set); diff != "" {
		t.Errorf("a new tenant's set: %s", diff)
	}
	must(t, db.SaveKeySet(t.Context(), newSet(other.ID, 0, "k1"), audit("keys.create"))) // a namesake

	want := newSet(acme.ID, 0, "k1", "k2", "k3")
	must(t, db.SaveKeySet(t.Context(), want, audit("keys.create")))
	want.Version = 1
	check := func() {
		t.Helper()
		got, err := db.KeySet(t.Context(), acme.ID)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	check()
	retire, remove, revoked := want.Keys[1].ActiveAt, want.Keys[1].ActiveAt.Add(time.Hour), want.Keys[2].ActiveAt
	want.Keys = append(want.Keys[:1], want.Keys[2])
	want.Keys[0].RetireAt, want.Keys[0].RemoveAt, want.Keys[1].RevokedAt = &retire, &remove, &revoked
	want.Keys[1].Sealed = nil // erased
	must(t, db.SaveKeySet(t.Context(), want, audit("keys.rotate")))
	want.Version = 2
	check()
	if rows, err := db.SealedNotBy(t.Context(), "m2", 10); err != nil || len(rows) != 4 { // k1 twice, two peppers
		t.Errorf("to be resealed are %+v, %v", rows, err)
	}
	want.Keys = []keys.Key{}
	must(t, db.SaveKeySet(t.Context(), want, audit("keys.rotate")))
	want.Version = 3
	check()
	if namesake, err := db.KeySet(t.Context(), other.ID); err != nil || len(namesake.Keys) != 1 {
		t.Errorf("the other tenant's keys are %+v, %v", namesake.Keys, err)
	}
	wantErr(t, db.SaveKeySet(t.Context(), newSet(id(t), 0, "k"), audit("keys.create")), tenants.ErrNotFound)
}

func TestInstantsCompareWhateverTheirZone(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	set := newSet(acme.ID, 0, "second", "first", "third")
	set.Keys[0].ActiveAt = instant.In(time.FixedZone("west", -11*3600))
	set.Keys[1].ActiveAt = instant.Add(-time.Millisecond).In(time.FixedZone("east", 11*3600))
	set.Keys[2].ActiveAt = instant.Truncate(time.Second).Add(time.Second)
	must(t, db.SaveKeySet(t.Context(), set, audit("keys.create")))
	got, err := db.KeySet(t.Context(), acme.ID)
	must(t, err)
	for i, kid := range []string{"first", "second", "third"} {
		if got.Keys[i].Kid != kid || got.Keys[i].ActiveAt.Location() != time.UTC {
			t.Errorf("key %d is %s, active at %v", i, got.Keys[i].Kid, got.Keys[i].ActiveAt)
		}
	}
	if !storetest.IsPostgres() {
		var kind string
		must(t, db.Pool().QueryRow("SELECT DISTINCT typeof(active_at) FROM signing_keys").Scan(&kind))
		if kind != "integer" {
			t.Errorf("SQLite compares instants as %s", kind)
		}
	}
}

func TestKeySetIsSavedOnlyOverTheVersionThatWasRead(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	must(t, db.SaveKeySet(t.Context(), newSet(acme.ID, 0, "k1"), audit("keys.create")))
	for _, version := range []int64{0, 2, -1} {
		wantErr(t, db.SaveKeySet(t.Context(), newSet(acme.ID, version, "k2"), audit("keys.rotate")), tenants.ErrStale)
	}
	got, err := db.KeySet(t.Context(), acme.ID)
	must(t, err)
	if got.Version != 1 || len(got.Keys) != 1 || got.Keys[0].Kid != "k1" {
		t.Errorf("a refused set was stored: %+v", got)
	}
}

func TestOfManySavesAtOnceOneWins(t *testing.T) {
	a, b := storetest.OpenPair(t)
	acme := newTenant(t, a, "acme")
	for version := range int64(3) {
		var won atomic.Int64
		var wait sync.WaitGroup
		for i := range 32 {
			node := []*store.DB{a, b}[i%2]
			wait.Go(func() {
				err := node.SaveKeySet(t.Context(), newSet(acme.ID, version, fmt.Sprintf("k%d-%d", version, i)), audit("keys.rotate"))
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, tenants.ErrStale) {
					t.Errorf("a loser got %v", err)
				}
			})
		}
		wait.Wait()
		set, err := b.KeySet(t.Context(), acme.ID)
		must(t, err)
		if won.Load() != 1 || len(set.Keys) != 1 || set.Version != version+1 {
			t.Errorf("%d won, version is %d with %d keys", won.Load(), set.Version, len(set.Keys))
		}
	}
}
