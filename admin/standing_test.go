package admin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func (h *house) group(slug, name string, permissions ...string) *tenants.Group {
	h.t.Helper()
	made, err := h.CreateGroup(h.t.Context(), operator(), slug, admin.GroupSettings{Name: name, Permissions: permissions})
	wantNone(h.t, err)
	return made
}

func (h *house) member(slug, name string, groups ...string) {
	h.t.Helper()
	_, err := h.CreateUser(h.t.Context(), operator(), slug, admin.NewUser{ID: name, UserSettings: admin.UserSettings{Username: name, Groups: groups}})
	wantNone(h.t, err)
}

// takeovers changes, by who is to be given, boss (a user in the group admins, with
// the API key key), robot (a client with the key credential and the secret secret,
// whose service account is in admins) and direct (a client with a permission).
func (h *house) takeovers(key, credential, secret string) map[string]func(a admin.Actor) error {
	ctx := h.t.Context()
	group := func(p admin.Patch) func(a admin.Actor) error {
		return func(a admin.Actor) error {
			_, err := h.UpdateGroup(ctx, a, "acme", "admins", 0, p)
			return err
		}
	}
	user := func(p admin.Patch) func(a admin.Actor) error {
		return func(a admin.Actor) error {
			_, err := h.UpdateUser(ctx, a, "acme", "boss", 0, p)
			return err
		}
	}
	return map[string]func(a admin.Actor) error{
		"rename a group":        group(admin.Patch{"name": "x"}),
		"take a group's scopes": group(admin.Patch{"permissions": []any{"plain"}}),
		"delete a group":        func(a admin.Actor) error { return h.DeleteGroup(ctx, a, "acme", "admins", 0) },
		"set a password":        user(admin.Patch{"password": "a long password"}),
		"leave a group":         user(admin.Patch{"groups": []any{}}),
		"delete a user":         func(a admin.Actor) error { return h.DeleteUser(ctx, a, "acme", "boss", 0) },
		"end a user's tokens": func(a admin.Actor) error {
			_, err := h.RevokeTokens(ctx, a, "acme", admin.TokenRevocation{UserID: "boss"})
			return err
		},
		"end a user's sessions": func(a admin.Actor) error { return h.RevokeSessions(ctx, a, "acme", "boss") },
		"end a session":         func(a admin.Actor) error { return h.RevokeSession(ctx, a, "acme", "boss", "s") },
		"unlock a user":         func(a admin.Actor) error { return h.UnlockUser(ctx, a, "acme", "boss") },
		"widen an API key": func(a admin.Actor) error {
			_, err := h.UpdateAPIKey(ctx, a, "acme", "boss", key, admin.Patch{"scopes": nil})
			return err
		},
		"delete an API key": func(a admin.Actor) error { return h.DeleteAPIKey(ctx, a, "acme", "boss", key) },
		"add a secret to a client": func(a admin.Actor) error {
			_, err := h.AddSecret(ctx, a, "acme", "robot", admin.NewSecret{})
			return err
		},
		"revoke a client's secret": func(a admin.Actor) error { return h.RevokeSecret(ctx, a, "acme", "robot", secret) },
		"add a key to a client": func(a admin.Actor) error {
			_, err := h.AddClientKey(ctx, a, "acme", "robot", admin.NewClientKey{Certificate: certificateUntil(h.t, h.now, h.now.AddDate(1, 0, 0))})
			return err
		},
		"revoke a client's key": func(a admin.Actor) error { return h.RevokeClientKey(ctx, a, "acme", "robot", credential) },
		"change a client": func(a admin.Actor) error {
			_, err := h.UpdateClient(ctx, a, "acme", "direct", 0, admin.Patch{"permissions": []any{}})
			return err
		},
	}
}

// Whatever changes somebody, or a group that somebody is in, needs every admin
// scope that is to be had by it: else it is a way to have it.
func TestClassPNobodyChangesWhoHasMoreAdminScopes(t *testing.T) {
	h := newHouse(t)
	acme, ctx := h.tenant("acme"), t.Context()
	h.group("acme", "admins", "tenants:write", "plain")
	h.member("acme", "boss", "admins")
	key, err := h.CreateAPIKey(ctx, operator(), "acme", "boss", admin.NewAPIKey{APIKeySettings: admin.APIKeySettings{Name: "CI", Scopes: oauth.Scopes{"users:read"}}})
	wantNone(t, err)
	robot := h.client("acme", "robot")
	credential, err := h.AddClientKey(ctx, operator(), "acme", "robot", admin.NewClientKey{Certificate: certificateUntil(t, h.now, h.now.AddDate(1, 0, 0))})
	wantNone(t, err)
	_, err = h.UpdateUser(ctx, operator(), "acme", "oauth_robot", 0, admin.Patch{"groups": []any{"admins"}})
	wantNone(t, err)
	h.client("acme", "direct")
	_, err = h.UpdateClient(ctx, operator(), "acme", "direct", 0, admin.Patch{"permissions": []any{"tenants:write"}})
	wantNone(t, err)
	weak := admin.Actor{Name: "client:weak@acme", TenantID: acme.ID, Scopes: oauth.Scopes{"users:write", "clients:write", "users:read"}}
	uses := h.takeovers(key.ID, credential.ID, robot.Secrets[0].ID)
	for name, use := range uses {
		t.Run(name, func(t *testing.T) { wantError(t, use(weak), admin.CodeForbidden, "", "tenants:write") })
	}
	boss, err := h.User(ctx, weak, "acme", "boss")
	wantNone(t, err)
	wantList(t, boss.EffectivePermissions(), "plain", "tenants:write")
	strong := weak
	strong.Scopes = append(strong.Scopes, "tenants:write")
	for _, name := range []string{
		"end a user's tokens", "end a user's sessions", "unlock a user", "widen an API key", "delete an API key",
		"add a secret to a client", "add a key to a client", "revoke a client's key", "change a client", "set a password", "rename a group",
	} {
		t.Run(name+", with the scopes", func(t *testing.T) { wantNone(t, uses[name](strong)) })
	}
}

// Groups go by their names or ids: one that is called like another's id would be
// taken for it.
func TestClassPNoGroupIsCalledLikeAnID(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	other := h.group("acme", "other")
	for _, name := range []string{other.ID, strings.ToUpper(other.ID)} {
		_, err := h.CreateGroup(t.Context(), operator(), "acme", admin.GroupSettings{Name: name})
		wantError(t, err, admin.CodeInvalid, "name", "UUID")
		_, err = h.UpdateGroup(t.Context(), operator(), "acme", "other", 0, admin.Patch{"name": name})
		wantError(t, err, admin.CodeInvalid, "name", "UUID")
		// Nor is one joined by its id, which says nothing to who reads the groups of a user.
		_, err = h.CreateUser(t.Context(), operator(), "acme", admin.NewUser{UserSettings: admin.UserSettings{Username: "x", Groups: []string{name}}})
		wantError(t, err, admin.CodeInvalid, "groups", "no group")
	}
}

// numbered returns n texts that differ.
func numbered(n int, prefix string) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(prefix, i)
	}
	return list
}

func TestGroupsThatBreakARuleAreRefused(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.group("acme", "staff")
	many := numbered(201, "p")
	for name, c := range map[string]struct {
		made  admin.GroupSettings
		field string
		value any
	}{
		"space around the name":     {admin.GroupSettings{Name: " staff"}, "name", " staff"},
		"a long description":        {admin.GroupSettings{Name: "x", Description: strings.Repeat("a", 2001)}, "description", strings.Repeat("a", 2001)},
		"a permission of two words": {admin.GroupSettings{Name: "x", Permissions: []string{"a b"}}, "permissions", []string{"a b"}},
		"a long permission":         {admin.GroupSettings{Name: "x", Permissions: []string{strings.Repeat("a", 101)}}, "permissions", []string{strings.Repeat("a", 101)}},
		"many permissions":          {admin.GroupSettings{Name: "x", Permissions: many}, "permissions", many},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.CreateGroup(t.Context(), operator(), "acme", c.made)
			wantError(t, err, admin.CodeInvalid, c.field)
			_, err = h.UpdateGroup(t.Context(), operator(), "acme", "staff", 0, admin.Patch{c.field: c.value})
			wantError(t, err, admin.CodeInvalid, c.field)
		})
	}
	_, err := h.CreateGroup(t.Context(), operator(), "acme", admin.GroupSettings{Name: "x", Description: "Two\n\tlines"})
	wantNone(t, err)
}

// What a group gives is judged before the user is stored, and groups change
// meanwhile: by its name, somebody would join another one than was judged.
func TestClassPAGroupThatWasRenamedMeanwhileIsNotJoined(t *testing.T) {
	h := newHouse(t)
	acme := h.tenant("acme")
	helpdesk := admin.Actor{Name: "client:helpdesk@acme", TenantID: acme.ID, Scopes: oauth.Scopes{"users:write", "users:read"}}
	harmless, admins := h.group("acme", "harmless"), h.group("acme", "admins", "tenants:write")
	h.member("acme", "old")
	h.member("acme", "member", "harmless")
	rename := func(g *tenants.Group, name string) {
		_, err := h.UpdateGroup(t.Context(), operator(), "acme", g.ID, 0, admin.Patch{"name": name})
		wantNone(t, err)
	}
	change := func(id string, version int64, p admin.Patch) func() error {
		return func() error {
			_, err := h.UpdateUser(t.Context(), helpdesk, "acme", id, version, p)
			return err
		}
	}
	for name, c := range map[string]struct {
		who  string
		do   func() error
		code admin.Code // empty: it is done
	}{
		"a new user": {"new", func() error {
			n := admin.NewUser{ID: "new", UserSettings: admin.UserSettings{Username: "new", Groups: []string{"harmless"}}}
			_, err := h.CreateUser(t.Context(), helpdesk, "acme", n)
			return err
		}, admin.CodeForbidden},
		"a user":               {"old", change("old", 0, admin.Patch{"groups": []any{"harmless"}}), admin.CodeForbidden},
		"a version of a user":  {"old", change("old", 1, admin.Patch{"groups": []any{"harmless"}}), admin.CodeStale},
		"a member":             {"member", change("member", 0, admin.Patch{"name": "Other"}), ""},
		"a member, named anew": {"member", change("member", 0, admin.Patch{"groups": []any{"harmless"}, "name": "Again"}), admin.CodeForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			h.storing = func() {
				h.storing = func() {}
				rename(harmless, "other")
				rename(admins, "harmless")
			}
			err := c.do()
			if c.code == "" {
				wantNone(t, err)
			} else {
				wantCode(t, err, c.code)
			}
			if u, err := h.User(t.Context(), helpdesk, "acme", c.who); err == nil && u.May("tenants:write") {
				t.Errorf("it is in %v", u.Groups)
			}
			rename(admins, "admins")
			rename(harmless, "harmless")
		})
	}
}
