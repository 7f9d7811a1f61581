package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// instant is finer than what is stored.
var instant = time.Date(2026, 3, 4, 5, 6, 7, 890123456, time.FixedZone("CET", 3600))

func audit(action string) tenants.AuditEvent {
	return tenants.AuditEvent{Actor: "cli:test", Action: action, Target: "it"}
}

func id(t *testing.T) string {
	t.Helper()
	v7, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return v7.String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

func newTenant(t *testing.T, db *store.DB, slug string, hosts ...string) *tenants.Tenant {
	t.Helper()
	tenant := &tenants.Tenant{
		ID: id(t), Slug: slug, Name: "The " + slug, Issuer: "https://gate.example/t/" + slug,
		Hosts: hosts, Status: tenants.Active, SigningAlg: keys.RS256, KeyBits: 2048,
	}
	must(t, db.CreateTenant(t.Context(), tenant, keys.SealedPepper{Sealed: []byte("pepper of " + slug), SealedBy: "m1"}, audit("tenant.create")))
	return tenant
}

func TestTenantReadsBackAsCreated(t *testing.T) {
	db := storetest.Open(t)
	empty, err := db.Empty(t.Context())
	must(t, err)
	if !empty {
		t.Error("a new database is not empty")
	}
	want := &tenants.Tenant{
		ID: id(t), Slug: "acme", Name: "Acme", Issuer: "https://acme.example",
		Hosts: []string{"b.acme.example", "a.acme.example"}, Dialects: []string{"dealcloud"}, Status: tenants.Active,
		Lifetime: tenants.Lifetime{Default: 600, Max: 3600}, SigningAlg: keys.ES256, KeyBits: 3072, CreatedAt: instant,
	}
	must(t, db.CreateTenant(t.Context(), want, keys.SealedPepper{Sealed: []byte{0, 1}, SealedBy: "m1"}, audit("tenant.create")))
	if want.Version != 1 || want.CreatedAt.Nanosecond() != 890123000 || want.CreatedAt.Location() != time.UTC {
		t.Errorf("created with version %d at %v", want.Version, want.CreatedAt)
	}
	for name, get := range map[string]func() (*tenants.Tenant, error){
		"slug": func() (*tenants.Tenant, error) { return db.Tenant(t.Context(), "acme") },
		"id":   func() (*tenants.Tenant, error) { return db.TenantByID(t.Context(), want.ID) },
		"list": func() (*tenants.Tenant, error) {
			list, err := db.Tenants(t.Context(), admin.Range{})
			return &list[0], err
		},
	} {
		got, err := get()
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("by %s: %s", name, diff)
		}
	}
	pepper, err := db.Pepper(t.Context(), want.ID)
	must(t, err)
	if diff := cmp.Diff(keys.SealedPepper{TenantID: want.ID, Sealed: []byte{0, 1}, SealedBy: "m1"}, pepper); diff != "" {
		t.Error(diff)
	}
	if empty, err := db.Empty(t.Context()); err != nil || empty {
		t.Errorf("with a tenant, Empty is %v, %v", empty, err)
	}
}

func TestTenantIsFoundByItsNames(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme", "acme.example", "www.acme.example")
	newTenant(t, db, "other", "other.example")
	for name, get := range map[string]func() (string, error){
		"host":   func() (string, error) { return db.TenantIDByHost(t.Context(), "www.acme.example") },
		"slug":   func() (string, error) { return db.TenantIDBySlug(t.Context(), "acme") },
		"issuer": func() (string, error) { return db.TenantIDByIssuer(t.Context(), acme.Issuer) },
	} {
		if got, err := get(); err != nil || got != acme.ID {
			t.Errorf("by %s: %q, %v, want %q", name, got, err, acme.ID)
		}
	}
	for _, unknown := range []string{"", "ACME", "acm_", "%", "acme\x00", "\xff"} {
		_, err := db.TenantIDByHost(t.Context(), unknown)
		wantErr(t, err, tenants.ErrNotFound)
		_, err = db.TenantIDBySlug(t.Context(), unknown)
		wantErr(t, err, tenants.ErrNotFound)
		_, err = db.TenantIDByIssuer(t.Context(), unknown)
		wantErr(t, err, tenants.ErrNotFound)
		_, err = db.TenantByID(t.Context(), unknown)
		wantErr(t, err, tenants.ErrNotFound)
		_, err = db.Tenant(t.Context(), unknown)
		wantErr(t, err, tenants.ErrNotFound)
	}
}

func TestTenantNamesAreTakenOnce(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme", "acme.example")
	other := newTenant(t, db, "other", "other.example")
	for want, fresh := range map[string]tenants.Tenant{
		"slug exists already":   {ID: id(t), Slug: "acme", Issuer: "i"},
		"issuer exists already": {ID: id(t), Slug: "s", Issuer: acme.Issuer},
		"host exists already":   {ID: id(t), Slug: "s", Issuer: "i", Hosts: []string{"new.example", "acme.example"}},
		"id exists already":     {ID: acme.ID, Slug: "s", Issuer: "i"},
	} {
		err := db.CreateTenant(t.Context(), &fresh, keys.SealedPepper{Sealed: []byte("p")}, audit("tenant.create"))
		wantErr(t, err, tenants.ErrExists)
		if err.Error() != want {
			t.Errorf("error is %q, want %q", err, want)
		}
	}
	other.Hosts = []string{"acme.example"}
	wantErr(t, db.UpdateTenant(t.Context(), other, audit("tenant.update")), tenants.ErrExists)
	if other.Version != 1 {
		t.Errorf("the refused update counted the version up to %d", other.Version)
	}
	if _, err := db.TenantIDByHost(t.Context(), "other.example"); err != nil {
		t.Errorf("the refused update took the tenant's host: %v", err)
	}
}

func TestTenantUpdate(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme", "acme.example", "old.example")
	seen := *acme
	acme.Name, acme.Status, acme.Slug = "Acme Ltd", tenants.Suspended, "acme2"
	acme.Hosts = []string{"new.example", "acme.example"}
	acme.Lifetime = tenants.Lifetime{}
	must(t, db.UpdateTenant(t.Context(), acme, audit("tenant.update")))
	if acme.Version != 2 {
		t.Errorf("version is %d after the first update", acme.Version)
	}
	got, err := db.TenantByID(t.Context(), acme.ID)
	must(t, err)
	if diff := cmp.Diff(acme, got); diff != "" {
		t.Error(diff)
	}
	_, err = db.TenantIDByHost(t.Context(), "old.example")
	wantErr(t, err, tenants.ErrNotFound)

	wantErr(t, db.UpdateTenant(t.Context(), &seen, audit("tenant.update")), tenants.ErrStale)
	wantErr(t, db.DeleteTenant(t.Context(), acme.ID, 1, audit("tenant.delete")), tenants.ErrStale)
	unknown := *acme
	unknown.ID = id(t)
	wantErr(t, db.UpdateTenant(t.Context(), &unknown, audit("tenant.update")), tenants.ErrNotFound)

	seen.Version, seen.Issuer = 0, "https://elsewhere.example"
	must(t, db.UpdateTenant(t.Context(), &seen, audit("tenant.update"))) // any version
	if seen.Version != 3 {
		t.Errorf("version is %d after the second update", seen.Version)
	}
	got, err = db.TenantByID(t.Context(), acme.ID)
	must(t, err)
	if got.Issuer != acme.Issuer {
		t.Errorf("an update moved the issuer to %s", got.Issuer)
	}
}
