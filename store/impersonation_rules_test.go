package store_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func newRule(t *testing.T, tenantID string, actor, target tenants.Party) *tenants.ImpersonationRule {
	t.Helper()
	return &tenants.ImpersonationRule{ID: id(t), TenantID: tenantID, Status: tenants.Active, Actor: actor, Target: target}
}

func createRule(t *testing.T, db *store.DB, tenantID string, actor, target tenants.Party) *tenants.ImpersonationRule {
	t.Helper()
	rule := newRule(t, tenantID, actor, target)
	must(t, db.CreateImpersonationRule(t.Context(), rule, audit("impersonation_rule.create")))
	return rule
}

func TestImpersonationRulesComeAndGo(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	support := createGroup(t, db, acme.ID, "Support")
	createGroup(t, db, acme.ID, "Customers")
	ann := createUser(t, db, acme.ID, "ann")
	createClient(t, db, acme.ID, "robot")
	var events []feed.Event
	db.Subscribe(func(e feed.Event) { events = append(events, e) })

	full := newRule(t, acme.ID, tenants.Party{Group: "SUPPORT"}, tenants.Party{User: ann.ID})
	full.Description, full.RequireReason, full.MaxLifetime, full.Scopes, full.ExceedPermissions = "Führung", true, 600, oauth.Scopes{"read"}, true
	must(t, db.CreateImpersonationRule(t.Context(), full, audit("impersonation_rule.create")))
	if full.Actor.Group != "Support" {
		t.Errorf("the group is %q", full.Actor.Group)
	}
	bare := createRule(t, db, acme.ID, tenants.Party{Client: "robot"}, tenants.Party{Group: "customers"})
	if bare.Scopes != nil {
		t.Error("no bound of scopes became one")
	}
	got, err := db.ImpersonationRule(t.Context(), acme.ID, full.ID)
	must(t, err)
	if diff := cmp.Diff(full, got); diff != "" {
		t.Error(diff)
	}
	for _, of := range []func() ([]tenants.ImpersonationRule, error){
		func() ([]tenants.ImpersonationRule, error) {
			return db.ImpersonationRules(t.Context(), acme.ID, admin.Range{})
		},
		func() ([]tenants.ImpersonationRule, error) { return db.AllImpersonationRules(t.Context(), acme.ID) },
	} {
		list, err := of()
		must(t, err)
		tenants.SortImpersonationRules(list)
		if diff := cmp.Diff([]tenants.ImpersonationRule{*full, *bare}, list); diff != "" {
			t.Error(diff)
		}
	}
	list, err := db.ImpersonationRules(t.Context(), acme.ID, admin.Range{Prefix: "fÜh", Limit: 1})
	if err != nil || len(list) != 1 || list[0].ID != full.ID {
		t.Errorf("by its description: %v, %v", list, err)
	}

	stale := *full
	full.Status, full.Scopes, full.RequireReason, full.ExceedPermissions, full.MaxLifetime = tenants.Disabled, nil, false, false, 0
	must(t, db.UpdateImpersonationRule(t.Context(), full, audit("impersonation_rule.update")))
	if got, err = db.ImpersonationRule(t.Context(), acme.ID, full.ID); err != nil || !cmp.Equal(full, got) || got.Version != 2 {
		t.Errorf("after an update: %v, %s", err, cmp.Diff(full, got))
	}
	wantErr(t, db.UpdateImpersonationRule(t.Context(), &stale, audit("impersonation_rule.update")), tenants.ErrStale)

	// A new name of a group is the rule's.
	support.Name = "Desk"
	must(t, db.UpdateGroup(t.Context(), support, audit("group.update")))
	if got, err = db.ImpersonationRule(t.Context(), acme.ID, full.ID); err != nil || got.Actor.Group != "Desk" {
		t.Errorf("after a new name: %+v, %v", got, err)
	}

	// Another tenant has none of it.
	_, err = db.ImpersonationRule(t.Context(), other.ID, full.ID)
	wantErr(t, err, tenants.ErrNotFound)
	stranger := *full
	stranger.TenantID = other.ID
	wantErr(t, db.UpdateImpersonationRule(t.Context(), &stranger, audit("impersonation_rule.update")), tenants.ErrNotFound)
	wantErr(t, db.DeleteImpersonationRule(t.Context(), other.ID, full.ID, 0, audit("impersonation_rule.delete")), tenants.ErrNotFound)
	for _, party := range []tenants.Party{{User: ann.ID}, {Client: "robot"}} {
		wantErr(t, db.CreateImpersonationRule(t.Context(), newRule(t, other.ID, party, party), audit("impersonation_rule.create")), tenants.ErrNotFound)
	}
	var missing *admin.MissingError
	if err := db.CreateImpersonationRule(t.Context(), newRule(t, other.ID, tenants.Party{Group: support.ID}, tenants.Party{}), audit("x")); !errors.As(err, &missing) {
		t.Errorf("another tenant's group: %v", err)
	}
	if list, err := db.AllImpersonationRules(t.Context(), other.ID); err != nil || len(list) != 0 {
		t.Errorf("another tenant has %v, %v", list, err)
	}

	wantErr(t, db.DeleteImpersonationRule(t.Context(), acme.ID, full.ID, 1, audit("impersonation_rule.delete")), tenants.ErrStale)
	must(t, db.DeleteImpersonationRule(t.Context(), acme.ID, full.ID, 2, audit("impersonation_rule.delete")))
	_, err = db.ImpersonationRule(t.Context(), acme.ID, full.ID)
	wantErr(t, err, tenants.ErrNotFound)
	for _, e := range []feed.Event{events[0], events[len(events)-1]} {
		if e.Kind != feed.ImpersonationRule || e.TenantID != acme.ID || e.Key != full.ID {
			t.Errorf("the event is %+v", e)
		}
	}
}

func TestImpersonationRulesGoWithWhomTheyName(t *testing.T) {
	db := storetest.Open(t)
	acme := newTenant(t, db, "acme")
	group := createGroup(t, db, acme.ID, "group")
	other := createGroup(t, db, acme.ID, "other")
	ann, bob := createUser(t, db, acme.ID, "ann"), createUser(t, db, acme.ID, "bob")
	createClient(t, db, acme.ID, "robot")
	createRule(t, db, acme.ID, tenants.Party{Group: "group"}, tenants.Party{User: bob.ID})
	createRule(t, db, acme.ID, tenants.Party{Client: "robot"}, tenants.Party{User: bob.ID})
	createRule(t, db, acme.ID, tenants.Party{User: ann.ID}, tenants.Party{User: bob.ID})
	createRule(t, db, acme.ID, tenants.Party{User: bob.ID}, tenants.Party{Group: "other"})
	createRule(t, db, acme.ID, tenants.Party{Group: "group"}, tenants.Party{User: ann.ID})
	left := 5
	for name, remove := range map[string]func() error{
		"a group as a target":  func() error { return db.DeleteGroup(t.Context(), acme.ID, other.ID, 0, audit("x")) },
		"a client as an actor": func() error { return db.DeleteClient(t.Context(), acme.ID, "robot", 0, audit("x")) },
	} {
		left--
		must(t, remove())
		if list, err := db.AllImpersonationRules(t.Context(), acme.ID); err != nil || len(list) != left {
			t.Errorf("%s is gone: %d rules, %v, want %d", name, len(list), err, left)
		}
	}
	must(t, db.DeleteUser(t.Context(), acme.ID, ann.ID, 0, audit("x"))) // an actor and a target
	list, err := db.AllImpersonationRules(t.Context(), acme.ID)
	if err != nil || len(list) != 1 || list[0].Target.User != bob.ID {
		t.Errorf("a user is gone: %v, %v", list, err)
	}
	must(t, db.DeleteGroup(t.Context(), acme.ID, group.ID, 0, audit("x")))
	if list, err = db.AllImpersonationRules(t.Context(), acme.ID); err != nil || len(list) != 0 {
		t.Errorf("a group as an actor is gone: %v, %v", list, err)
	}
}

func TestImpersonationCandidatesAreActivePeopleWhomRulesName(t *testing.T) {
	db := storetest.Open(t)
	acme, other := newTenant(t, db, "acme"), newTenant(t, db, "other")
	customers, staff := createGroup(t, db, acme.ID, "Customers", "read"), createGroup(t, db, acme.ID, "staff")
	createUser(t, db, other.ID, "stranger", createGroup(t, db, other.ID, "customers"))
	createClient(t, db, acme.ID, "robot")
	robot, err := db.UserByID(t.Context(), acme.ID, "oauth_robot")
	must(t, err)
	robot.Memberships = in(customers)
	must(t, db.UpdateUser(t.Context(), robot, audit("user.update")))
	createUser(t, db, acme.ID, "Carl", customers, staff) // in two ways, listed once
	ann := createUser(t, db, acme.ID, "ann")
	createUser(t, db, acme.ID, "bob", staff)
	off := newUser(t, acme.ID, "abe", customers)
	off.Status = tenants.Disabled
	must(t, db.CreateUser(t.Context(), off, audit("user.create")))
	zoe := newUser(t, acme.ID, "zoe", customers)
	zoe.Name, zoe.Email = "Ärmel", "CARL@x.example"
	must(t, db.CreateUser(t.Context(), zoe, audit("user.create")))

	both := tenants.Candidates{UserIDs: []string{ann.ID, off.ID, robot.ID, "nobody"}, Groups: []string{"customers", "STAFF"}}
	for name, c := range map[string]struct {
		with func(*tenants.Candidates)
		want []string
	}{
		"all":            {func(*tenants.Candidates) {}, []string{"ann", "bob", "Carl", "zoe"}},
		"users only":     {func(c *tenants.Candidates) { c.Groups = nil }, []string{"ann"}},
		"a group only":   {func(c *tenants.Candidates) { c.UserIDs, c.Groups = nil, []string{"customers"} }, []string{"Carl", "zoe"}},
		"nobody":         {func(c *tenants.Candidates) { c.UserIDs, c.Groups = nil, nil }, []string{}},
		"the first two":  {func(c *tenants.Candidates) { c.Limit = 2 }, []string{"ann", "bob"}},
		"after bob":      {func(c *tenants.Candidates) { c.After = "bob" }, []string{"Carl", "zoe"}},
		"a prefix":       {func(c *tenants.Candidates) { c.Prefix = "CAR" }, []string{"Carl", "zoe"}},
		"of a name":      {func(c *tenants.Candidates) { c.Prefix = "är" }, []string{"zoe"}},
		"a literal one":  {func(c *tenants.Candidates) { c.Prefix = "%" }, []string{}},
		"what no row is": {func(c *tenants.Candidates) { c.Prefix = "\xff" }, []string{}},
	} {
		who := both
		c.with(&who)
		list, err := db.ImpersonationCandidates(t.Context(), acme.ID, who)
		must(t, err)
		names := []string{}
		for i := range list {
			names = append(names, list[i].Username)
		}
		if diff := cmp.Diff(c.want, names); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	list, err := db.ImpersonationCandidates(t.Context(), acme.ID, tenants.Candidates{Groups: []string{"customers"}})
	if err != nil || !list[0].May("read") || len(list[0].Groups) != 2 {
		t.Errorf("without their groups: %+v, %v", list, err)
	}
	if list, err := db.ImpersonationCandidates(t.Context(), other.ID, both); err != nil || len(list) != 1 || list[0].Username != "stranger" {
		t.Errorf("the other tenant has %+v, %v", list, err)
	}
}
