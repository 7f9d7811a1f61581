package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestEverythingSealedIsResealedOnce(t *testing.T) {
	a, b := storetest.OpenPair(t)
	acme, other := newTenant(t, a, "acme"), newTenant(t, a, "other")
	must(t, a.SaveKeySet(t.Context(), newSet(acme.ID, 0, "k1", "k2"), audit("keys.create")))
	must(t, a.SaveKeySet(t.Context(), newSet(other.ID, 0, "k1"), audit("keys.create")))
	all, err := a.SealedNotBy(t.Context(), "m2", 100)
	must(t, err)
	want := []keys.SealedRow{
		{TenantID: acme.ID, Kind: keys.KindPepper, Sealed: []byte("pepper of acme"), SealedBy: "m1"},
		{TenantID: other.ID, Kind: keys.KindPepper, Sealed: []byte("pepper of other"), SealedBy: "m1"},
		{TenantID: acme.ID, Kind: keys.KindSigningKey, ID: "k1", Sealed: []byte("sealed k1"), SealedBy: "m1"},
		{TenantID: acme.ID, Kind: keys.KindSigningKey, ID: "k2", Sealed: []byte("sealed k2"), SealedBy: "m1"},
		{TenantID: other.ID, Kind: keys.KindSigningKey, ID: "k1", Sealed: []byte("sealed k1"), SealedBy: "m1"},
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Fatal(diff)
	}
	for limit := range 5 {
		if some, err := a.SealedNotBy(t.Context(), "m2", limit); err != nil || len(some) != limit {
			t.Errorf("%d rows for a limit of %d, %v", len(some), limit, err)
		}
	}
	var won atomic.Int64
	var wait sync.WaitGroup
	for _, node := range []*store.DB{a, b, a, b} { // each tries them all
		wait.Go(func() {
			for _, row := range all {
				err := node.Reseal(t.Context(), row, []byte("again "+row.ID), "m2")
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, tenants.ErrStale) {
					t.Errorf("resealing %v: %v", row, err)
				}
			}
		})
	}
	wait.Wait()
	if won.Load() != int64(len(all)) {
		t.Errorf("%d of %d rows were resealed", won.Load(), len(all))
	}
	counts, err := a.SealedBy(t.Context())
	must(t, err)
	if diff := cmp.Diff(map[string]int64{"m2": 5}, counts); diff != "" {
		t.Error(diff)
	}
	if left, err := a.SealedNotBy(t.Context(), "m2", 100); err != nil || len(left) != 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestResealReplacesTheRowAloneAndTellsTheNodes(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	must(t, db.SaveKeySet(t.Context(), newSet(acme.ID, 0, "k1", "k2"), audit("keys.create")))
	read, err := db.KeySet(t.Context(), acme.ID)
	must(t, err)
	var events []feed.Event
	db.Subscribe(func(e feed.Event) { events = append(events, e) })
	row := keys.SealedRow{TenantID: acme.ID, Kind: keys.KindSigningKey, ID: "k1", Sealed: []byte("sealed k1"), SealedBy: "m1"}
	must(t, db.Reseal(t.Context(), row, []byte("new"), "m2"))
	got, err := db.KeySet(t.Context(), acme.ID)
	must(t, err)
	if string(got.Keys[0].Sealed) != "new" || got.Keys[0].SealedBy != "m2" || string(got.Keys[1].Sealed) != "sealed k2" {
		t.Errorf("resealed to %+v", got.Keys)
	}
	if len(events) != 1 || events[0].Kind != feed.Keys || events[0].TenantID != acme.ID || events[0].Key != "" {
		t.Errorf("events are %+v", events)
	}
	// Whoever read the old bytes cannot save them back.
	wantErr(t, db.SaveKeySet(t.Context(), read, audit("keys.rotate")), tenants.ErrStale)
	wantErr(t, db.Reseal(t.Context(), row, []byte("newer"), "m2"), tenants.ErrStale)
	row.ID, row.Sealed = "k3", []byte("sealed k2")
	wantErr(t, db.Reseal(t.Context(), row, []byte("newer"), "m2"), tenants.ErrStale)
	if err := db.Reseal(t.Context(), keys.SealedRow{TenantID: acme.ID, Kind: "other"}, nil, "m2"); err == nil {
		t.Error("an unknown kind was resealed")
	}
}
