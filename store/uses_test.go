package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
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
		got, err := db.Uses(t.Context(), "t", "k", admin.Range{})
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
	check(next, use)
	if none, err := db.Uses(t.Context(), "t", "k\x00", admin.Range{}); err != nil || len(none) != 0 {
		t.Errorf("an impossible kid has signed %v, %v", none, err)
	}
}

// As many rows as a busy key has: read page by page, newest hour first, none
// twice and none left out, and summed up.
func TestUsesOfABusyKeyAreReadPageByPage(t *testing.T) {
	db := storetest.Open(t)
	const hours, clients, size = 100, 200, 700
	first := instant.UTC().Truncate(time.Hour)
	var uses, want []tenants.FirstUse
	for i := range hours {
		hour := first.Add(time.Duration(hours-1-i) * time.Hour)
		for c := range clients {
			use := tenants.FirstUse{
				TenantID: "t", Kid: "k", ClientID: fmt.Sprintf("client-%03d", c/2), Audience: fmt.Sprintf("api %d", c%2), // with a space
				Hour: hour, Count: 1, LatestExpiry: hour.Add(time.Hour + time.Duration(c)*time.Minute),
			}
			want = append(want, use)
			foreign, other := use, use
			foreign.TenantID, other.Kid = "u", "l"
			uses = append(uses, use, foreign, other)
		}
	}
	for batch := range slices.Chunk(uses, 6000) {
		must(t, db.AddUses(t.Context(), batch))
	}
	var got []tenants.FirstUse
	for after := ""; ; after = got[len(got)-1].Key() {
		some, err := db.Uses(t.Context(), "t", "k", admin.Range{Limit: size, After: after})
		must(t, err)
		got = append(got, some...)
		if len(some) < size || len(got) > len(want) {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d rows were read, want %d, or their order is not that", len(got), len(want))
	}
	some, err := db.Uses(t.Context(), "t", "k", admin.Range{Limit: 3, Prefix: "CLIENT-01"})
	must(t, err)
	if diff := cmp.Diff(want[20:23], some); diff != "" {
		t.Errorf("by prefix: %s", diff)
	}

	pairs, err := db.UsesByClient(t.Context(), "t", "k")
	must(t, err)
	if len(pairs) != clients || pairs[0] != (tenants.FirstUse{ClientID: "client-000", Audience: "api 0"}) || pairs[clients-1].ClientID != "client-099" {
		t.Errorf("%d clients and APIs, from %+v", len(pairs), pairs[0])
	}
	last, err := db.UsesByHour(t.Context(), "t", "k")
	must(t, err)
	if len(last) != 26 { // as many as a token of the longest life can span
		t.Fatalf("%d hours", len(last))
	}
	for i, use := range last {
		if latest := want[(i+1)*clients-1]; !use.Hour.Equal(latest.Hour) || !use.LatestExpiry.Equal(latest.LatestExpiry) || use.Kid != "k" {
			t.Errorf("hour %d: %+v", i, use)
		}
	}
	for _, read := range []func(context.Context, string, string) ([]tenants.FirstUse, error){db.UsesByClient, db.UsesByHour} {
		for _, kid := range []string{"none", "k\x00"} {
			if none, err := read(t.Context(), "t", kid); err != nil || len(none) != 0 {
				t.Errorf("%q has signed %v, %v", kid, none, err)
			}
		}
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
	uses, err := a.Uses(t.Context(), "t", "k", admin.Range{})
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
