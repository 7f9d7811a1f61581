package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestAPIKeysComeAndGo(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	ann, ben := createUser(t, db, acme.ID, "ann"), createUser(t, db, acme.ID, "ben")
	ends := instant.Add(time.Hour).UTC().Truncate(time.Microsecond)
	key := &tenants.APIKey{ID: id(t), TenantID: acme.ID, UserID: ann.ID, Name: "CI", Prefix: "ci", Hint: "wxyz", Hash: []byte{1, 2}, Scopes: []string{"data"}, ExpiresAt: &ends}
	must(t, db.CreateAPIKey(t.Context(), key, audit("api_key.create")))
	endless := &tenants.APIKey{ID: id(t), TenantID: acme.ID, UserID: ann.ID, Name: "other", Hash: []byte{3}}
	must(t, db.CreateAPIKey(t.Context(), endless, audit("api_key.create")))
	got, err := db.APIKeyByHash(t.Context(), acme.ID, key.Hash)
	must(t, err)
	if diff := cmp.Diff(key, got); diff != "" {
		t.Error(diff)
	}
	got, err = db.APIKey(t.Context(), acme.ID, ann.ID, endless.ID)
	must(t, err)
	if got.Scopes != nil || got.ExpiresAt != nil {
		t.Errorf("no bound became %v and %v", got.Scopes, got.ExpiresAt)
	}
	_, err = db.APIKeyByHash(t.Context(), other.ID, key.Hash)
	wantErr(t, err, tenants.ErrNotFound)
	_, err = db.APIKey(t.Context(), acme.ID, ben.ID, key.ID)
	wantErr(t, err, tenants.ErrNotFound)
	used := instant.Add(time.Minute).UTC().Truncate(time.Microsecond)
	must(t, db.UseAPIKeys(t.Context(), map[string]time.Time{key.ID: used}))
	must(t, db.UseAPIKeys(t.Context(), map[string]time.Time{key.ID: used.Add(-time.Second), "none": used}))
	key.Name, key.Scopes, key.ExpiresAt = "New", nil, nil
	must(t, db.UpdateAPIKey(t.Context(), key, audit("api_key.update")))
	list, err := db.APIKeys(t.Context(), acme.ID, ann.ID, admin.Range{Prefix: "ne"})
	must(t, err)
	key.LastUsedAt = &used
	if diff := cmp.Diff([]tenants.APIKey{*key}, list); diff != "" {
		t.Error(diff)
	}
	theirs := *key
	theirs.UserID = ben.ID
	wantErr(t, db.DeleteAPIKey(t.Context(), &theirs, audit("api_key.delete")), tenants.ErrNotFound)
	must(t, db.DeleteAPIKey(t.Context(), key, audit("api_key.delete")))
	_, err = db.APIKeyByHash(t.Context(), acme.ID, key.Hash)
	wantErr(t, err, tenants.ErrNotFound)
	must(t, db.DeleteUser(t.Context(), acme.ID, ann.ID, 0, audit("user.delete")))
	_, err = db.APIKeyByHash(t.Context(), acme.ID, endless.Hash)
	wantErr(t, err, tenants.ErrNotFound)
}

// Class G: users of two tenants may have the same id, and keys of the one's are
// none of the other's.
func TestClassGAPIKeysStayInTheirTenant(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	for _, tenantID := range []string{acme.ID, other.ID} {
		ann := newUser(t, tenantID, "ann")
		ann.ID = "u-ann"
		must(t, db.CreateUser(t.Context(), ann, audit("user.create")))
	}
	key := &tenants.APIKey{ID: id(t), TenantID: acme.ID, UserID: "u-ann", Name: "CI", Hash: []byte{1}}
	must(t, db.CreateAPIKey(t.Context(), key, audit("api_key.create")))
	_, err := db.APIKey(t.Context(), other.ID, "u-ann", key.ID)
	wantErr(t, err, tenants.ErrNotFound)
	_, err = db.APIKeyByHash(t.Context(), other.ID, key.Hash)
	wantErr(t, err, tenants.ErrNotFound)
	list, err := db.APIKeys(t.Context(), other.ID, "u-ann", admin.Range{})
	must(t, err)
	if len(list) != 0 {
		t.Errorf("the other tenant's user has %+v", list)
	}
	taken := *key
	taken.TenantID, taken.Name = other.ID, "taken"
	wantErr(t, db.UpdateAPIKey(t.Context(), &taken, audit("api_key.update")), tenants.ErrNotFound)
	wantErr(t, db.DeleteAPIKey(t.Context(), &taken, audit("api_key.delete")), tenants.ErrNotFound)
	got, err := db.APIKey(t.Context(), acme.ID, "u-ann", key.ID)
	must(t, err)
	if got.Name != key.Name {
		t.Errorf("the other tenant has named it %s", got.Name)
	}
}
