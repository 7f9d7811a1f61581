package admin_test

import (
	"fmt"
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func (h *house) user(slug, id string, permissions ...string) {
	h.t.Helper()
	_, err := h.CreateUser(h.t.Context(), operator(), slug, admin.NewUser{ID: id, UserSettings: admin.UserSettings{Username: id, Permissions: permissions}})
	wantNone(h.t, err)
}

// Class P: nobody gives away by a rule what they have not.
func TestClassPRulesGiveNothingThatTheirMakerHasNot(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.user("acme", "ann")
	h.user("acme", "boss", "keys:write", "fire-people")
	h.client("acme", "robot")
	user := func(id string) tenants.Party { return tenants.Party{User: id} }
	exceeding := admin.NewImpersonationRule{Actor: user("ann"), Target: user("boss")}
	exceeding.ExceedPermissions = true
	_, err := h.CreateImpersonationRule(h.t.Context(), operatorWith("users:write"), "acme", exceeding)
	wantError(t, err, admin.CodeForbidden, "target.user", "keys:write")
	made, err := h.CreateImpersonationRule(h.t.Context(), operatorWith("users:write", "keys:write"), "acme", exceeding)
	wantNone(t, err)

	// Neither does a change, in whatever it is.
	for _, patch := range []admin.Patch{{"status": "disabled"}, {"max_lifetime": 60}} {
		_, err = h.UpdateImpersonationRule(h.t.Context(), operatorWith("users:write"), "acme", made.ID, 0, patch)
		wantError(t, err, admin.CodeForbidden, "target.user", "keys:write")
	}
	plain, err := h.CreateImpersonationRule(h.t.Context(), operatorWith("users:write"), "acme", admin.NewImpersonationRule{Actor: user("ann"), Target: user("boss")})
	wantNone(t, err)
	_, err = h.UpdateImpersonationRule(h.t.Context(), operatorWith("users:write"), "acme", plain.ID, 0, admin.Patch{"exceed_permissions": true})
	wantError(t, err, admin.CodeForbidden, "target.user", "keys:write")

	byClient := admin.NewImpersonationRule{Actor: tenants.Party{Client: "robot"}, Target: user("ann")}
	_, err = h.CreateImpersonationRule(h.t.Context(), operatorWith("users:write"), "acme", byClient)
	wantError(t, err, admin.CodeForbidden, "", "clients:write")
	_, err = h.CreateImpersonationRule(h.t.Context(), operatorWith("users:write"), "acme", admin.NewImpersonationRule{Actor: tenants.Party{Client: "nobody"}, Target: user("ann")})
	wantError(t, err, admin.CodeForbidden, "", "clients:write") // and so it is not told which there are
	made, err = h.CreateImpersonationRule(h.t.Context(), operatorWith("users:write", "clients:write"), "acme", byClient)
	wantNone(t, err)
	_, err = h.UpdateImpersonationRule(h.t.Context(), operatorWith("users:write"), "acme", made.ID, 0, admin.Patch{"scopes": []any{"all"}})
	wantError(t, err, admin.CodeForbidden, "", "clients:write")
}

func TestRulesNeedTheScopesOfUsers(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.user("acme", "ann")
	h.user("acme", "carl")
	ctx, rule := t.Context(), admin.NewImpersonationRule{Actor: tenants.Party{User: "ann"}, Target: tenants.Party{User: "carl"}}
	made, err := h.CreateImpersonationRule(ctx, operator(), "acme", rule)
	wantNone(t, err)
	reads, writes := operatorWith("users:write", "clients:write"), operatorWith("users:read", "clients:read")
	_, err = h.ImpersonationRule(ctx, reads, "acme", made.ID)
	wantError(t, err, admin.CodeForbidden, "", "users:read")
	_, err = h.ImpersonationRules(ctx, reads, "acme", admin.Query{})
	wantError(t, err, admin.CodeForbidden, "", "users:read")
	_, err = h.CreateImpersonationRule(ctx, writes, "acme", rule)
	wantError(t, err, admin.CodeForbidden, "", "users:write")
	_, err = h.UpdateImpersonationRule(ctx, writes, "acme", made.ID, 0, admin.Patch{"description": "x"})
	wantError(t, err, admin.CodeForbidden, "", "users:write")
	wantError(t, h.DeleteImpersonationRule(ctx, writes, "acme", made.ID, 0), admin.CodeForbidden, "", "users:write")
}

// An address is for signing in: who is meant by a rule is a name or an id.
func TestRulesNameNobodyByAnAddress(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	_, err := h.UpdateTenant(t.Context(), operator(), "acme", 0, admin.Patch{"login_by_email": true})
	wantNone(t, err)
	h.user("acme", "ann")
	_, err = h.UpdateUser(t.Context(), operator(), "acme", "ann", 0, admin.Patch{"username": "Ann", "email": "ann@acme.example"})
	wantNone(t, err)
	h.user("acme", "carl")
	rule := admin.NewImpersonationRule{Actor: tenants.Party{User: "ANN@acme.example"}, Target: tenants.Party{User: "carl"}}
	_, err = h.CreateImpersonationRule(t.Context(), operator(), "acme", rule)
	wantError(t, err, admin.CodeInvalid, "actor.user", "no user")
	rule.Actor.User = "ANN"
	made, err := h.CreateImpersonationRule(t.Context(), operator(), "acme", rule)
	wantNone(t, err)
	if made.Actor.User != "ann" {
		t.Errorf("the rule names %q", made.Actor.User)
	}
}

func TestATenantHasABoundedNumberOfRules(t *testing.T) {
	h := newHouse(t)
	acme := h.tenant("acme")
	h.user("acme", "ann")
	h.user("acme", "carl")
	rule := admin.NewImpersonationRule{Actor: tenants.Party{User: "ann"}, Target: tenants.Party{User: "carl"}}
	for i := range tenants.MaxImpersonationRules {
		if i > 1 { // straight into the store: it is quicker
			r := &tenants.ImpersonationRule{ID: fmt.Sprintf("rule-%d", i), TenantID: acme.ID, Status: tenants.Active, Actor: rule.Actor, Target: rule.Target}
			wantNone(t, h.db.CreateImpersonationRule(t.Context(), r, tenants.AuditEvent{Actor: "test", Action: "test"}))
			continue
		}
		_, err := h.CreateImpersonationRule(t.Context(), operator(), "acme", rule)
		wantNone(t, err)
	}
	_, err := h.CreateImpersonationRule(t.Context(), operator(), "acme", rule)
	wantError(t, err, admin.CodeInvalid, "", "1000")
}
