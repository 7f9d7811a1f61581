package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestFirstUseIsRecordedOnceAndAddedTo(t *testing.T) {
	db := storetest.Open(t)
	hour := instant.UTC().Truncate(time.Hour)
	use := tenants.FirstUse{TenantID: "t", Kid: "k", ClientID: "c", Audience: "a", Hour: hour, Count: 1, LatestExpiry: hour.Add(time.Hour)}
	must(t, db.AddUses(t.Context(), []tenants.FirstUse{use}))
	check := func(want ...tenants.FirstUse) {
		t.Helper()
		got, err := db.Uses(t.Context(), "t", "k")
		must(t, err)
		if diff := cmp.Diff(append([]tenants.FirstUse{}, want...), got); diff != "" {
			t.Error(diff)
		}
	}
	check(use)

	later, earlier, next, foreign := use, use, use, use
	later.Count, later.LatestExpiry = 5, hour.Add(2*time.Hour)
	earlier.Count, earlier.LatestExpiry = 3, hour
	earlier.Hour = hour.In(time.FixedZone("CET", 3600)) // the same instant
	next.Hour, next.Count = hour.Add(time.Hour), 4
	foreign.TenantID = "u"
	must(t, db.AddUses(t.Context(), []tenants.FirstUse{next, later, earlier, foreign}))
	must(t, db.AddUses(t.Context(), []tenants.FirstUse{earlier}))
	must(t, db.AddUses(t.Context(), nil))
	use.Count, use.LatestExpiry = 1+5+3+3, later.LatestExpiry
	check(use, next)
	if none, err := db.Uses(t.Context(), "t", "k\x00"); err != nil || len(none) != 0 {
		t.Errorf("an impossible kid has signed %v, %v", none, err)
	}
}

func TestNodesThatAddUsesAtOnceLoseNone(t *testing.T) {
	a, b := storetest.OpenPair(t)
	const rows, rounds = 300, 5 // more rows than one statement writes
	var wait sync.WaitGroup
	for _, node := range []*store.DB{a, b, a, b} {
		wait.Go(func() {
			for range rounds {
				var uses []tenants.FirstUse
				for i := range rows {
					uses = append(uses, tenants.FirstUse{TenantID: "t", Kid: "k", ClientID: fmt.Sprint(i), Hour: instant, Count: 1, LatestExpiry: instant})
				}
				if err := node.AddUses(t.Context(), uses); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	uses, err := a.Uses(t.Context(), "t", "k")
	must(t, err)
	if len(uses) != rows {
		t.Fatalf("%d rows", len(uses))
	}
	for _, use := range uses {
		if use.Count != 4*rounds {
			t.Errorf("client %s is counted %d times, not %d", use.ClientID, use.Count, 4*rounds)
		}
	}
}

func TestKeyRevokedKnowsTheTenantsOwnKeys(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	revokedAt := instant
	must(t, db.SaveKeySet(t.Context(), keys.Set{TenantID: acme.ID, Keys: []keys.Key{
		{TenantID: acme.ID, Kid: "good", Alg: keys.ES256, Public: []byte("{}"), PublishedAt: instant, ActiveAt: instant},
		{TenantID: acme.ID, Kid: "leaked", Alg: keys.ES256, Public: []byte("{}"), PublishedAt: instant, ActiveAt: instant, RevokedAt: &revokedAt},
	}}, audit("key.revoke")))
	for _, key := range []struct {
		tenantID, kid string
		want          bool
	}{{acme.ID, "leaked", true}, {acme.ID, "good", false}, {acme.ID, "none", false}, {other.ID, "leaked", false}} {
		revoked, err := db.KeyRevoked(t.Context(), key.tenantID, key.kid)
		must(t, err)
		if revoked != key.want {
			t.Errorf("%s: %v", key.kid, revoked)
		}
	}
}
