package admin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func newRemote(grantType string) admin.NewRemoteGrant {
	return admin.NewRemoteGrant{GrantType: grantType, RemoteGrantSettings: admin.RemoteGrantSettings{Endpoint: "https://decide.example/"}}
}

func TestGrantTypesOfATenantAreURIsOfItsOwn(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	for _, bad := range []string{
		"", "badge", "client_credentials", "password", "https:", "https:///", "urn:a b", "//acme.example/badge", "https://acme.example/#a", "https://a b", "https://acme.exämple/", "://", "urn:",
		"https://ann@acme.example/", `urn:acme:"x"`, "urn:ietf:params:oauth:grant-type:jwt-bearer", "URN:IETF:params:x", "urn:gatehouse:x", "Urn:Gatehouse:x",
		"urn:acme:" + strings.Repeat("x", 200),
	} {
		_, err := h.CreateRemoteGrant(t.Context(), operator(), "acme", newRemote(bad))
		wantError(t, err, admin.CodeInvalid, "grant_type")
	}
	for _, good := range []string{"urn:acme:badge", "https://acme.example/grants/badge", "tag:acme.example,2026:badge"} {
		made, err := h.CreateRemoteGrant(t.Context(), operator(), "acme", newRemote(good))
		if err != nil || made.Name != good || made.Status != tenants.Active || made.PublicClients || made.Params == nil {
			t.Errorf("%s: %+v, %v", good, made, err)
		}
	}
}

func TestRemoteGrantsThatBreakARuleAreRefused(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	made, err := h.CreateRemoteGrant(t.Context(), operator(), "acme", newRemote("urn:acme:made"))
	wantNone(t, err)
	for _, c := range []struct {
		field, value string
		settings     admin.RemoteGrantSettings
	}{
		{"name", " badge", admin.RemoteGrantSettings{Name: " badge", Endpoint: "https://decide.example/"}},
		{"status", "suspended", admin.RemoteGrantSettings{Status: tenants.Suspended, Endpoint: "https://decide.example/"}},
		{"endpoint", "https://decide.example/?key=secret", admin.RemoteGrantSettings{Endpoint: "https://decide.example/?key=secret"}},
		{"endpoint", "https://127.0.0.1/", admin.RemoteGrantSettings{Endpoint: "https://127.0.0.1/"}},
	} {
		_, err := h.CreateRemoteGrant(t.Context(), operator(), "acme", admin.NewRemoteGrant{GrantType: "urn:acme:badge", RemoteGrantSettings: c.settings})
		wantError(t, err, admin.CodeInvalid, c.field)
		_, err = h.UpdateRemoteGrant(t.Context(), operator(), "acme", made.ID, 0, admin.Patch{c.field: c.value})
		wantError(t, err, admin.CodeInvalid, c.field)
	}
}

// Class R: parameters by which clients prove who they are never reach an endpoint.
func TestClassRParametersOfEndpointsAreNoCredentials(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	for name, list := range map[string][]string{
		"params[0]": {"client_secret"}, "params[1]": {"badge", "Client-Assertion"}, "params[2]": {"a", "b", "clientAssertionType"}, "params[3]": {"a", "b", "c", "client.id"},
		"params[4]": {"a", "b", "c", "d", "GRANT_TYPE"}, "params[5]": {"a", "b", "c", "d", "e", "a"}, "params[6]": {"a", "b", "c", "d", "e", "f", ""},
		"params[7]": {"a", "b", "c", "d", "e", "f", "g", "h i"}, "params": strings.Fields(strings.Repeat("x ", 21)),
	} {
		n := newRemote("urn:acme:badge")
		n.Params = list
		_, err := h.CreateRemoteGrant(t.Context(), operator(), "acme", n)
		wantError(t, err, admin.CodeInvalid, name)
	}
}

func TestWhoNamesADeciderMayChangeUsers(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	made, err := h.CreateRemoteGrant(t.Context(), operatorWith("clients:write", "users:write"), "acme", newRemote("urn:acme:badge"))
	if err != nil {
		t.Fatal(err)
	}
	for _, few := range [][]string{{"clients:write"}, {"users:write"}, {"clients:read", "users:write"}} {
		a := operatorWith(few...)
		_, err := h.CreateRemoteGrant(t.Context(), a, "acme", newRemote("urn:acme:other"))
		wantError(t, err, admin.CodeForbidden, "")
		_, err = h.UpdateRemoteGrant(t.Context(), a, "acme", made.ID, 0, admin.Patch{"name": "X"})
		wantError(t, err, admin.CodeForbidden, "")
		wantError(t, h.DeleteRemoteGrant(t.Context(), a, "acme", made.ID, 0), admin.CodeForbidden, "")
	}
	for _, scope := range []string{"clients:write", "users:read"} {
		_, err = h.RemoteGrant(t.Context(), operatorWith(scope), "acme", made.ID)
		wantError(t, err, admin.CodeForbidden, "")
		_, err = h.RemoteGrants(t.Context(), operatorWith(scope), "acme", admin.Query{})
		wantError(t, err, admin.CodeForbidden, "")
	}
}

func TestGrantThatClientsMayUseStays(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.tenant("other")
	made, err := h.CreateRemoteGrant(t.Context(), operator(), "acme", newRemote("urn:acme:badge"))
	if err != nil {
		t.Fatal(err)
	}
	h.client("acme", "door")
	h.client("other", "door")
	grant := func(slug string) error {
		_, err := h.UpdateClient(t.Context(), operator(), slug, "door", 0, admin.Patch{
			"grant_types": []any{"urn:acme:badge"}, "lifetimes": map[string]any{"urn:acme:badge": 60}, "required_permissions": map[string]any{"urn:acme:badge": "open"},
		})
		return err
	}
	wantError(t, grant("other"), admin.CodeInvalid, "grant_types")
	if err := grant("acme"); err != nil {
		t.Fatal(err)
	}
	effective, err := h.Effective(t.Context(), operator(), "acme", "door", admin.EffectiveQuery{GrantType: "urn:acme:badge"})
	if err != nil || effective.Lifetime.Seconds != 60 || !effective.Allowed {
		t.Errorf("effective: %+v, %v", effective, err)
	}
	wantError(t, h.DeleteRemoteGrant(t.Context(), operator(), "acme", made.ID, 0), admin.CodeInUse, "")
	if err := h.DeleteClient(t.Context(), operator(), "acme", "door", 0); err != nil {
		t.Fatal(err)
	}
	if err := h.DeleteRemoteGrant(t.Context(), operator(), "acme", made.ID, 0); err != nil {
		t.Error(err)
	}
}

// A public client may have the grant only where what is sent proves enough.
func TestPublicClientsHaveOnlyGrantsThatAreOpenToThem(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	n := newRemote("urn:acme:badge")
	made, err := h.CreateRemoteGrant(t.Context(), operator(), "acme", n)
	if err != nil {
		t.Fatal(err)
	}
	public := admin.NewClient{ClientSettings: admin.ClientSettings{Name: "Kiosk", AuthMethod: "none", GrantTypes: []string{"urn:acme:badge"}}}
	_, err = h.CreateClient(t.Context(), operator(), "acme", public)
	wantError(t, err, admin.CodeInvalid, "grant_types")
	if _, err := h.UpdateRemoteGrant(t.Context(), operator(), "acme", made.ID, 0, admin.Patch{"public_clients": true}); err != nil {
		t.Fatal(err)
	}
	if _, err = h.CreateClient(t.Context(), operator(), "acme", public); err != nil {
		t.Error(err)
	}
}

func TestATenantHasAsManyGrantTypesAsAreAllowed(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	for i := range tenants.MaxRemoteGrants {
		if _, err := h.CreateRemoteGrant(t.Context(), operator(), "acme", newRemote(fmt.Sprint("urn:acme:", i))); err != nil {
			t.Fatal(err)
		}
	}
	_, err := h.CreateRemoteGrant(t.Context(), operator(), "acme", newRemote("urn:acme:more"))
	wantError(t, err, admin.CodeInUse, "")
}

// Whoever closes the way to an address does not keep a grant that asks there from
// being disabled.
func TestGrantsWhoseEndpointMayNoLongerBeAskedCanBeDisabled(t *testing.T) {
	h := newHouse(t)
	tenant := h.tenant("acme")
	g := &tenants.RemoteGrant{
		ID: "g", TenantID: tenant.ID, GrantType: "urn:acme:badge", Name: "Badge", Status: tenants.Active, Endpoint: "https://10.0.0.1/", Params: []string{},
	}
	if err := h.db.CreateRemoteGrant(t.Context(), g, tenants.AuditEvent{ID: "e", TenantID: tenant.ID}); err != nil {
		t.Fatal(err)
	}
	got, err := h.UpdateRemoteGrant(t.Context(), operator(), "acme", "g", 0, admin.Patch{"status": "disabled"})
	if err != nil || got.Status != tenants.Disabled {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = h.UpdateRemoteGrant(t.Context(), operator(), "acme", "g", 0, admin.Patch{"endpoint": "https://10.0.0.2/"})
	wantError(t, err, admin.CodeInvalid, "endpoint")
}
