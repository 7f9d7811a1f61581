package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func createClient(t *testing.T, db *store.DB, tenantID, clientID string, secrets ...tenants.Secret) *tenants.Client {
	t.Helper()
	client := &tenants.Client{TenantID: tenantID, ID: clientID, Name: "Client " + clientID, Status: tenants.Active, Secrets: secrets}
	must(t, db.CreateClient(t.Context(), client, audit("client.create")))
	return client
}

func TestClientReadsBackAsCreated(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	ends := instant.Add(time.Hour).UTC().Truncate(time.Microsecond)
	want := &tenants.Client{
		TenantID: acme.ID, ID: "erp", Name: "ERP", Description: "of Acme", Status: tenants.Disabled,
		GrantTypes: []string{"client_credentials"}, AuthMethod: "client_secret_post",
		APIs:              []tenants.APIAccess{{Identifier: "aud", Scopes: []string{"data", "api"}}, {Identifier: "none"}},
		ResourceServerFor: []string{"aud"}, Lifetimes: map[string]int{"client_credentials": 60},
		Lifetime: tenants.Lifetime{Default: 5, Max: 6}, ExpiresAt: &ends,
		Secrets: []tenants.Secret{
			{ID: id(t), Hash: []byte{1, 0, 255}, Hint: "ab", CreatedAt: instant, ExpiresAt: &ends},
			{ID: id(t), Hash: []byte{2}, CreatedAt: instant.Add(time.Second)},
		},
	}
	must(t, db.CreateClient(t.Context(), want, audit("client.create")))
	got, err := db.ClientByID(t.Context(), acme.ID, "erp")
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err = db.Client(t.Context(), acme.ID, "erp"); err != nil || !cmp.Equal(want, got) {
		t.Errorf("Client differs from ClientByID: %v", err)
	}
	list, err := db.Clients(t.Context(), acme.ID, admin.Range{})
	must(t, err)
	if diff := cmp.Diff([]tenants.Client{*want}, list); diff != "" {
		t.Error(diff)
	}
	for _, unknown := range [][2]string{{other.ID, "erp"}, {acme.ID, "ERP"}, {acme.ID, "erp\x00"}, {acme.ID, "\xff"}} {
		_, err := db.ClientByID(t.Context(), unknown[0], unknown[1])
		wantErr(t, err, tenants.ErrNotFound)
	}
}

func TestClientWithNothingSetHasNoNilList(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	createClient(t, db, acme.ID, "bare")
	got, err := db.ClientByID(t.Context(), acme.ID, "bare")
	must(t, err)
	if got.GrantTypes == nil || got.APIs == nil || got.ResourceServerFor == nil || got.Lifetimes == nil || got.Secrets == nil {
		t.Errorf("a list is nil: %#v", got)
	}
	tenant, err := db.TenantByID(t.Context(), acme.ID)
	must(t, err)
	if tenant.Hosts == nil || tenant.Dialects == nil {
		t.Errorf("a list is nil: %#v", tenant)
	}
}

func TestClientUpdateAndDelete(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	secret := tenants.Secret{ID: id(t), Hash: []byte{1}}
	client := createClient(t, db, acme.ID, "erp", secret)
	namesake := createClient(t, db, other.ID, "erp")
	stale := *client
	client.Name, client.Status, client.Lifetimes = "New", tenants.Disabled, map[string]int{"a": 1}
	must(t, db.UpdateClient(t.Context(), client, audit("client.update")))
	got, err := db.ClientByID(t.Context(), acme.ID, "erp")
	must(t, err)
	if diff := cmp.Diff(client, got); diff != "" || got.Version != 2 || len(got.Secrets) != 1 {
		t.Errorf("after an update: version %d, %d secrets, %s", got.Version, len(got.Secrets), diff)
	}
	if untouched, err := db.ClientByID(t.Context(), other.ID, "erp"); err != nil || !cmp.Equal(namesake, untouched) {
		t.Errorf("the other tenant's client changed too (%v)", err)
	}
	wantErr(t, db.UpdateClient(t.Context(), &stale, audit("client.update")), tenants.ErrStale)
	wantErr(t, db.DeleteClient(t.Context(), acme.ID, "erp", 1, audit("client.delete")), tenants.ErrStale)
	wantErr(t, db.DeleteClient(t.Context(), acme.ID, "none", 0, audit("client.delete")), tenants.ErrNotFound)
	must(t, db.DeleteClient(t.Context(), acme.ID, "erp", 0, audit("client.delete")))
	_, err = db.ClientByID(t.Context(), acme.ID, "erp")
	wantErr(t, err, tenants.ErrNotFound)
	if _, err := db.ClientByID(t.Context(), other.ID, "erp"); err != nil {
		t.Errorf("the other tenant's client went too: %v", err)
	}
	again := createClient(t, db, acme.ID, "erp")
	if len(again.Secrets) != 0 {
		t.Error("a new client of the same id has the old one's secrets")
	}
	err = db.CreateClient(t.Context(), &tenants.Client{TenantID: acme.ID, ID: "erp"}, audit("client.create"))
	wantErr(t, err, tenants.ErrExists)
	if err.Error() != "client_id exists already" {
		t.Errorf("error is %q", err)
	}
}

func TestSecretsComeAndGo(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	createClient(t, db, acme.ID, "erp")
	createClient(t, db, acme.ID, "crm", tenants.Secret{ID: id(t), Hash: []byte{9}})
	createClient(t, db, other.ID, "erp")
	ends := instant.UTC().Truncate(time.Microsecond)
	first := tenants.Secret{ID: id(t), TenantID: acme.ID, ClientID: "erp", Hash: []byte{1}, Hint: "x", CreatedAt: instant, ExpiresAt: &ends}
	second := tenants.Secret{ID: id(t), TenantID: acme.ID, ClientID: "erp", Hash: []byte{2}, CreatedAt: instant.Add(time.Minute)}
	must(t, db.AddSecret(t.Context(), &second, audit("secret.add")))
	must(t, db.AddSecret(t.Context(), &first, audit("secret.add")))
	check := func(clientID string, want ...tenants.Secret) {
		t.Helper()
		got, err := db.ClientByID(t.Context(), acme.ID, clientID)
		must(t, err)
		if diff := cmp.Diff(append([]tenants.Secret{}, want...), got.Secrets); diff != "" {
			t.Error(diff)
		}
	}
	check("erp", first, second)
	list, err := db.Clients(t.Context(), acme.ID, admin.Range{})
	must(t, err)
	if len(list) != 2 || len(list[0].Secrets) != 1 || !cmp.Equal(list[1].Secrets, []tenants.Secret{first, second}) {
		t.Errorf("the list gives the clients other secrets: %+v", list)
	}
	wantErr(t, db.AddSecret(t.Context(), &first, audit("secret.add")), tenants.ErrExists)
	wantErr(t, db.AddSecret(t.Context(), &tenants.Secret{ID: id(t), TenantID: acme.ID, ClientID: "none", Hash: []byte{1}}, audit("secret.add")), tenants.ErrNotFound)
	wantErr(t, db.RevokeSecret(t.Context(), other.ID, "erp", first.ID, audit("secret.revoke")), tenants.ErrNotFound)
	wantErr(t, db.RevokeSecret(t.Context(), acme.ID, "crm", first.ID, audit("secret.revoke")), tenants.ErrNotFound)
	must(t, db.RevokeSecret(t.Context(), acme.ID, "erp", first.ID, audit("secret.revoke")))
	check("erp", second)
	wantErr(t, db.RevokeSecret(t.Context(), acme.ID, "erp", first.ID, audit("secret.revoke")), tenants.ErrNotFound)
}

func TestDeletedTenantLeavesNothingButItsHistory(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme", "acme.example")
	createAPI(t, db, acme.ID, "aud", true)
	createClient(t, db, acme.ID, "erp", tenants.Secret{ID: id(t), Hash: []byte{1}})
	must(t, db.SaveKeySet(t.Context(), newSet(acme.ID, 0, "k1"), audit("keys.create")))
	must(t, db.AddUses(t.Context(), []tenants.FirstUse{{TenantID: acme.ID, Kid: "k1", Hour: instant, Count: 1, LatestExpiry: instant}}))
	wantErr(t, db.DeleteTenant(t.Context(), id(t), 0, audit("tenant.delete")), tenants.ErrNotFound)
	must(t, db.DeleteTenant(t.Context(), acme.ID, 1, audit("tenant.delete")))

	_, err := db.TenantByID(t.Context(), acme.ID)
	wantErr(t, err, tenants.ErrNotFound)
	_, err = db.TenantIDByHost(t.Context(), "acme.example")
	wantErr(t, err, tenants.ErrNotFound)
	_, err = db.ClientByID(t.Context(), acme.ID, "erp")
	wantErr(t, err, tenants.ErrNotFound)
	_, err = db.API(t.Context(), acme.ID, "aud")
	wantErr(t, err, tenants.ErrNotFound)
	_, err = db.Pepper(t.Context(), acme.ID)
	wantErr(t, err, tenants.ErrNotFound)
	if sealed, err := db.SealedBy(t.Context()); err != nil || len(sealed) != 0 {
		t.Errorf("sealed things are left: %v, %v", sealed, err)
	}
	if set, err := db.KeySet(t.Context(), acme.ID); err != nil || set.Version != 0 || len(set.Keys) != 0 {
		t.Errorf("keys are left: %+v, %v", set, err)
	}
	if uses, err := db.Uses(t.Context(), acme.ID, "k1", admin.Range{}); err != nil || len(uses) != 1 {
		t.Errorf("what its keys signed is %v, %v", uses, err)
	}
	events, err := db.AuditEvents(t.Context(), acme.ID, admin.Range{}, time.Time{})
	must(t, err)
	if len(events) != 5 || events[0].Action != "tenant.delete" {
		t.Errorf("audit events are %+v", events)
	}
}
