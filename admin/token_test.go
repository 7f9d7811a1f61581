package admin_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Class E: nobody configures a claim that says who a token speaks for, what for
// or how long.
func TestClassEReservedClaimsAreRefusedByName(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	api := h.api("acme", "api")
	h.client("acme", "c")
	for _, name := range []string{
		"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "act", "client_id", "scope", "may_act", "cnf", "grant_id", "active", "token_type",
		"exchanged", "renew_until", "Sub", "ſub", "iſs", "ISS", "Act", "MAY_ACT", "GRANT_ID", "Exchanged", "Renew_Until", "iſſ",
	} {
		claims := tenants.Claims{name: {Value: "x"}, "fine": {Value: "y"}}
		patch := admin.Patch{"claims": map[string]any{name: map[string]any{"value": "x"}}}
		_, err := h.CreateAPI(t.Context(), operator(), "acme", admin.NewAPI{Identifier: "new", Name: "N", TokenShape: admin.TokenShape{Claims: claims}})
		wantError(t, err, admin.CodeInvalid, "claims."+name)
		_, err = h.UpdateAPI(t.Context(), operator(), "acme", api.ID, 0, patch)
		wantError(t, err, admin.CodeInvalid, "claims."+name)
		var n admin.NewClient
		n.Name, n.Claims = "N", claims
		_, err = h.CreateClient(t.Context(), operator(), "acme", n)
		wantError(t, err, admin.CodeInvalid, "claims."+name)
		_, err = h.UpdateClient(t.Context(), operator(), "acme", "c", 0, patch)
		wantError(t, err, admin.CodeInvalid, "claims."+name)
	}
}

func TestClaimsAreHeldToTheirForm(t *testing.T) {
	h := newHouse(t)
	h.tenant("acme")
	h.client("acme", "c")
	many := map[string]any{}
	for i := range 51 {
		many[fmt.Sprintf("c%d", i)] = map[string]any{"value": 1}
	}
	for field, claims := range map[string]map[string]any{
		"claims.a":               {"a": map[string]any{}},
		"claims.b":               {"b": map[string]any{"value": 1, "from": "user.name"}},
		"claims.c.from":          {"c": map[string]any{"from": "user.password_hash"}},
		"claims.d.value":         {"d": map[string]any{"value": json.Number("9007199254740993")}},
		"claims.e.value.deep[0]": {"e": map[string]any{"value": map[string]any{"deep": []any{json.Number("123456789012345678901234567890")}}}},
		"claims.n.value":         {"n": map[string]any{"value": json.Number("1e400")}},
		"claims. f":              {" f": map[string]any{"value": 1}},
		"claims.g\n":             {"g\n": map[string]any{"value": 1}},
		"claims.":                {"": map[string]any{"value": 1}},
		"claims.h":               {"h": map[string]any{"valeu": 1}},
		"claims":                 many,
		"claims.toolong":         {"toolong": map[string]any{"value": nil}},
		"claims.i.from":          {"i": map[string]any{"from": "user.profile." + strings.Repeat("x", 200)}},
		"claims." + long("j"):    {long("j"): map[string]any{"value": 1}},
	} {
		_, err := h.UpdateClient(t.Context(), operator(), "acme", "c", 0, admin.Patch{"claims": claims})
		if field == "claims.h" {
			field = "claims.h.valeu"
		}
		wantError(t, err, admin.CodeInvalid, field)
	}
	_, err := h.UpdateClient(t.Context(), operator(), "acme", "c", 0, admin.Patch{"claims": map[string]any{"big": map[string]any{"value": strings.Repeat("x", 4096)}}})
	wantError(t, err, admin.CodeInvalid, "claims")
	want := tenants.Claims{
		"https://acme.example/a?b=c": {Value: "x"}, "ü": {Value: []any{true, nil, 1.5, 9007199254740991.0}}, "mail": {From: "user.email"}, "no": {Value: false},
	}
	patch := map[string]any{}
	for name, claim := range want {
		patch[name] = map[string]any{"value": claim.Value, "from": claim.From}
		if claim.From == "" {
			patch[name] = map[string]any{"value": claim.Value}
		}
	}
	patch["mail"] = map[string]any{"from": "user.email"}
	_, err = h.UpdateClient(t.Context(), operator(), "acme", "c", 0, admin.Patch{"claims": patch})
	wantNone(t, err)
	got, err := h.Client(t.Context(), operator(), "acme", "c")
	wantNone(t, err)
	if diff := cmp.Diff(want, got.Claims); diff != "" {
		t.Error(diff)
	}
}

func long(s string) string { return strings.Repeat(s, 201) }

func TestTokenFormatsAndExcess(t *testing.T) {
	h := newHouse(t)
	acme := h.tenant("acme")
	if acme.ExcessLifetime != tenants.ClampExcess {
		t.Errorf("excess_lifetime is %q", acme.ExcessLifetime)
	}
	api := h.api("acme", "api")
	if api.TokenFormat != tenants.FormatJWT || len(api.Claims) != 0 {
		t.Errorf("a plain API: %+v", api)
	}
	h.client("acme", "c")
	own := ownAdmin(acme)
	changed, err := h.UpdateTenant(t.Context(), own, "acme", 0, admin.Patch{"excess_lifetime": "refuse"})
	wantNone(t, err)
	if changed.ExcessLifetime != tenants.RefuseExcess {
		t.Errorf("excess_lifetime is %q", changed.ExcessLifetime)
	}
	_, err = h.UpdateTenant(t.Context(), own, "acme", 0, admin.Patch{"excess_lifetime": "forbid"})
	wantError(t, err, admin.CodeInvalid, "excess_lifetime", "clamp", "refuse")
	if changed, err = h.UpdateTenant(t.Context(), own, "acme", 0, admin.Patch{"excess_lifetime": nil}); err != nil || changed.ExcessLifetime != tenants.ClampExcess {
		t.Errorf("excess_lifetime taken away: %v, %v", changed, err)
	}
	for value, want := range map[any]string{"opaque": "opaque", "jwt": "jwt", nil: ""} {
		c, err := h.UpdateClient(t.Context(), own, "acme", "c", 0, admin.Patch{"token_format": value})
		wantNone(t, err)
		if c.TokenFormat != want {
			t.Errorf("%v became %q", value, c.TokenFormat)
		}
	}
	_, err = h.UpdateClient(t.Context(), own, "acme", "c", 0, admin.Patch{"token_format": "paseto"})
	wantError(t, err, admin.CodeInvalid, "token_format", "jwt", "opaque")
	a, err := h.UpdateAPI(t.Context(), own, "acme", api.ID, 0, admin.Patch{"token_format": "opaque"})
	wantNone(t, err)
	if a.TokenFormat != "opaque" {
		t.Errorf("the API's is %q", a.TokenFormat)
	}
	if a, err = h.UpdateAPI(t.Context(), own, "acme", api.ID, 0, admin.Patch{"token_format": nil}); err != nil || a.TokenFormat != "jwt" {
		t.Errorf("the API's taken away: %v, %v", a, err)
	}
}

func TestEffectiveShowsWhoDecided(t *testing.T) {
	h := newHouse(t)
	acme := h.tenant("acme")
	other := h.tenant("other")
	one := h.api("acme", "one", "data", "more")
	h.api("acme", "two")
	h.client("acme", "both", tenants.APIAccess{Identifier: "one", Scopes: oauth.Scopes{"data"}}, tenants.APIAccess{Identifier: "two"}, tenants.APIAccess{Identifier: oauth.AdminAudience})
	h.client("acme", "none")
	patch := func(id string, p admin.Patch) {
		t.Helper()
		_, err := h.UpdateClient(t.Context(), operator(), "acme", id, 0, p)
		wantNone(t, err)
	}
	patch("both", admin.Patch{"token_format": "opaque", "grant_types": []any{"client_credentials"}, "claims": map[string]any{"a": map[string]any{"value": "client"}, "b": map[string]any{"value": "client"}}})
	_, err := h.UpdateAPI(t.Context(), operator(), "acme", one.ID, 0, admin.Patch{"access_token_lifetime": 60, "claims": map[string]any{"a": map[string]any{"value": "api"}}})
	wantNone(t, err)
	ask := func(id string, q admin.EffectiveQuery) *admin.Effective {
		t.Helper()
		e, err := h.Effective(t.Context(), ownAdmin(acme), "acme", id, q)
		wantNone(t, err)
		return e
	}
	e := ask("both", admin.EffectiveQuery{Audience: "one"})
	if !e.Allowed || e.GrantType != "client_credentials" || e.Scopes.String() != "data" || e.Lifetime.Seconds != 60 || e.Lifetime.DecidedBy != "api" || e.TokenFormat != (admin.EffectiveFormat{Value: "opaque", DecidedBy: "client"}) {
		t.Errorf("one: %+v", e)
	}
	if len(e.Claims) != 2 || e.Claims[0].Value != "api" || e.Claims[0].DecidedBy != "api" || e.Claims[1].DecidedBy != "client" {
		t.Errorf("claims: %+v", e.Claims)
	}
	// What reaches the admin API is a JWT always.
	if e = ask("both", admin.EffectiveQuery{Audience: oauth.AdminAudience, GrantType: "password"}); e.TokenFormat.Value != "jwt" || e.Allowed {
		t.Errorf("admin: %+v", e)
	}
	if e = ask("none", admin.EffectiveQuery{}); e.Audience != acme.Issuer || e.Lifetime.DecidedBy != "platform" || len(e.Claims) != 0 {
		t.Errorf("none: %+v", e)
	}
	_, err = h.Effective(t.Context(), operator(), "acme", "both", admin.EffectiveQuery{})
	wantError(t, err, admin.CodeInvalid, "audience", "one", "two", acme.Issuer)
	_, err = h.Effective(t.Context(), operator(), "acme", "none", admin.EffectiveQuery{Audience: "one"})
	wantError(t, err, admin.CodeInvalid, "audience")
	_, err = h.Effective(t.Context(), ownAdmin(other), "acme", "both", admin.EffectiveQuery{})
	wantCode(t, err, admin.CodeNotFound)
	_, err = h.Effective(t.Context(), operatorWith("clients:write"), "acme", "both", admin.EffectiveQuery{})
	wantCode(t, err, admin.CodeForbidden)
}

func TestRevokingTokensIsAuditedAndReachesItsTenantOnly(t *testing.T) {
	h := newHouse(t)
	acme, other := h.tenant("acme"), h.tenant("other")
	h.client("acme", "c")
	done, err := h.RevokeTokens(t.Context(), ownAdmin(acme), "acme", admin.TokenRevocation{ClientID: "c"})
	wantNone(t, err)
	if !done.NotBefore.Equal(h.now) || !done.ExpiresAt.After(h.now) {
		t.Errorf("got %+v", done)
	}
	last := h.events("acme")[0]
	if last.Action != "token.revoke" || last.Target != "c" || last.Actor != "client:own@acme" || last.Details["kind"] != "client" {
		t.Errorf("audited as %+v", last)
	}
	for _, o := range []admin.TokenRevocation{{ClientID: "c"}, {UserID: "oauth_c"}, {All: true}, {TokenID: "x"}} {
		_, err := h.RevokeTokens(t.Context(), ownAdmin(other), "acme", o)
		wantCode(t, err, admin.CodeNotFound)
	}
	_, err = h.RevokeTokens(t.Context(), ownAdmin(other), "other", admin.TokenRevocation{ClientID: "c"})
	wantError(t, err, admin.CodeNotFound, "")
}
