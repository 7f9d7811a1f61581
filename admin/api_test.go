package admin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

func TestIdentifiersOfAPIs(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	for _, good := range []string{
		"https://api.acme.example", "https://api.acme.example/v1?x=1", "urn:acme:api", "SalesforceCommerceCloud_API",
		"106", "api.v1:read~x", "app:(x)!",
	} {
		h.api("acme", good)
		_, err := h.CreateAPI(t.Context(), operator(), "acme", admin.NewAPI{Identifier: good, Name: "Again"})
		wantError(t, err, admin.CodeExists, "identifier")
	}
	for _, bad := range []string{
		"", "https://a.example/#x", "https://a.example#", "two words", "a+b", "ümlaut", "https://a.example/ü", "https://a.example/\x00",
		strings.Repeat("a", 201), "https://a.example/" + strings.Repeat("a", 200), "urn:gatehouse:admin", "URN:gatehouse:Admin", "//a.example+",
		"01890a5d-ac96-774b-bcce-b302099a8057", "01890A5D-AC96-774B-BCCE-B302099A8057", // the id of another one, perhaps
	} {
		_, err := h.CreateAPI(t.Context(), operator(), "acme", admin.NewAPI{Identifier: bad, Name: "Bad"})
		wantError(t, err, admin.CodeInvalid, "identifier")
	}
}

func TestAPIsAreRefused(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	scopes := func(names ...string) (list []tenants.Scope) {
		for _, name := range names {
			list = append(list, tenants.Scope{Name: name})
		}
		return list
	}
	for field, n := range map[string]admin.NewAPI{
		"scopes":                    {Scopes: scopes("data", "data")},
		"name":                      {Name: "\t"},
		"required_permission":       {RequiredPermission: "a b"},
		"signing_alg":               {SigningAlg: "none"},
		"token_format":              {TokenShape: admin.TokenShape{TokenFormat: "xml"}},
		"access_token_lifetime":     {Lifetime: tenants.Lifetime{Default: 86401}},
		"max_access_token_lifetime": {Lifetime: tenants.Lifetime{Max: 86401}},
	} {
		n.Identifier = "api"
		if field != "name" {
			n.Name = "API"
		}
		_, err := h.CreateAPI(t.Context(), operator(), "acme", n)
		wantError(t, err, admin.CodeInvalid, field)
	}
	_, err := h.CreateAPI(t.Context(), operator(), "acme", admin.NewAPI{Identifier: "api", Name: "API", Scopes: scopes(numbered(201, "s")...)})
	wantError(t, err, admin.CodeInvalid, "scopes", "200")
	for _, name := range []string{"", "a b", `a"b`, `a\b`, "ü", strings.Repeat("a", 201)} {
		_, err := h.CreateAPI(t.Context(), operator(), "acme", admin.NewAPI{Identifier: "api", Name: "API", Scopes: scopes(name)})
		wantError(t, err, admin.CodeInvalid, "scopes")
	}
}

func TestOnlyTheOperatorMakesAnAPIFindable(t *testing.T) {
	h := newHouse(t)
	acme := h.tenant("acme")
	yes, no := true, false
	if !h.api("acme", "by-operator").SharedHost {
		t.Error("an operator's API is not findable by default")
	}
	hidden, err := h.CreateAPI(t.Context(), operator(), "acme", admin.NewAPI{Identifier: "hidden", Name: "H", SharedHost: &no})
	wantNone(t, err)
	own, err := h.CreateAPI(t.Context(), ownAdmin(acme), "acme", admin.NewAPI{Identifier: "own", Name: "O"})
	wantNone(t, err)
	if hidden.SharedHost || own.SharedHost {
		t.Errorf("findable: hidden %v, own %v", hidden.SharedHost, own.SharedHost)
	}
	_, err = h.CreateAPI(t.Context(), ownAdmin(acme), "acme", admin.NewAPI{Identifier: "squat", Name: "S", SharedHost: &yes})
	wantError(t, err, admin.CodeForbidden, "shared_host")
	_, err = h.UpdateAPI(t.Context(), ownAdmin(acme), "acme", "own", 0, admin.Patch{"shared_host": true})
	wantError(t, err, admin.CodeForbidden, "shared_host")
	got, err := h.UpdateAPI(t.Context(), ownAdmin(acme), "acme", "by-operator", 0, admin.Patch{"name": "N", "shared_host": true})
	wantNone(t, err)
	if got.Name != "N" || !got.SharedHost {
		t.Errorf("a patch that leaves shared_host as it is: %+v", got)
	}
}

func TestAmbiguityOnTheSharedHostIsRefused(t *testing.T) {
	h := newHouse(t)
	for _, slug := range []string{"one", "two"} {
		h.tenant(slug)
		h.api(slug, "https://shared.example", "data")
	}
	h.client("one", "106", tenants.APIAccess{Identifier: "https://shared.example"})
	_, err := h.CreateClient(t.Context(), operator(), "two", admin.NewClient{ID: "106", ClientSettings: admin.ClientSettings{
		Name: "Same", APIs: []tenants.APIAccess{{Identifier: "https://shared.example"}},
	}})
	wantError(t, err, admin.CodeAmbiguous, "client_id")
}

func TestPatchOfAnAPI(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	made := h.api("acme", "https://api.acme.example", "data")
	for _, id := range []string{made.ID, made.Identifier} {
		_, err := h.UpdateAPI(t.Context(), operator(), "acme", id, 0, admin.Patch{"identifier": "other"})
		wantError(t, err, admin.CodeInvalid, "identifier", "cannot be changed")
	}
	got, err := h.UpdateAPI(t.Context(), operator(), "acme", made.ID, made.Version, admin.Patch{
		"scopes": []any{map[string]any{"name": "more", "deprecated": true}}, "signing_alg": "ES256",
	})
	wantNone(t, err)
	if len(got.Scopes) != 1 || got.Scopes[0].Name != "more" || !got.Scopes[0].Deprecated || got.SigningAlg != "ES256" {
		t.Errorf("got %+v", got)
	}
	_, err = h.UpdateAPI(t.Context(), operator(), "acme", made.ID, 0, admin.Patch{"scopes": []any{map[string]any{"nmae": "x"}}})
	wantError(t, err, admin.CodeInvalid, "scopes[0].nmae")
	_, err = h.UpdateAPI(t.Context(), operator(), "acme", made.ID, made.Version, admin.Patch{"name": "Lost"})
	wantError(t, err, admin.CodeStale, "")
}

func TestAnAPIThatClientsReferToStays(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	made := h.api("acme", "api", "data")
	h.api("acme", "other")
	h.client("acme", "bystander", tenants.APIAccess{Identifier: "other"})
	for i := range 7 {
		h.client("acme", fmt.Sprint("c", i), tenants.APIAccess{Identifier: "api"})
	}
	_, err := h.UpdateClient(t.Context(), operator(), "acme", "bystander", 0, admin.Patch{"resource_server_for": []string{"api"}})
	wantNone(t, err)
	err = h.DeleteAPI(t.Context(), operator(), "acme", "api", 0)
	wantError(t, err, admin.CodeInUse, "")
	if !strings.Contains(err.Error(), "(bystander, c0, c1, c2, c3 and 3 more)") {
		t.Errorf("got %v", err)
	}
	details := err.(*admin.Error).Details
	if details["client_count"] != 8 || fmt.Sprint(details["clients"]) != "[bystander c0 c1 c2 c3]" {
		t.Errorf("got %v", details)
	}
	for i := range 7 {
		wantNone(t, h.DeleteClient(t.Context(), operator(), "acme", fmt.Sprint("c", i), 0))
	}
	wantError(t, h.DeleteAPI(t.Context(), operator(), "acme", "api", 0), admin.CodeInUse, "")
	wantNone(t, h.DeleteClient(t.Context(), operator(), "acme", "bystander", 0))
	wantError(t, h.DeleteAPI(t.Context(), operator(), "acme", "api", made.Version+1), admin.CodeStale, "")
	wantNone(t, h.DeleteAPI(t.Context(), operator(), "acme", made.ID, made.Version))
	_, err = h.API(t.Context(), operator(), "acme", made.ID)
	wantError(t, err, admin.CodeNotFound, "")
}

// A scope that a client has stays: what is exported could not be applied again.
func TestAScopeThatClientsHaveStays(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.api("acme", "api", "data", "more", "rest")
	h.client("acme", "c", access("api", "more"))
	h.api("acme", "other", "more")
	h.client("acme", "bystander", access("other", "more"), access("api", "data"))
	change := func(names ...string) error {
		list := []any{}
		for _, name := range names {
			list = append(list, map[string]any{"name": name, "deprecated": true})
		}
		_, err := h.UpdateAPI(t.Context(), operator(), "acme", "api", 0, admin.Patch{"scopes": list})
		return err
	}
	err := change("data")
	wantError(t, err, admin.CodeInUse, "scopes", "more", "(c)")
	if details := err.(*admin.Error).Details; details["client_count"] != 1 || fmt.Sprint(details["clients"]) != "[c]" {
		t.Errorf("got %v", details)
	}
	wantNone(t, change("data", "more"))
	_, err = h.UpdateClient(t.Context(), operator(), "acme", "c", 0, admin.Patch{"apis": []any{}})
	wantNone(t, err)
	wantNone(t, change("data"))
}
