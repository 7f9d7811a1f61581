package store_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func createGroup(t *testing.T, db *store.DB, tenantID, name string, permissions ...string) *tenants.Group {
	t.Helper()
	group := &tenants.Group{TenantID: tenantID, ID: id(t), Name: name, Permissions: permissions}
	must(t, db.CreateGroup(t.Context(), group, audit("group.create")))
	return group
}

func newUser(t *testing.T, tenantID, username string, groups ...*tenants.Group) *tenants.User {
	t.Helper()
	return &tenants.User{TenantID: tenantID, ID: id(t), Username: username, Status: tenants.Active, Memberships: in(groups...)}
}

// in returns memberships of groups as they are given.
func in(groups ...*tenants.Group) []tenants.Membership {
	var list []tenants.Membership
	for _, g := range groups {
		list = append(list, tenants.Membership{GroupID: g.ID, Version: g.Version})
	}
	return list
}

func createUser(t *testing.T, db *store.DB, tenantID, username string, groups ...*tenants.Group) *tenants.User {
	t.Helper()
	user := newUser(t, tenantID, username, groups...)
	must(t, db.CreateUser(t.Context(), user, audit("user.create")))
	return user
}

func wantTaken(t *testing.T, err error, field string) {
	t.Helper()
	var taken *tenants.TakenError
	if !errors.As(err, &taken) || taken.Field != field || !errors.Is(err, tenants.ErrExists) {
		t.Errorf("got error %v, want that %s is taken", err, field)
	}
}

func TestUserReadsBackAsCreated(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	support, all := createGroup(t, db, acme.ID, "Support", "read", "impersonate"), createGroup(t, db, acme.ID, "All", "read")
	want := &tenants.User{
		TenantID: acme.ID, ID: id(t), Username: "Ann", Email: "Ann@Acme.example", Name: "Ann Example", Status: tenants.Disabled,
		PasswordHash: "$x$", Profile: json.RawMessage(`{"team":"red"}`), Memberships: in(support, all), Permissions: []string{"own"},
	}
	must(t, db.CreateUser(t.Context(), want, audit("user.create")))
	if diff := cmp.Diff([]string{"All", "Support"}, want.Groups); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"impersonate", "read"}, want.InheritedPermissions); diff != "" {
		t.Error(diff)
	}
	got, err := db.UserByID(t.Context(), acme.ID, want.ID)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, login := range []string{"Ann", "ann", "ANN"} {
		if got, err := db.UserByLogin(t.Context(), acme.ID, login); err != nil || got.ID != want.ID {
			t.Errorf("%s: %v, %v", login, got, err)
		}
	}
	for _, login := range []string{"ann@acme.example", "", "an", "ann\x00"} {
		_, err := db.UserByLogin(t.Context(), acme.ID, login)
		wantErr(t, err, tenants.ErrNotFound)
	}
	_, err = db.UserByLogin(t.Context(), other.ID, "ann")
	wantErr(t, err, tenants.ErrNotFound)
	_, err = db.UserByID(t.Context(), other.ID, want.ID)
	wantErr(t, err, tenants.ErrNotFound)
	list, err := db.Users(t.Context(), acme.ID, "", admin.Range{})
	must(t, err)
	if diff := cmp.Diff([]tenants.User{*want}, list); diff != "" {
		t.Error(diff)
	}
}

func TestUsernamesAndIDsAreTakenOnce(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	ann := createUser(t, db, acme.ID, "Ann")
	createUser(t, db, other.ID, "Ann")
	wantTaken(t, db.CreateUser(t.Context(), newUser(t, acme.ID, "aNN"), audit("user.create")), "username")
	again := newUser(t, acme.ID, "Ben")
	again.ID = ann.ID
	wantTaken(t, db.CreateUser(t.Context(), again, audit("user.create")), "id")
	// A subject of tokens is one user or one client, whichever came first.
	createClient(t, db, acme.ID, "erp")
	again.ID = "erp"
	wantTaken(t, db.CreateUser(t.Context(), again, audit("user.create")), "id")
	client := &tenants.Client{TenantID: acme.ID, ID: ann.ID}
	wantTaken(t, db.CreateClient(t.Context(), client, audit("client.create")), "client_id")
	client.TenantID = other.ID
	must(t, db.CreateClient(t.Context(), client, audit("client.create")))
	ben := createUser(t, db, acme.ID, "Ben")
	ben.Username = "ANN"
	wantTaken(t, db.UpdateUser(t.Context(), ben, audit("user.update")), "username")
	ann.Username = "ANN"
	must(t, db.UpdateUser(t.Context(), ann, audit("user.update")))
}

func TestAddressesAreLoginsOnlyWhereTheTenantSaysSo(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	mail := func(username, email string) *tenants.User {
		user := newUser(t, acme.ID, username)
		user.Email = email
		return user
	}
	ann, ben := mail("ann", "we@acme.example"), mail("ben", "We@acme.example")
	must(t, db.CreateUser(t.Context(), ann, audit("user.create")))
	must(t, db.CreateUser(t.Context(), ben, audit("user.create")))
	acme.LoginByEmail = true
	wantTaken(t, db.UpdateTenant(t.Context(), acme, audit("tenant.update")), "login_by_email")
	ben.Email, ben.Username = "", "WE@acme.example"
	must(t, db.UpdateUser(t.Context(), ben, audit("user.update")))
	wantTaken(t, db.UpdateTenant(t.Context(), acme, audit("tenant.update")), "login_by_email")
	ben.Username = "ben"
	must(t, db.UpdateUser(t.Context(), ben, audit("user.update")))
	must(t, db.UpdateTenant(t.Context(), acme, audit("tenant.update")))
	if got, err := db.UserByLogin(t.Context(), acme.ID, "WE@ACME.example"); err != nil || got.ID != ann.ID {
		t.Errorf("by address: %v, %v", got, err)
	}
	wantTaken(t, db.CreateUser(t.Context(), mail("carl", "WE@acme.example"), audit("user.create")), "email")
	wantTaken(t, db.CreateUser(t.Context(), mail("We@acme.example", ""), audit("user.create")), "username")
	wantTaken(t, db.CreateUser(t.Context(), mail("dora", "BEN"), audit("user.create")), "email")
	must(t, db.CreateUser(t.Context(), mail("e@acme.example", "E@acme.example"), audit("user.create")))
	must(t, db.UpdateTenant(t.Context(), acme, audit("tenant.update")))
}

func TestServiceAccountComesAndGoesWithItsClient(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	machines := createGroup(t, db, acme.ID, "machines", "inherited")
	client := &tenants.Client{TenantID: acme.ID, ID: "erp", Name: "ERP", Permissions: []string{"own"}}
	must(t, db.CreateClient(t.Context(), client, audit("client.create")))
	createClient(t, db, acme.ID, "ERP") // another client: ids have regard to case
	account, err := db.UserByID(t.Context(), acme.ID, "oauth_erp")
	must(t, err)
	if account.Username != "oauth_erp" || account.ServiceAccountOf != "erp" || account.Name != "ERP" || account.PasswordHash != "" || !account.May("own") {
		t.Errorf("got %+v", account)
	}
	_, err = db.UserByLogin(t.Context(), acme.ID, "oauth_erp")
	wantErr(t, err, tenants.ErrNotFound)
	account.Memberships = in(machines)
	must(t, db.UpdateUser(t.Context(), account, audit("user.update")))
	stale := *client
	wantErr(t, db.UpdateClient(t.Context(), &stale, audit("client.update")), tenants.ErrStale)
	client, err = db.ClientByID(t.Context(), acme.ID, "erp")
	must(t, err)
	if !client.May("own") || !client.May("inherited") || client.May("other") {
		t.Errorf("got %v and %v", client.Permissions, client.InheritedPermissions)
	}
	client.Name, client.Permissions = "New", []string{"new"}
	must(t, db.UpdateClient(t.Context(), client, audit("client.update")))
	account, err = db.UserByID(t.Context(), acme.ID, "oauth_erp")
	must(t, err)
	if account.Name != "New" || !account.May("new") || account.May("own") || !account.In("machines") || account.Version != 3 {
		t.Errorf("got %+v", account)
	}
	list, err := db.Clients(t.Context(), acme.ID, admin.Range{})
	must(t, err)
	if len(list) != 2 || !list[1].May("new") || list[0].May("new") {
		t.Errorf("got %+v", list)
	}
	must(t, db.DeleteClient(t.Context(), acme.ID, "erp", 0, audit("client.delete")))
	_, err = db.UserByID(t.Context(), acme.ID, "oauth_erp")
	wantErr(t, err, tenants.ErrNotFound)
	if _, err = db.UserByID(t.Context(), acme.ID, "oauth_ERP"); err != nil {
		t.Error("the other client's account went too")
	}
}

func TestUserUpdateAndDelete(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	theirs := createGroup(t, db, other.ID, "theirs")
	ann := createUser(t, db, acme.ID, "ann", createGroup(t, db, acme.ID, "a"))
	stale := *ann
	ann.Name, ann.Memberships = "Ann", nil
	must(t, db.UpdateUser(t.Context(), ann, audit("user.update")))
	got, err := db.User(t.Context(), acme.ID, ann.ID)
	must(t, err)
	if diff := cmp.Diff(ann, got); diff != "" || got.Version != 2 {
		t.Errorf("version %d, %s", got.Version, diff)
	}
	wantErr(t, db.UpdateUser(t.Context(), &stale, audit("user.update")), tenants.ErrStale)
	ann.Memberships = in(theirs)
	wantErr(t, db.UpdateUser(t.Context(), ann, audit("user.update")), tenants.ErrStale)
	wantErr(t, db.DeleteUser(t.Context(), other.ID, ann.ID, 0, audit("user.delete")), tenants.ErrNotFound)
	wantErr(t, db.DeleteUser(t.Context(), acme.ID, ann.ID, 1, audit("user.delete")), tenants.ErrStale)
	must(t, db.DeleteUser(t.Context(), acme.ID, ann.ID, 2, audit("user.delete")))
	_, err = db.UserByID(t.Context(), acme.ID, ann.ID)
	wantErr(t, err, tenants.ErrNotFound)
}

func TestRehashReplacesOnlyTheHashThatWasVerified(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	ann := newUser(t, acme.ID, "ann")
	ann.PasswordHash = "old"
	must(t, db.CreateUser(t.Context(), ann, audit("user.create")))
	must(t, db.RehashPassword(t.Context(), acme.ID, ann.ID, "older", "wrong"))
	must(t, db.RehashPassword(t.Context(), acme.ID, ann.ID, "old", "new"))
	got, err := db.UserByID(t.Context(), acme.ID, ann.ID)
	must(t, err)
	if got.PasswordHash != "new" || got.Version != 1 {
		t.Errorf("got %q, version %d", got.PasswordHash, got.Version)
	}
}

func TestUsersAreFoundByAnyNameAndByGroup(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	zoe := newUser(t, acme.ID, "Zoe", createGroup(t, db, acme.ID, "Staff"))
	zoe.Email, zoe.Name = "100%_@acme.example", "Ärger, Zoe"
	must(t, db.CreateUser(t.Context(), zoe, audit("user.create")))
	createUser(t, db, acme.ID, "adam")
	must(t, db.CreateClient(t.Context(), &tenants.Client{TenantID: acme.ID, ID: "ERP", Name: "of mine"}, audit("client.create")))
	for _, c := range []struct {
		group, prefix, after string
		want                 []string
	}{
		{"", "", "", []string{"adam", "oauth_ERP", "Zoe"}},
		{"", "ZO", "", []string{"Zoe"}},
		{"", "100%_", "", []string{"Zoe"}},
		{"", "10%", "", nil},
		{"", "äR", "", []string{"Zoe"}},
		{"", "erp", "", []string{"oauth_ERP"}},
		{"", "OAUTH_e", "", []string{"oauth_ERP"}},
		{"", "Of M", "", []string{"oauth_ERP"}},
		{"", "", "adam", []string{"oauth_ERP", "Zoe"}},
		{"", "", "oauth_ERP", []string{"Zoe"}},
		{"staff", "", "", []string{"Zoe"}},
		{"none", "", "", nil},
		{"\x00", "", "", nil},
	} {
		list, err := db.Users(t.Context(), acme.ID, c.group, admin.Range{Prefix: c.prefix, After: c.after})
		must(t, err)
		var got []string
		for _, u := range list {
			got = append(got, u.Username)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%+v: %s", c, diff)
		}
	}
}

func TestGroupsComeAndGo(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	group := createGroup(t, db, acme.ID, "Staff", "read")
	createGroup(t, db, other.ID, "staff")
	ann := createUser(t, db, acme.ID, "ann", group)
	err := db.CreateGroup(t.Context(), &tenants.Group{TenantID: acme.ID, ID: id(t), Name: "STAFF"}, audit("group.create"))
	wantErr(t, err, tenants.ErrExists)
	for _, name := range []string{"sTaff", group.ID} {
		if got, err := db.Group(t.Context(), acme.ID, name); err != nil || !cmp.Equal(got, group) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	stale := *group
	group.Name, group.Permissions = "Crew", []string{"write"}
	must(t, db.UpdateGroup(t.Context(), group, audit("group.update")))
	wantErr(t, db.UpdateGroup(t.Context(), &stale, audit("group.update")), tenants.ErrStale)
	// What was seen of it before is not what would be joined now.
	wantErr(t, db.CreateUser(t.Context(), newUser(t, acme.ID, "ben", &stale), audit("user.create")), tenants.ErrStale)
	wantErr(t, db.UpdateUser(t.Context(), ann, audit("user.update")), tenants.ErrStale)
	got, err := db.UserByID(t.Context(), acme.ID, ann.ID)
	must(t, err)
	if !got.In("Crew") || !got.May("write") || got.May("read") {
		t.Errorf("got %+v", got)
	}
	list, err := db.Groups(t.Context(), acme.ID, admin.Range{Prefix: "c"})
	must(t, err)
	if diff := cmp.Diff([]tenants.Group{*group}, list); diff != "" {
		t.Error(diff)
	}
	wantErr(t, db.DeleteGroup(t.Context(), other.ID, group.ID, 0, audit("group.delete")), tenants.ErrNotFound)
	must(t, db.DeleteGroup(t.Context(), acme.ID, group.ID, 2, audit("group.delete")))
	got, err = db.UserByID(t.Context(), acme.ID, ann.ID)
	must(t, err)
	if len(got.Groups) != 0 || got.May("write") {
		t.Errorf("got %+v", got)
	}
}
