package store_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

const day = 24 * time.Hour

// told returns what a node tells of, as texts.
func told(t *testing.T, db *store.DB, now time.Time) []string {
	t.Helper()
	list, err := db.WarnOfExpiry(t.Context(), now)
	must(t, err)
	texts := []string{}
	for _, one := range list {
		texts = append(texts, fmt.Sprintf("%s %s of %s within %d", one.Kind, one.ID, one.Owner, one.Days))
	}
	slices.Sort(texts)
	return texts
}

func wantTold(t *testing.T, db *store.DB, now time.Time, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), told(t, db, now)); diff != "" {
		t.Errorf("%s: %s", now, diff)
	}
}

// expiring makes one of everything that ends at an instant.
func expiring(t *testing.T, db *store.DB, tenantID string, ends time.Time) (secretID, keyID, apiKeyID, userID string) {
	t.Helper()
	secret := tenants.Secret{ID: id(t), Hash: []byte{1}, ExpiresAt: &ends}
	client := &tenants.Client{TenantID: tenantID, ID: "erp", Name: "ERP", Status: tenants.Active, Secrets: []tenants.Secret{secret}, ExpiresAt: &ends}
	must(t, db.CreateClient(t.Context(), client, audit("client.create")))
	key := &tenants.ClientKey{ID: id(t), TenantID: tenantID, ClientID: "erp", Alg: "RS256", Thumbprint: "x", JWK: json.RawMessage("{}"), ExpiresAt: &ends}
	must(t, db.AddClientKey(t.Context(), key, audit("client.key.add")))
	ann := createUser(t, db, tenantID, "ann")
	apiKey := &tenants.APIKey{ID: id(t), TenantID: tenantID, UserID: ann.ID, Hash: []byte{1}, ExpiresAt: &ends}
	must(t, db.CreateAPIKey(t.Context(), apiKey, audit("api_key.create")))
	return secret.ID, key.ID, apiKey.ID, ann.ID
}

func TestWhatEndsIsToldOf30And7And1DaysBefore(t *testing.T) {
	a, b := storetest.OpenPair(t)
	acme := newTenant(t, a, "acme")
	ends := instant.Add(100 * day).UTC().Truncate(time.Microsecond)
	secret, key, apiKey, ann := expiring(t, a, acme.ID, ends)
	within := func(days int) []string {
		return []string{
			fmt.Sprintf("api_key %s of %s within %d", apiKey, ann, days), fmt.Sprintf("client erp of erp within %d", days),
			fmt.Sprintf("client_key %s of erp within %d", key, days), fmt.Sprintf("client_secret %s of erp within %d", secret, days),
		}
	}
	wantTold(t, a, ends.Add(-31*day))
	wantTold(t, a, ends.Add(-30*day), within(30)...)
	wantTold(t, a, ends.Add(-30*day+time.Hour)) // once
	wantTold(t, b, ends.Add(-30*day+time.Hour)) // by one node
	wantTold(t, b, ends.Add(-8*day))
	wantTold(t, b, ends.Add(-7*day), within(7)...)
	wantTold(t, a, ends.Add(-2*day))
	wantTold(t, a, ends.Add(-time.Hour), within(1)...)
	wantTold(t, b, ends.Add(-time.Minute))
	wantTold(t, a, ends) // it is over
	counted := actions(t, a, acme.ID)
	for _, action := range []string{"client.expiring", "client.secret.expiring", "client.key.expiring", "api_key.expiring"} {
		if counted[action] != 3 {
			t.Errorf("%d events %s, want 3", counted[action], action)
		}
	}
}

func TestWhatIsGivenAnotherEndIsToldOfAnew(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	ends := instant.Add(10 * day)
	client := createClient(t, db, acme.ID, "erp")
	renew := func(ends *time.Time) {
		t.Helper()
		client.ExpiresAt = ends
		must(t, db.UpdateClient(t.Context(), client, audit("client.update")))
	}
	renew(&ends)
	// A node that was away tells of the nearest only.
	wantTold(t, db, ends.Add(-5*day), "client erp of erp within 7")
	later := ends.Add(time.Hour)
	renew(&later)
	wantTold(t, db, ends.Add(-5*day), "client erp of erp within 7")
	renew(&ends) // what was told of stays told of
	wantTold(t, db, ends.Add(-5*day))
	renew(nil)
	wantTold(t, db, ends.Add(-time.Hour))
}

func TestManyThatEndAreToldOfOnceByNodesAtOnce(t *testing.T) {
	a, b := storetest.OpenPair(t)
	acme := newTenant(t, a, "acme")
	ends := instant.Add(3 * day)
	const many = 430 // more than two transactions take
	secrets := make([]tenants.Secret, many)
	for i := range secrets {
		secrets[i] = tenants.Secret{ID: id(t), Hash: []byte{byte(i)}, ExpiresAt: &ends}
	}
	createClient(t, a, acme.ID, "erp", secrets...)
	var wait sync.WaitGroup
	lists := make([][]tenants.Expiring, 2)
	failed := make([]error, 2)
	for i, db := range []*store.DB{a, b} {
		wait.Go(func() { lists[i], failed[i] = db.WarnOfExpiry(t.Context(), instant) })
	}
	wait.Wait()
	for _, err := range failed {
		must(t, err)
	}
	if n := len(lists[0]) + len(lists[1]); n != many {
		t.Errorf("%d and %d were told of, want %d in all", len(lists[0]), len(lists[1]), many)
	}
	if n := actions(t, a, acme.ID)["client.secret.expiring"]; n != many {
		t.Errorf("%d audit events", n)
	}
}

func TestExpiringThingsAreCounted(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	ends := instant.Add(5 * day)
	expiring(t, db, acme.ID, ends)
	for left, want := range map[time.Duration]map[int]int64{
		31 * day: {30: 0, 7: 0, 1: 0}, 5 * day: {30: 1, 7: 1, 1: 0}, time.Hour: {30: 1, 7: 1, 1: 1}, 0: {30: 0, 7: 0, 1: 0},
	} {
		got, err := db.CountExpiring(t.Context(), ends.Add(-left))
		must(t, err)
		for _, kind := range []tenants.ExpiryKind{tenants.ClientExpiry, tenants.ClientSecretExpiry, tenants.ClientKeyExpiry, tenants.APIKeyExpiry} {
			if diff := cmp.Diff(want, got[kind]); diff != "" {
				t.Errorf("%s, %s left: %s", kind, left, diff)
			}
		}
	}
}

// A note of what was told goes when it has no use any more.
func TestWarningsArePurged(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	ends := instant.Add(day)
	expiring(t, db, acme.ID, ends)
	told(t, db, instant)
	if n, err := db.PurgeExpired(t.Context(), ends); err != nil || n != 0 {
		t.Errorf("%d were purged before the end, %v", n, err)
	}
	if n, err := db.PurgeExpired(t.Context(), ends.Add(time.Second)); err != nil || n != 4 {
		t.Errorf("%d were purged, %v", n, err)
	}
}

func TestUsesAreNotedWithoutANewVersion(t *testing.T) {
	a, b := storetest.OpenPair(t)
	acme, other := newTenant(t, a, "acme"), newTenant(t, a, "other")
	one, two := tenants.Secret{ID: id(t), Hash: []byte{1}}, tenants.Secret{ID: id(t), Hash: []byte{2}}
	createClient(t, a, acme.ID, "erp", one, two)
	createClient(t, a, other.ID, "erp")
	key := &tenants.ClientKey{ID: id(t), TenantID: acme.ID, ClientID: "erp", Alg: "RS256", Thumbprint: "x", JWK: json.RawMessage("{}")}
	must(t, a.AddClientKey(t.Context(), key, audit("client.key.add")))
	before, err := a.LastEvent(t.Context())
	must(t, err)
	use := func(db *store.DB, secretID string, at time.Time) {
		t.Helper()
		must(t, db.UseClients(t.Context(), map[tenants.ClientUse]time.Time{{TenantID: acme.ID, ClientID: "erp", SecretID: secretID}: at}))
	}
	use(a, one.ID, instant.Add(time.Minute))
	use(b, one.ID, instant) // the other node flushes later what was earlier
	use(b, "", instant.Add(time.Hour))
	must(t, a.UseClients(t.Context(), map[tenants.ClientUse]time.Time{{TenantID: acme.ID, ClientID: "erp", KeyID: key.ID}: instant.Add(time.Second)}))
	must(t, a.UseClients(t.Context(), nil))
	must(t, a.UseClients(t.Context(), map[tenants.ClientUse]time.Time{{TenantID: acme.ID, ClientID: "deleted", SecretID: "gone"}: instant}))
	got, err := a.Client(t.Context(), acme.ID, "erp")
	must(t, err)
	want := func(at *time.Time, d time.Duration) bool {
		return at != nil && at.Equal(instant.Add(d).Truncate(time.Microsecond))
	}
	if !want(got.LastUsedAt, time.Hour) || !want(got.Secrets[0].LastUsedAt, time.Minute) || got.Secrets[1].LastUsedAt != nil || !want(got.Keys[0].LastUsedAt, time.Second) || got.Version != 1 {
		t.Errorf("client %v, secrets %v and %v, key %v, version %d", got.LastUsedAt, got.Secrets[0].LastUsedAt, got.Secrets[1].LastUsedAt, got.Keys[0].LastUsedAt, got.Version)
	}
	// Who changes the client does not take the use back.
	stale := *got
	stale.LastUsedAt = nil
	must(t, a.UpdateClient(t.Context(), &stale, audit("client.update")))
	if got, err = a.Client(t.Context(), acme.ID, "erp"); err != nil || !want(got.LastUsedAt, time.Hour) {
		t.Errorf("after a change: %v, %v", got.LastUsedAt, err)
	}
	if untouched, err := a.Client(t.Context(), other.ID, "erp"); err != nil || untouched.LastUsedAt != nil {
		t.Errorf("another tenant's: %v, %v", untouched.LastUsedAt, err)
	}
	after, err := a.LastEvent(t.Context())
	must(t, err)
	if after != before+1 { // the change of the client
		t.Errorf("uses made %d events", after-before-1)
	}
}
