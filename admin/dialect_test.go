package admin_test

import (
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

func TestDialectsOfATenant(t *testing.T) {
	h := newHouse(t)
	for name, test := range map[string]struct {
		tenant admin.NewTenant
		field  string
	}{
		"two that answer the same endpoint":        {admin.NewTenant{Slug: "x", Name: "X", Dialects: []string{"dealcloud", "akeneo"}}, "dialects"},
		"a setting that the dialect has not":       {admin.NewTenant{Slug: "x", Name: "X", DialectSettings: settings("dealcloud", "place", "x")}, "dialect_settings.dealcloud"},
		"a setting of no dialect":                  {admin.NewTenant{Slug: "x", Name: "X", DialectSettings: settings("klingon", "site", "x")}, "dialect_settings"},
		"a setting with a line break in its value": {admin.NewTenant{Slug: "x", Name: "X", DialectSettings: settings("dealcloud", "site", "x\ny")}, "dialect_settings.dealcloud.site"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.CreateTenant(t.Context(), operator(), test.tenant)
			wantError(t, err, admin.CodeInvalid, test.field)
		})
	}
	made, err := h.CreateTenant(t.Context(), operator(), admin.NewTenant{
		Slug: "x", Name: "X", Dialects: []string{"dealcloud"}, DialectSettings: settings("dealcloud", "site", "s"),
	})
	if err != nil || made.DialectSettings["dealcloud"]["site"] != "s" {
		t.Fatalf("made %+v, %v", made, err)
	}
}

func settings(dialect, name, value string) map[string]map[string]string {
	return map[string]map[string]string{dialect: {name: value}}
}

func TestADialectBringsItsClient(t *testing.T) {
	h := newHouse(t)
	if _, err := h.CreateTenant(t.Context(), operator(), admin.NewTenant{Slug: "x", Name: "X"}); err != nil {
		t.Fatal(err)
	}
	_, err := h.Client(t.Context(), operator(), "x", "swift")
	wantCode(t, err, admin.CodeNotFound)
	if _, err := h.UpdateTenant(t.Context(), operator(), "x", 0, admin.Patch{"dialects": []any{"swift", "dealcloud"}}); err != nil {
		t.Fatal(err)
	}
	_, err = h.Client(t.Context(), operator(), "x", "dealcloud")
	wantCode(t, err, admin.CodeNotFound) // its calls name one
	c, err := h.Client(t.Context(), operator(), "x", "swift")
	if err != nil || c.AuthMethod != oauth.AuthDialect || !c.AllowsGrant(oauth.GrantPassword) {
		t.Fatalf("the client: %+v, %v", c, err)
	}
	// It cannot become another kind of client, and no other can become one.
	_, err = h.UpdateClient(t.Context(), operator(), "x", "swift", 0, admin.Patch{"token_endpoint_auth_method": "client_secret_basic"})
	wantError(t, err, admin.CodeInvalid, "token_endpoint_auth_method")
	_, err = h.CreateClient(t.Context(), operator(), "x", admin.NewClient{ClientSettings: admin.ClientSettings{Name: "y", AuthMethod: oauth.AuthDialect}})
	wantError(t, err, admin.CodeInvalid, "token_endpoint_auth_method")
	other, err := h.CreateClient(t.Context(), operator(), "x", admin.NewClient{ClientSettings: admin.ClientSettings{Name: "y"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.UpdateClient(t.Context(), operator(), "x", other.ID, 0, admin.Patch{"token_endpoint_auth_method": "dialect"})
	wantError(t, err, admin.CodeInvalid, "token_endpoint_auth_method")
}

func TestADialectsClientNeedsItsName(t *testing.T) {
	h := newHouse(t)
	if _, err := h.CreateTenant(t.Context(), operator(), admin.NewTenant{Slug: "x", Name: "X"}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.CreateClient(t.Context(), operator(), "x", admin.NewClient{ID: "swift", ClientSettings: admin.ClientSettings{Name: "y"}}); err != nil {
		t.Fatal(err)
	}
	_, err := h.UpdateTenant(t.Context(), operator(), "x", 0, admin.Patch{"dialects": []any{"swift"}})
	wantError(t, err, admin.CodeExists, "dialects")
}
