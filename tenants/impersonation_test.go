package tenants_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

func person(id string, groups ...string) *tenants.User {
	return &tenants.User{ID: id, Username: id, Status: tenants.Active, Groups: groups}
}

func TestARuleLetsWhomItNamesBecomeWhomItNames(t *testing.T) {
	robot := &tenants.User{ID: "oauth_robot", Status: tenants.Active, ServiceAccountOf: "robot", Groups: []string{"support"}}
	ann, carl := person("ann", "support"), person("carl", "customers")
	disabled := person("gone", "customers")
	disabled.Status = tenants.Disabled
	type party = tenants.Party
	for name, c := range map[string]struct {
		actor, target party
		who, whom     *tenants.User
		want          bool
	}{
		"group to group":             {party{Group: "support"}, party{Group: "customers"}, ann, carl, true},
		"user to user":               {party{User: "ann"}, party{User: "carl"}, ann, carl, true},
		"client to user":             {party{Client: "robot"}, party{User: "carl"}, robot, carl, true},
		"a client in a group":        {party{Group: "support"}, party{User: "carl"}, robot, carl, true},
		"another user":               {party{User: "bob"}, party{User: "carl"}, ann, carl, false},
		"another target":             {party{User: "ann"}, party{User: "bob"}, ann, carl, false},
		"another group":              {party{Group: "sales"}, party{User: "carl"}, ann, carl, false},
		"the target's group":         {party{User: "ann"}, party{Group: "support"}, ann, carl, false},
		"a client for a person":      {party{Client: "robot"}, party{User: "carl"}, ann, carl, false},
		"a person for a client":      {party{User: "robot"}, party{User: "carl"}, robot, carl, false},
		"a rule that names nobody":   {party{}, party{}, ann, carl, false},
		"an actor that names nobody": {party{}, party{User: "carl"}, ann, carl, false},
		"oneself":                    {party{Group: "support"}, party{Group: "support"}, ann, ann, false},
		"a service account":          {party{User: "ann"}, party{Group: "support"}, ann, robot, false},
		"who is disabled":            {party{User: "ann"}, party{Group: "customers"}, ann, disabled, false},
	} {
		rule := tenants.ImpersonationRule{Status: tenants.Active, Actor: c.actor, Target: c.target}
		if got := rule.Lets(c.who, c.whom); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		if rule.Status = tenants.Disabled; rule.Lets(c.who, c.whom) {
			t.Errorf("%s: by a rule that is off", name)
		}
	}
}

// Whatever the rule does not exceed, each actor has.
func TestNobodyMayMoreThanEachOfTheActors(t *testing.T) {
	permissions := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) *tenants.User {
			u := person(name)
			u.Permissions, u.InheritedPermissions = permissions.Draw(t, name+" own"), permissions.Draw(t, name+" inherited")
			return u
		}
		target, actors := draw("target"), []*tenants.User{draw("actor"), draw("before")}
		rule := tenants.ImpersonationRule{
			Target:            rapid.SampledFrom([]tenants.Party{{User: "target"}, {User: "other"}, {Group: "target"}}).Draw(t, "names"),
			ExceedPermissions: rapid.Bool().Draw(t, "exceeds"),
		}
		if !rule.Covers(actors, target) || rule.ExceedPermissions && rule.Target.User == target.ID {
			return
		}
		for _, permission := range target.EffectivePermissions() {
			for _, actor := range actors {
				if !actor.May(permission) {
					t.Errorf("%s may not %s", actor.ID, permission)
				}
			}
		}
	})
	if rule := (&tenants.ImpersonationRule{Target: tenants.Party{User: "carl"}, ExceedPermissions: true}); true {
		carl := person("carl")
		carl.Permissions = []string{"more"}
		if !rule.Covers([]*tenants.User{person("ann")}, carl) {
			t.Error("a rule that says so by name is not heard")
		}
	}
}

func TestRulesThatNameSomebodyComeFirst(t *testing.T) {
	user, group, client := tenants.Party{User: "u"}, tenants.Party{Group: "g"}, tenants.Party{Client: "c"}
	rules := []tenants.ImpersonationRule{
		{ID: "1", Actor: group, Target: group},
		{ID: "2", Actor: user, Target: group},
		{ID: "3", Actor: group, Target: user},
		{ID: "6", Actor: client, Target: user},
		{ID: "5", Actor: user, Target: user},
		{ID: "0", Actor: client, Target: group},
	}
	tenants.SortImpersonationRules(rules)
	order := ""
	for _, rule := range rules {
		order += rule.ID
	}
	if order != "563021" {
		t.Errorf("they are tried as %s", order)
	}
}

func TestDirectoryForgetsRulesWithWhomTheyName(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	rules := func(want int) []tenants.ImpersonationRule {
		t.Helper()
		list, err := d.dir.ImpersonationRules(ctx, d.tenant)
		d.must(err)
		if len(list) != want {
			t.Errorf("there are %d rules, want %d: %+v", len(list), want, list)
		}
		before := d.db.Queries()
		if _, err := d.dir.ImpersonationRules(ctx, d.tenant); err != nil || d.db.Queries() != before {
			t.Errorf("asking again: %v, %d queries", err, d.db.Queries()-before)
		}
		return list
	}
	rules(0)
	group := &tenants.Group{TenantID: d.tenant, ID: "g", Name: "staff"}
	d.must(d.db.CreateGroup(ctx, group, d.event()))
	for _, id := range []string{"ann", "bob"} {
		d.must(d.db.CreateUser(ctx, &tenants.User{TenantID: d.tenant, ID: id, Username: id, Status: tenants.Active}, d.event()))
	}
	d.must(d.db.CreateClient(ctx, &tenants.Client{TenantID: d.tenant, ID: "erp", Status: tenants.Active}, d.event()))
	for i, actor := range []tenants.Party{{Group: "staff"}, {User: "ann"}, {Client: "erp"}} {
		rule := &tenants.ImpersonationRule{ID: string(rune('1' + i)), TenantID: d.tenant, Status: tenants.Active, Actor: actor, Target: tenants.Party{User: "bob"}}
		rules(i)
		d.must(d.db.CreateImpersonationRule(ctx, rule, d.event()))
	}
	if order := rules(3); order[0].ID != "2" || order[2].ID != "1" {
		t.Errorf("they are tried as %+v", order)
	}
	if list, err := d.dir.ImpersonationRules(ctx, d.other); err != nil || len(list) != 0 {
		t.Errorf("the other tenant has %v, %v", list, err)
	}
	group.Name = "crew"
	d.must(d.db.UpdateGroup(ctx, group, d.event()))
	if name := rules(3)[2].Actor.Group; name != "crew" {
		t.Errorf("the group is called %s", name)
	}
	d.must(d.db.DeleteClient(ctx, d.tenant, "erp", 0, d.event()))
	rules(2)
	d.must(d.db.DeleteGroup(ctx, d.tenant, "g", 0, d.event()))
	last := rules(1)[0]
	last.Status = tenants.Disabled
	d.must(d.db.UpdateImpersonationRule(ctx, &last, d.event()))
	if rules(1)[0].Status != tenants.Disabled {
		t.Error("the rule is on still")
	}
	d.must(d.db.DeleteUser(ctx, d.tenant, "ann", 0, d.event()))
	rules(0)
}
