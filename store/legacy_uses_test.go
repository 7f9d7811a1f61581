package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestLegacyUsesAddUpAndGoWithTheirClient(t *testing.T) {
	db := storetest.Open(t)
	tenant, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	createClient(t, db, tenant.ID, "erp")
	createClient(t, db, other.ID, "erp")
	at := instant.UTC().Truncate(time.Microsecond)
	use := tenants.LegacyUse{
		TenantID: tenant.ID, ClientID: "erp", Dialect: "dealcloud", Method: "POST", Path: "/token",
		Count: 2, FirstUsedAt: at, LastUsedAt: at.Add(time.Minute),
	}
	later, earlier, elsewhere, gone, foreign := use, use, use, use, use
	later.Count, later.FirstUsedAt, later.LastUsedAt = 3, at.Add(time.Hour), at.Add(2*time.Hour)
	earlier.Count, earlier.LastUsedAt = 1, at
	elsewhere.Path = "/token/form"
	gone.ClientID = "deleted"
	foreign.TenantID = other.ID
	must(t, db.AddLegacyUses(t.Context(), []tenants.LegacyUse{use, elsewhere, gone, foreign}))
	must(t, db.AddLegacyUses(t.Context(), []tenants.LegacyUse{later}))
	must(t, db.AddLegacyUses(t.Context(), []tenants.LegacyUse{earlier}))
	must(t, db.AddLegacyUses(t.Context(), []tenants.LegacyUse{gone}))
	use.Count, use.LastUsedAt = 6, later.LastUsedAt
	got, err := db.LegacyUses(t.Context(), tenant.ID, admin.Range{})
	must(t, err)
	if diff := cmp.Diff([]tenants.LegacyUse{use, elsewhere}, got); diff != "" {
		t.Error(diff)
	}
	must(t, db.DeleteClient(t.Context(), tenant.ID, "erp", 0, audit("client.delete")))
	if got, err = db.LegacyUses(t.Context(), tenant.ID, admin.Range{}); err != nil || len(got) != 0 {
		t.Errorf("a deleted client is still reported: %v, %v", got, err)
	}
}

func TestStandInsAreMadeWithTheirTenantOnce(t *testing.T) {
	db := storetest.Open(t)
	tenant := newTenant(t, db, "acme")
	standIn := func(id, method string) *tenants.Client {
		return &tenants.Client{TenantID: tenant.ID, ID: id, Name: id, Status: tenants.Active, GrantTypes: []string{oauth.GrantPassword}, AuthMethod: method}
	}
	must(t, db.UpdateTenant(t.Context(), tenant, audit("tenant.update"), standIn("swift", oauth.AuthDialect)))
	made, err := db.Client(t.Context(), tenant.ID, "swift")
	must(t, err)
	if made.AuthMethod != oauth.AuthDialect || !made.AllowsGrant(oauth.GrantPassword) {
		t.Errorf("made %+v", made)
	}
	made.Name = "Renamed"
	must(t, db.UpdateClient(t.Context(), made, audit("client.update")))
	must(t, db.UpdateTenant(t.Context(), tenant, audit("tenant.update"), standIn("swift", oauth.AuthDialect)))
	if made, err = db.Client(t.Context(), tenant.ID, "swift"); err != nil || made.Name != "Renamed" {
		t.Errorf("it was made anew: %+v, %v", made, err)
	}
	createClient(t, db, tenant.ID, "taken")
	wantErr(t, db.UpdateTenant(t.Context(), tenant, audit("tenant.update"), standIn("taken", oauth.AuthDialect)), tenants.ErrExists)
}

func TestLegacyUsesAreReadPageByPage(t *testing.T) {
	db := storetest.Open(t)
	tenant := newTenant(t, db, "acme")
	var want []string
	for _, client := range []string{"a", "a-b", "b"} {
		createClient(t, db, tenant.ID, client)
		for _, call := range [][2]string{{"GET", "/x"}, {"GET", "/y"}, {"POST", "/x"}} {
			use := tenants.LegacyUse{TenantID: tenant.ID, ClientID: client, Dialect: "dealcloud", Method: call[0], Path: call[1], FirstUsedAt: instant, LastUsedAt: instant}
			must(t, db.AddLegacyUses(t.Context(), []tenants.LegacyUse{use}))
			want = append(want, use.Key())
		}
	}
	read := func(r admin.Range) (keys []string) {
		t.Helper()
		uses, err := db.LegacyUses(t.Context(), tenant.ID, r)
		must(t, err)
		for _, use := range uses {
			keys = append(keys, use.Key())
		}
		return keys
	}
	var seen []string
	for after := ""; len(seen) < len(want); after = seen[len(seen)-1] {
		some := read(admin.Range{Limit: 2, After: after})
		if len(some) == 0 {
			break
		}
		seen = append(seen, some...)
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
	if got := read(admin.Range{Prefix: "A-"}); len(got) != 3 || got[0] != "a-b dealcloud GET /x" {
		t.Errorf("by prefix: %v", got)
	}
	if got := read(admin.Range{Prefix: "%"}); got != nil {
		t.Errorf("a prefix is no pattern: %v", got)
	}
}
