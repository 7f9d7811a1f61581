package store_test

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestClientKeysComeAndGo(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	for _, clientID := range []string{"crm", "erp", "zoo"} {
		createClient(t, db, acme.ID, clientID)
	}
	createClient(t, db, other.ID, "erp")
	ends := instant.UTC().Truncate(time.Microsecond)
	key := func(thumbprint string, at time.Time) *tenants.ClientKey {
		return &tenants.ClientKey{
			ID: id(t), TenantID: acme.ID, ClientID: "erp", Kid: "k", Alg: "RS256", Thumbprint: thumbprint, JWK: json.RawMessage(`{"kty":"RSA"}`),
			Source: "certificate", Subject: "CN=ERP", CreatedAt: at.UTC(), NotBefore: &ends, ExpiresAt: &ends,
		}
	}
	first, second := key("one", instant), key("two", instant.Add(time.Second))
	must(t, db.AddClientKey(t.Context(), second, audit("client.key.add")))
	must(t, db.AddClientKey(t.Context(), first, audit("client.key.add")))
	wantErr(t, db.AddClientKey(t.Context(), key("one", instant), audit("client.key.add")), tenants.ErrExists)
	orphan := key("one", instant)
	orphan.ClientID = "none"
	wantErr(t, db.AddClientKey(t.Context(), orphan, audit("client.key.add")), tenants.ErrNotFound)
	same := key("one", instant) // of another client it is welcome
	same.ClientID, same.NotBefore, same.ExpiresAt = "zoo", nil, nil
	must(t, db.AddClientKey(t.Context(), same, audit("client.key.add")))
	check := func(want ...tenants.ClientKey) {
		t.Helper()
		got, err := db.ClientByID(t.Context(), acme.ID, "erp")
		must(t, err)
		if diff := cmp.Diff(append([]tenants.ClientKey{}, want...), got.Keys); diff != "" {
			t.Error(diff)
		}
		list, err := db.Clients(t.Context(), acme.ID, admin.Range{})
		must(t, err)
		if len(list) != 3 || len(list[0].Keys) != 0 || !cmp.Equal(list[1].Keys, got.Keys) || len(list[2].Keys) != 1 {
			t.Errorf("the list gives the clients other keys: %+v", list)
		}
	}
	check(*first, *second)
	wantErr(t, db.RevokeClientKey(t.Context(), other.ID, "erp", first.ID, audit("client.key.revoke")), tenants.ErrNotFound)
	wantErr(t, db.RevokeClientKey(t.Context(), acme.ID, "crm", first.ID, audit("client.key.revoke")), tenants.ErrNotFound)
	must(t, db.RevokeClientKey(t.Context(), acme.ID, "erp", first.ID, audit("client.key.revoke")))
	check(*second)
	must(t, db.DeleteClient(t.Context(), acme.ID, "erp", 0, audit("client.delete")))
	if again := createClient(t, db, acme.ID, "erp"); len(again.Keys) != 0 {
		t.Error("a new client of the same id has the old one's keys")
	}
}

func TestRulesForAssertionsReadBack(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	client := createClient(t, db, acme.ID, "erp")
	client.Assertions = tenants.Assertions{JWKSURI: "https://erp.example/jwks", Audiences: []string{"https://a.example"}, MaxLifetime: 1800, AllowNoJTI: true}
	must(t, db.UpdateClient(t.Context(), client, audit("client.update")))
	got, err := db.ClientByID(t.Context(), acme.ID, "erp")
	must(t, err)
	if diff := cmp.Diff(client, got); diff != "" {
		t.Error(diff)
	}
}

// Class C: of all who spend the same at once, on two nodes, one wins.
func TestClassCAssertionIsSpentOnce(t *testing.T) {
	a, b := storetest.OpenPair(t)
	acme := newTenant(t, a, "acme")
	spent := tenants.SpentAssertion{TenantID: acme.ID, Digest: "d", ExpiresAt: instant.Add(time.Hour)}
	var won atomic.Int64
	var wait sync.WaitGroup
	for i := range 32 {
		node := []*store.DB{a, b}[i%2]
		event := audit("token.issue")
		event.ID, event.TenantID = id(t), acme.ID
		wait.Go(func() {
			if err := node.SpendAssertion(t.Context(), spent, tenants.Issue{Audit: &event}); err == nil {
				won.Add(1)
			} else {
				wantErr(t, err, tenants.ErrExists)
			}
		})
	}
	wait.Wait()
	if won.Load() != 1 {
		t.Errorf("%d won", won.Load())
	}
	events, err := a.AuditEvents(t.Context(), acme.ID, admin.Range{Prefix: "token.issue"}, time.Time{})
	must(t, err)
	if len(events) != 1 {
		t.Errorf("%d are audited", len(events))
	}
	for _, other := range []tenants.SpentAssertion{{TenantID: "other", Digest: "d"}, {TenantID: acme.ID, Digest: "e"}} {
		other.ExpiresAt = instant
		must(t, a.SpendAssertion(t.Context(), other, tenants.Issue{}))
	}
	must(t, a.DeleteTenant(t.Context(), acme.ID, 0, audit("tenant.delete")))
	wantErr(t, a.SpendAssertion(t.Context(), spent, tenants.Issue{}), tenants.ErrExists)
	if n, err := b.PurgeExpired(t.Context(), instant.Add(time.Minute)); err != nil || n != 2 {
		t.Errorf("%d purged, %v", n, err)
	}
	wantErr(t, a.SpendAssertion(t.Context(), spent, tenants.Issue{}), tenants.ErrExists)
	if n, err := b.PurgeExpired(t.Context(), instant.Add(time.Hour+time.Second)); err != nil || n != 1 {
		t.Errorf("%d purged, %v", n, err)
	}
	must(t, a.SpendAssertion(t.Context(), spent, tenants.Issue{}))
}

func TestSealedSecretsAreResealedAndForgotten(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	client := &tenants.Client{
		TenantID: acme.ID, ID: "erp", Name: "ERP", Status: tenants.Active, AuthMethod: oauth.AuthSecretJWT,
		Secrets: []tenants.Secret{{ID: id(t), Hash: []byte{1}, Sealed: []byte("sealed"), SealedBy: "m1"}, {ID: id(t), Hash: []byte{2}}},
	}
	must(t, db.CreateClient(t.Context(), client, audit("client.create")))
	rows, err := db.SealedNotBy(t.Context(), "m2", 100)
	must(t, err)
	want := keys.SealedRow{TenantID: acme.ID, Kind: keys.KindClientSecret, ID: "erp/" + client.Secrets[0].ID, Sealed: []byte("sealed"), SealedBy: "m1"}
	if len(rows) != 2 || !cmp.Equal(rows[1], want) {
		t.Fatalf("sealed are %+v", rows)
	}
	if counts, err := db.SealedBy(t.Context()); err != nil || counts["m1"] != 2 || len(counts) != 1 {
		t.Errorf("counted %v, %v", counts, err)
	}
	var events []feed.Event
	db.Subscribe(func(e feed.Event) { events = append(events, e) })
	must(t, db.Reseal(t.Context(), want, []byte("again"), "m2"))
	wantErr(t, db.Reseal(t.Context(), want, []byte("late"), "m2"), tenants.ErrStale)
	if len(events) != 1 || events[0].Kind != feed.Client || events[0].Key != "erp" {
		t.Errorf("events are %+v", events)
	}
	got, err := db.ClientByID(t.Context(), acme.ID, "erp")
	must(t, err)
	if string(got.Secrets[0].Sealed) != "again" || got.Secrets[0].SealedBy != "m2" || got.Secrets[1].Sealed != nil {
		t.Errorf("secrets are %+v", got.Secrets)
	}
	must(t, db.UpdateClient(t.Context(), got, audit("client.update")))
	if got, err = db.ClientByID(t.Context(), acme.ID, "erp"); err != nil || got.Secrets[0].Sealed == nil {
		t.Errorf("another change erased the secret: %v", err)
	}
	got.AuthMethod = oauth.AuthSecretBasic
	must(t, db.UpdateClient(t.Context(), got, audit("client.update")))
	if got, err = db.ClientByID(t.Context(), acme.ID, "erp"); err != nil || got.Secrets[0].Sealed != nil || len(got.Secrets[0].Hash) != 1 {
		t.Errorf("secrets are %+v, %v", got.Secrets, err)
	}
	if counts, err := db.SealedBy(t.Context()); err != nil || counts["m2"] != 0 {
		t.Errorf("counted %v, %v", counts, err)
	}
}
