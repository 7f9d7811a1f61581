package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestRevocationsReadBackAndTheLaterOneStays(t *testing.T) {
	a, b := storetest.OpenPair(t)
	acme, other := newTenant(t, a, "acme"), newTenant(t, a, "other")
	var heard []feed.Event
	a.Subscribe(func(e feed.Event) { heard = append(heard, e) })
	before, err := b.LastEvent(t.Context())
	must(t, err)
	give := func(tenantID string, kind tenants.RevocationKind, key string, at time.Time) tenants.Revocation {
		r := tenants.Revocation{TenantID: tenantID, Kind: kind, Key: key, NotBefore: at, ExpiresAt: at.Add(time.Hour)}
		must(t, a.Revoke(t.Context(), r, audit("token.revoke")))
		r.NotBefore, r.ExpiresAt = r.NotBefore.UTC().Truncate(time.Microsecond), r.ExpiresAt.UTC().Truncate(time.Microsecond)
		return r
	}
	give(acme.ID, tenants.RevokedClient, "c", instant)
	later := give(acme.ID, tenants.RevokedClient, "c", instant.Add(time.Minute))
	give(acme.ID, tenants.RevokedClient, "c", instant.Add(time.Second))
	one := give(acme.ID, tenants.RevokedToken, "c", instant)
	all := give(other.ID, tenants.RevokedAll, "", instant)
	for tenantID, want := range map[string][]tenants.Revocation{acme.ID: {later, one}, other.ID: {all}, "nobody": {}} {
		got, err := b.Revocations(t.Context(), tenantID)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	events, err := b.EventsAfter(t.Context(), before, 10)
	must(t, err)
	if diff := cmp.Diff(heard, events); diff != "" || len(events) != 5 || events[4].Kind != feed.Revocation || events[4].TenantID != other.ID {
		t.Errorf("events: %+v, %s", events, diff)
	}
	if n := actions(t, b, acme.ID)["token.revoke"]; n != 4 {
		t.Errorf("%d audit events", n)
	}
	wantErr(t, a.Revoke(t.Context(), tenants.Revocation{TenantID: id(t), Kind: tenants.RevokedAll}, audit("token.revoke")), tenants.ErrNotFound)
	must(t, a.DeleteTenant(t.Context(), acme.ID, 0, audit("tenant.delete")))
	if left, err := b.Revocations(t.Context(), acme.ID); err != nil || len(left) != 0 {
		t.Errorf("a deleted tenant has revocations: %v, %v", left, err)
	}
}

func TestOpaqueTokensAreTheirTenants(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	want := tenants.OpaqueToken{TenantID: acme.ID, Hash: []byte{0, 255, 1}, Claims: []byte(`{"sub":"ü"}`), ExpiresAt: instant.UTC().Truncate(time.Microsecond)}
	event := issue(t, acme.ID)
	must(t, db.RecordIssue(t.Context(), tenants.Issue{Opaque: &want, Audit: &event}))
	got, err := db.OpaqueTokenByHash(t.Context(), acme.ID, want.Hash)
	must(t, err)
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Error(diff)
	}
	for tenantID, hash := range map[string][]byte{other.ID: want.Hash, acme.ID: {0, 255}} {
		_, err := db.OpaqueTokenByHash(t.Context(), tenantID, hash)
		wantErr(t, err, tenants.ErrNotFound)
	}
	// Both or none: the same token again leaves no audit event.
	again := issue(t, acme.ID)
	wantErr(t, db.RecordIssue(t.Context(), tenants.Issue{Opaque: &want, Audit: &again}), tenants.ErrExists)
	if n := actions(t, db, acme.ID)["token.issue"]; n != 1 {
		t.Errorf("%d audit events", n)
	}
}

func TestOnlyWhatHasEndedIsPurged(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	for i, key := range []string{"old", "new"} {
		ends := instant.Add(time.Duration(i) * time.Second)
		must(t, db.Revoke(t.Context(), tenants.Revocation{TenantID: acme.ID, Kind: tenants.RevokedToken, Key: key, NotBefore: instant, ExpiresAt: ends}, audit("token.revoke")))
		must(t, db.RecordIssue(t.Context(), tenants.Issue{Opaque: &tenants.OpaqueToken{TenantID: acme.ID, Hash: []byte(key), Claims: []byte("{}"), ExpiresAt: ends}}))
	}
	for _, want := range []int64{2, 0} {
		n, err := db.PurgeExpired(t.Context(), instant.Add(time.Second))
		must(t, err)
		if n != want {
			t.Errorf("%d rows were purged, want %d", n, want)
		}
	}
	left, err := db.Revocations(t.Context(), acme.ID)
	must(t, err)
	if len(left) != 1 || left[0].Key != "new" {
		t.Errorf("left: %+v", left)
	}
	_, err = db.OpaqueTokenByHash(t.Context(), acme.ID, []byte("old"))
	wantErr(t, err, tenants.ErrNotFound)
	_, err = db.OpaqueTokenByHash(t.Context(), acme.ID, []byte("new"))
	must(t, err)
}
