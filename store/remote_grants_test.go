package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestRemoteGrantsComeAndGo(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	full := &tenants.RemoteGrant{
		ID: id(t), TenantID: acme.ID, GrantType: "urn:acme:badge", Name: "Badge", Status: tenants.Active, Endpoint: "https://decide.example/",
		Params: []string{"badge", "pin"}, PublicClients: true,
	}
	bare := &tenants.RemoteGrant{ID: id(t), TenantID: acme.ID, GrantType: "https://acme.example/grant", Name: "bare", Status: tenants.Disabled, Endpoint: "https://decide.example/"}
	var events []feed.Event
	db.Subscribe(func(e feed.Event) { events = append(events, e) })
	must(t, db.CreateRemoteGrant(t.Context(), full, audit("remote_grant.create")))
	must(t, db.CreateRemoteGrant(t.Context(), bare, audit("remote_grant.create")))
	all := []tenants.RemoteGrant{*bare, *full}
	for name, read := range map[string]func() ([]tenants.RemoteGrant, error){
		"all":     func() ([]tenants.RemoteGrant, error) { return db.RemoteGrantsOf(t.Context(), acme.ID) },
		"a range": func() ([]tenants.RemoteGrant, error) { return db.RemoteGrants(t.Context(), acme.ID, admin.Range{}) },
	} {
		got, err := read()
		must(t, err)
		if diff := cmp.Diff(all, got); diff != "" || bare.Params == nil {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if got, err := db.RemoteGrants(t.Context(), acme.ID, admin.Range{Prefix: "BAD"}); err != nil || len(got) != 1 || got[0].ID != full.ID {
		t.Errorf("by name: %+v, %v", got, err)
	}
	if got, err := db.RemoteGrantsOf(t.Context(), other.ID); err != nil || len(got) != 0 {
		t.Errorf("another tenant has %+v, %v", got, err)
	}
	_, err := db.RemoteGrant(t.Context(), other.ID, full.ID)
	wantErr(t, err, tenants.ErrNotFound)
	_, err = db.RemoteGrant(t.Context(), acme.ID, "\xff")
	wantErr(t, err, tenants.ErrNotFound)
	twice := *bare
	twice.ID = id(t)
	wantErr(t, db.CreateRemoteGrant(t.Context(), &twice, audit("remote_grant.create")), tenants.ErrExists)
	twice.TenantID = other.ID
	must(t, db.CreateRemoteGrant(t.Context(), &twice, audit("remote_grant.create")))

	stale := *full
	full.Name, full.Params, full.PublicClients, full.Status, full.Endpoint = "New", []string{}, false, tenants.Disabled, "https://elsewhere.example/"
	must(t, db.UpdateRemoteGrant(t.Context(), full, audit("remote_grant.update")))
	if got, err := db.RemoteGrant(t.Context(), acme.ID, full.ID); err != nil || !cmp.Equal(full, got) || got.Version != 2 {
		t.Errorf("after an update: %v, %s", err, cmp.Diff(full, got))
	}
	wantErr(t, db.UpdateRemoteGrant(t.Context(), &stale, audit("remote_grant.update")), tenants.ErrStale)
	strange := *full
	strange.TenantID = other.ID
	wantErr(t, db.UpdateRemoteGrant(t.Context(), &strange, audit("remote_grant.update")), tenants.ErrNotFound)
	wantErr(t, db.DeleteRemoteGrant(t.Context(), &strange, 0, audit("remote_grant.delete")), tenants.ErrNotFound)
	wantErr(t, db.DeleteRemoteGrant(t.Context(), full, 1, audit("remote_grant.delete")), tenants.ErrStale)
	must(t, db.DeleteRemoteGrant(t.Context(), full, 2, audit("remote_grant.delete")))
	_, err = db.RemoteGrant(t.Context(), acme.ID, full.ID)
	wantErr(t, err, tenants.ErrNotFound)
	for _, e := range events {
		if e.Kind != feed.RemoteGrant || e.TenantID == "" {
			t.Errorf("an event %+v", e)
		}
	}
	if counted := actions(t, db, acme.ID); len(events) != 5 || counted["remote_grant.create"] != 2 || counted["remote_grant.update"] != 1 || counted["remote_grant.delete"] != 1 {
		t.Errorf("%d events, %v", len(events), counted)
	}
	must(t, db.DeleteTenant(t.Context(), acme.ID, 0, audit("tenant.delete")))
	if got, err := db.RemoteGrantsOf(t.Context(), acme.ID); err != nil || len(got) != 0 {
		t.Errorf("after the tenant went: %+v, %v", got, err)
	}
}
