package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	got, err := db.LegacyUses(t.Context(), tenant.ID)
	must(t, err)
	if diff := cmp.Diff([]tenants.LegacyUse{use, elsewhere}, got); diff != "" {
		t.Error(diff)
	}
	must(t, db.DeleteClient(t.Context(), tenant.ID, "erp", 0, audit("client.delete")))
	if got, err = db.LegacyUses(t.Context(), tenant.ID); err != nil || len(got) != 0 {
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
