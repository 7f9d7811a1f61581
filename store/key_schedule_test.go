package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

var morning = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

func due(t *testing.T, db *store.DB, at time.Time) []string {
	t.Helper()
	ids, err := db.DueKeySets(t.Context(), at, 10)
	must(t, err)
	return ids
}

func TestKeySetsAreDueAtTheirInstant(t *testing.T) {
	db := storetest.Open(t)
	early, late, never := newTenant(t, db, "early"), newTenant(t, db, "late"), newTenant(t, db, "never")
	must(t, db.SaveKeySet(t.Context(), keys.Set{TenantID: late.ID, DueAt: morning.Add(time.Hour)}, audit("key.tend")))
	must(t, db.SaveKeySet(t.Context(), keys.Set{TenantID: early.ID, DueAt: morning}, audit("key.tend")))
	must(t, db.SaveKeySet(t.Context(), keys.Set{TenantID: never.ID}, audit("key.tend")))
	if ids := due(t, db, morning.Add(-time.Microsecond)); len(ids) != 0 {
		t.Errorf("due too early: %v", ids)
	}
	if ids := due(t, db, morning); !slices.Equal(ids, []string{early.ID}) {
		t.Errorf("due: %v", ids)
	}
	if ids := due(t, db, morning.Add(time.Hour)); !slices.Equal(ids, []string{early.ID, late.ID}) {
		t.Errorf("due, the longest first: %v", ids)
	}
	set, err := db.KeySet(t.Context(), early.ID)
	must(t, err)
	if !set.DueAt.Equal(morning) {
		t.Errorf("reads back as due at %v", set.DueAt)
	}
	set.DueAt = time.Time{}
	must(t, db.PostponeKeySet(t.Context(), set))
	if ids := due(t, db, morning); len(ids) != 0 {
		t.Errorf("due although postponed: %v", ids)
	}
	set.Version++
	wantErr(t, db.PostponeKeySet(t.Context(), set), tenants.ErrStale)
}

// What keys are planned by has changed: they are looked at soon.
func TestChangedTenantsAndAPIsAreDue(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	must(t, db.SaveKeySet(t.Context(), keys.Set{TenantID: acme.ID}, audit("key.tend")))
	calm := func() {
		t.Helper()
		set, err := db.KeySet(t.Context(), acme.ID)
		must(t, err)
		set.DueAt = time.Time{}
		must(t, db.PostponeKeySet(t.Context(), set))
	}
	api := &tenants.API{ID: "api", TenantID: acme.ID, Identifier: "https://api.example", Name: "API", SigningAlg: keys.ES256}
	for name, change := range map[string]func() error{
		"tenant":  func() error { return db.UpdateTenant(t.Context(), acme, audit("tenant.update")) },
		"new API": func() error { return db.CreateAPI(t.Context(), api, audit("api.create")) },
	} {
		calm()
		must(t, change())
		if ids := due(t, db, time.Now()); !slices.Equal(ids, []string{acme.ID}) {
			t.Errorf("%s: due are %v", name, ids)
		}
	}
	calm()
	must(t, db.UpdateAPI(t.Context(), api, audit("api.update")))
	if ids := due(t, db, time.Now()); len(ids) != 1 {
		t.Errorf("changed API: due are %v", ids)
	}
	algs, err := db.SigningAlgs(t.Context(), acme.ID)
	must(t, err)
	if !slices.Equal(algs, []string{keys.ES256}) {
		t.Errorf("algorithms of the APIs: %v", algs)
	}
}

func TestKeyAges(t *testing.T) {
	db := storetest.Open(t)
	ages, err := db.KeyAges(t.Context(), morning)
	must(t, err)
	if ages != (store.KeyAges{}) {
		t.Errorf("without keys: %+v", ages)
	}
	acme := newTenant(t, db, "acme")
	revoked, retired := morning.Add(-time.Hour), morning.Add(-time.Minute)
	key := func(kid string, active time.Time) keys.Key {
		return keys.Key{Kid: kid, Alg: keys.RS256, PublishedAt: active, ActiveAt: active, Public: []byte("{}"), Sealed: []byte("x"), SealedBy: "m"}
	}
	old, gone, past, ahead := key("old", morning.Add(-50*time.Hour)), key("gone", morning.Add(-70*time.Hour)), key("past", morning.Add(-60*time.Hour)), key("next", morning.Add(time.Hour))
	gone.RevokedAt, past.RetireAt = &revoked, &retired
	waits, withdrawn, taken := key("waits", keys.Never()), key("withdrawn", morning.Add(time.Minute)), key("taken", morning.Add(time.Minute))
	withdrawn.RetireAt, taken.RevokedAt = &retired, &revoked
	must(t, db.SaveKeySet(t.Context(), keys.Set{TenantID: acme.ID, Keys: []keys.Key{old, gone, past, ahead, waits, withdrawn, taken}, DueAt: morning.Add(-2 * time.Minute)}, audit("key.tend")))
	ages, err = db.KeyAges(t.Context(), morning)
	must(t, err)
	if !ages.OldestActive.Equal(old.ActiveAt) || !ages.NextRotation.Equal(ahead.ActiveAt) || ages.Overdue != 1 {
		t.Errorf("got %+v", ages)
	}
	ages, err = db.KeyAges(t.Context(), ahead.ActiveAt)
	must(t, err)
	if !ages.NextRotation.IsZero() {
		t.Errorf("a rotation is planned for %s", ages.NextRotation)
	}
}
