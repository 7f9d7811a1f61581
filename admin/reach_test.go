package admin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// uses calls every use case that belongs to a tenant, and names the scope that
// it needs.
func (h *house) uses(a admin.Actor, slug, api, client, secret, kid string) map[string]struct {
	scope string
	err   error
} {
	type use = struct {
		scope string
		err   error
	}
	ctx, all := h.t.Context(), map[string]use{}
	keep := func(name, scope string, err error) { all[name] = use{scope, err} }
	_, err := h.Tenant(ctx, a, slug)
	keep("Tenant", "tenants:read", err)
	_, err = h.UpdateTenant(ctx, a, slug, 0, admin.Patch{"name": "X"})
	keep("UpdateTenant", "tenants:write", err)
	keep("DeleteTenant", "tenants:write", h.DeleteTenant(ctx, a, slug, 0))
	_, err = h.CreateAPI(ctx, a, slug, admin.NewAPI{Identifier: "new", Name: "New"})
	keep("CreateAPI", "apis:write", err)
	_, err = h.API(ctx, a, slug, api)
	keep("API", "apis:read", err)
	_, err = h.APIs(ctx, a, slug, admin.Query{})
	keep("APIs", "apis:read", err)
	_, err = h.UpdateAPI(ctx, a, slug, api, 0, admin.Patch{"name": "X"})
	keep("UpdateAPI", "apis:write", err)
	keep("DeleteAPI", "apis:write", h.DeleteAPI(ctx, a, slug, api, 0))
	_, err = h.CreateClient(ctx, a, slug, admin.NewClient{ClientSettings: admin.ClientSettings{Name: "New"}})
	keep("CreateClient", "clients:write", err)
	_, err = h.Client(ctx, a, slug, client)
	keep("Client", "clients:read", err)
	_, err = h.Clients(ctx, a, slug, admin.Query{})
	keep("Clients", "clients:read", err)
	_, err = h.UpdateClient(ctx, a, slug, client, 0, admin.Patch{"name": "X"})
	keep("UpdateClient", "clients:write", err)
	_, err = h.AddSecret(ctx, a, slug, client, admin.NewSecret{})
	keep("AddSecret", "clients:write", err)
	_, err = h.Secrets(ctx, a, slug, client, admin.Query{})
	keep("Secrets", "clients:read", err)
	keep("RevokeSecret", "clients:write", h.RevokeSecret(ctx, a, slug, client, secret))
	keep("DeleteClient", "clients:write", h.DeleteClient(ctx, a, slug, client, 0))
	_, err = h.SigningKeys(ctx, a, slug, admin.Query{})
	keep("SigningKeys", "keys:read", err)
	_, err = h.RotateKey(ctx, a, slug, admin.RotationOrder{})
	keep("RotateKey", "keys:write", err)
	_, err = h.RevokeKey(ctx, a, slug, kid)
	keep("RevokeKey", "keys:write", err)
	keep("DeleteKey", "keys:write", h.DeleteKey(ctx, a, slug, kid))
	_, err = h.AuditEvents(ctx, a, slug, time.Time{}, admin.Query{})
	keep("AuditEvents", "audit:read", err)
	return all
}

// furnished makes a tenant with one of everything.
func (h *house) furnished(slug string) (t *tenants.Tenant, secret, kid string) {
	t = h.tenant(slug)
	h.api(slug, "api", "data")
	made := h.client(slug, "c", access("api", "data"))
	wantNone(h.t, h.EnsureKey(h.t.Context(), t.ID, "ES256"))
	page, err := h.SigningKeys(h.t.Context(), operator(), slug, admin.Query{})
	wantNone(h.t, err)
	return t, made.Secrets[0].ID, page.Items[0].Kid
}

func TestClassPEachUseCaseNeedsItsScope(t *testing.T) {
	h := newHouse(t)
	_, secret, kid := h.furnished("acme")
	for name, use := range h.uses(operatorWith(), "acme", "api", "c", secret, kid) {
		wantError(t, use.err, admin.CodeForbidden, "", use.scope)
		if got := use.err.(*admin.Error).Details["scope"]; got != use.scope {
			t.Errorf("%s needs %v, want %s", name, got, use.scope)
		}
	}
	var but []string
	for _, scope := range admin.AllScopes() {
		but = but[:0]
		for _, other := range admin.AllScopes() {
			if other != scope {
				but = append(but, other)
			}
		}
		for name, use := range h.uses(operatorWith(but...), "nobody", "api", "c", secret, kid) {
			if use.scope == scope {
				wantError(t, use.err, admin.CodeForbidden, "", scope)
			} else {
				wantError(t, use.err, admin.CodeNotFound, "")
			}
			_ = name
		}
	}
	for _, list := range []string{"tenants:write", "audit:read"} {
		_, err := h.Tenants(t.Context(), operatorWith(list), admin.Query{})
		wantError(t, err, admin.CodeForbidden, "", "tenants:read")
	}
	_, err := h.CreateTenant(t.Context(), operatorWith("tenants:read"), admin.NewTenant{Slug: "x", Name: "X"})
	wantError(t, err, admin.CodeForbidden, "", "tenants:write")
}

func TestClassGAnotherTenantIsAnsweredLikeNone(t *testing.T) {
	h := newHouse(t)
	_, secret, kid := h.furnished("acme")
	other := ownAdmin(h.tenant("other"))
	before := len(h.events("acme"))
	none := h.uses(other, "nobody", "api", "c", secret, kid)
	for name, use := range h.uses(other, "acme", "api", "c", secret, kid) {
		wantError(t, use.err, admin.CodeNotFound, "")
		// They differ in what was asked for, which is repeated, and in nothing else.
		if strings.ReplaceAll(use.err.Error(), `"acme"`, `"nobody"`) != none[name].err.Error() {
			t.Errorf("%s: %q for another's, %q for nobody's", name, use.err, none[name].err)
		}
	}
	_, err := h.Client(t.Context(), other, "other", "c\x1b"+strings.Repeat("x", 100))
	wantError(t, err, admin.CodeNotFound, "", `there is no such client: "c?xxx`, `xxx..."`)
	err = h.RevokeSecret(t.Context(), operator(), "acme", "c", "gatehouse_cs_x")
	wantError(t, err, admin.CodeNotFound, "")
	if strings.Contains(err.Error(), "gatehouse_cs_x") {
		t.Errorf("what may be a secret is repeated: %v", err)
	}
	// Its own tenant has none of the ids either.
	for name, use := range h.uses(other, "other", "api", "c", secret, kid) {
		switch name {
		case "API", "UpdateAPI", "DeleteAPI", "Client", "UpdateClient", "DeleteClient", "AddSecret", "Secrets", "RevokeSecret", "RevokeKey", "DeleteKey":
			wantError(t, use.err, admin.CodeNotFound, "")
		}
	}
	if after := len(h.events("acme")); after != before {
		t.Errorf("%d changes were made", after-before)
	}
	if _, err := h.Client(t.Context(), operator(), "acme", "c"); err != nil {
		t.Error(err)
	}
}
