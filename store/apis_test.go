package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func newAPI(t *testing.T, tenantID, identifier string, shared bool) *tenants.API {
	t.Helper()
	return &tenants.API{
		ID: id(t), TenantID: tenantID, Identifier: identifier, Name: "API " + identifier, SharedHost: shared,
		Scopes:   []tenants.Scope{{Name: "data", Description: "all"}, {Name: "api", Deprecated: true}},
		Lifetime: tenants.Lifetime{Default: 900, Max: 1800}, SigningAlg: keys.PS256,
	}
}

func createAPI(t *testing.T, db *store.DB, tenantID, identifier string, shared bool) *tenants.API {
	t.Helper()
	api := newAPI(t, tenantID, identifier, shared)
	must(t, db.CreateAPI(t.Context(), api, audit("api.create")))
	return api
}

func TestAPIReadsBackAndChanges(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	api := createAPI(t, db, acme.ID, "https://api.example", false)
	for _, name := range []string{api.Identifier, api.ID} {
		got, err := db.API(t.Context(), acme.ID, name)
		must(t, err)
		if diff := cmp.Diff(api, got); diff != "" {
			t.Error(diff)
		}
		_, err = db.API(t.Context(), other.ID, name)
		wantErr(t, err, tenants.ErrNotFound)
	}
	_, err := db.APIByIdentifier(t.Context(), acme.ID, api.ID)
	wantErr(t, err, tenants.ErrNotFound)
	_, err = db.APIByIdentifier(t.Context(), acme.ID, "https://api.example\x00")
	wantErr(t, err, tenants.ErrNotFound)

	stale := *api
	api.Name, api.Scopes, api.SharedHost, api.SigningAlg = "New", nil, true, ""
	must(t, db.UpdateAPI(t.Context(), api, audit("api.update")))
	got, err := db.APIByIdentifier(t.Context(), acme.ID, api.Identifier)
	must(t, err)
	if diff := cmp.Diff(api, got); diff != "" || got.Scopes == nil || got.Version != 2 {
		t.Errorf("after an update: version %d, scopes %v, %s", got.Version, got.Scopes, diff)
	}
	wantErr(t, db.UpdateAPI(t.Context(), &stale, audit("api.update")), tenants.ErrStale)
	foreign := *api
	foreign.TenantID = other.ID
	wantErr(t, db.UpdateAPI(t.Context(), &foreign, audit("api.update")), tenants.ErrNotFound)
	renamed := *api
	renamed.Identifier = "https://renamed.example"
	wantErr(t, db.UpdateAPI(t.Context(), &renamed, audit("api.update")), tenants.ErrNotFound)

	wantErr(t, db.DeleteAPI(t.Context(), other.ID, api.Identifier, 0, audit("api.delete")), tenants.ErrNotFound)
	wantErr(t, db.DeleteAPI(t.Context(), acme.ID, api.Identifier, 1, audit("api.delete")), tenants.ErrStale)
	must(t, db.DeleteAPI(t.Context(), acme.ID, api.Identifier, 2, audit("api.delete")))
	_, err = db.API(t.Context(), acme.ID, api.Identifier)
	wantErr(t, err, tenants.ErrNotFound)
}

func TestAPIIdentifierIsUniqueInItsTenant(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	createAPI(t, db, acme.ID, "https://api.example", false)
	createAPI(t, db, other.ID, "https://api.example", false)
	err := db.CreateAPI(t.Context(), newAPI(t, acme.ID, "https://api.example", false), audit("api.create"))
	wantErr(t, err, tenants.ErrExists)
	if err.Error() != "identifier exists already" {
		t.Errorf("error is %q", err)
	}
	wantErr(t, db.CreateAPI(t.Context(), newAPI(t, id(t), "x", false), audit("api.create")), tenants.ErrNotFound)
}

// Names like ids are refused where they are given; those from before shadow nothing.
func TestIDsComeBeforeNames(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	ids := []string{"00000000-0000-7000-8000-000000000002", "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000003"}
	for i, id := range ids {
		name := ids[(i+1)%len(ids)]
		must(t, db.CreateAPI(t.Context(), &tenants.API{ID: id, TenantID: acme.ID, Identifier: name, Name: "API"}, audit("api.create")))
		must(t, db.CreateGroup(t.Context(), &tenants.Group{ID: id, TenantID: acme.ID, Name: name}, audit("group.create")))
	}
	for _, id := range ids {
		if api, err := db.API(t.Context(), acme.ID, id); err != nil || api.ID != id {
			t.Errorf("the API %s: %+v, %v", id, api, err)
		}
		if group, err := db.Group(t.Context(), acme.ID, id); err != nil || group.ID != id {
			t.Errorf("the group %s: %+v, %v", id, group, err)
		}
	}
}

func TestTenantsByAudienceAreThoseOfFindableAPIs(t *testing.T) {
	db := storetest.Open(t)
	a, b, c := newTenant(t, db, "a"), newTenant(t, db, "b"), newTenant(t, db, "c")
	createAPI(t, db, a.ID, "aud", true)
	hidden := createAPI(t, db, b.ID, "aud", false)
	createAPI(t, db, c.ID, "aud", true)
	check := func(audience string, want ...string) {
		t.Helper()
		got, err := db.TenantIDsByAudience(t.Context(), audience)
		must(t, err)
		if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
			t.Error(diff)
		}
	}
	check("aud", a.ID, c.ID)
	check("unknown")
	check("aud\x00")
	hidden.SharedHost = true
	must(t, db.UpdateAPI(t.Context(), hidden, audit("api.update")))
	check("aud", a.ID, b.ID, c.ID)
}

func TestClassPListsAreSortedAndSearchedLiterally(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	for identifier, name := range map[string]string{
		"b": "100% pure", "B": "100 percent", "a": `under_score`, "c": "underXscore", "d": `back\slash`,
		"e": "Öffentlich", "_f": "x", "Zed": "", "zoo": "",
	} {
		api := newAPI(t, acme.ID, identifier, false)
		api.Name = name
		must(t, db.CreateAPI(t.Context(), api, audit("api.create")))
	}
	createAPI(t, db, other.ID, "a-foreign", false)
	for _, test := range []struct {
		r    admin.Range
		want []string
	}{
		{admin.Range{}, []string{"B", "Zed", "_f", "a", "b", "c", "d", "e", "zoo"}},
		{admin.Range{Limit: 2}, []string{"B", "Zed"}},
		{admin.Range{After: "Zed", Limit: 2}, []string{"_f", "a"}},
		{admin.Range{After: "zoo"}, nil},
		{admin.Range{Prefix: "100%"}, []string{"b"}},
		{admin.Range{Prefix: "under_"}, []string{"a"}},
		{admin.Range{Prefix: "UNDER"}, []string{"a", "c"}},
		{admin.Range{Prefix: `BACK\`}, []string{"d"}},
		{admin.Range{Prefix: "öff"}, []string{"e"}},
		{admin.Range{Prefix: "ÖFF"}, []string{"e"}},
		{admin.Range{Prefix: "z"}, []string{"Zed", "zoo"}},
		{admin.Range{Prefix: "Z", After: "Zed"}, []string{"zoo"}},
		{admin.Range{Prefix: "b"}, []string{"B", "b", "d"}},
		{admin.Range{Prefix: "%"}, nil},
		{admin.Range{Prefix: "_"}, []string{"_f"}},
		{admin.Range{Prefix: "'"}, nil},
		{admin.Range{Prefix: "score"}, nil},
		{admin.Range{Prefix: "a\x00"}, nil},
		{admin.Range{After: "\xff"}, nil},
	} {
		list, err := db.APIs(t.Context(), acme.ID, test.r)
		must(t, err)
		var got []string
		for _, api := range list {
			got = append(got, api.Identifier)
		}
		if diff := cmp.Diff(test.want, got); diff != "" || list == nil {
			t.Errorf("%+v: %s", test.r, diff)
		}
	}
}
