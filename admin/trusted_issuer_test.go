package admin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// newTrust trusts an issuer by these rules.
func newTrust(rules ...tenants.TrustRule) admin.NewTrustedIssuer {
	n := admin.NewTrustedIssuer{Issuer: "https://ci.example"}
	n.JWKSURI, n.Rules = "https://ci.example/jwks", rules
	return n
}

// Class P: whoever an assertion may stand for, nobody lends by it what they have
// not, neither by a rule of theirs nor by a change to one that others made.
func TestClassPTrustGivesNothingThatItsMakerHasNot(t *testing.T) {
	h := newHouse(t)
	acme, ctx := h.tenant("acme"), t.Context()
	h.client("acme", "plain")
	h.client("acme", "mighty", access(oauth.AdminAudience, "keys:write"))
	h.user("acme", "ann")
	h.user("acme", "boss", "keys:write")
	forClient, forBoss := tenants.TrustRule{ClientID: "mighty", Subject: "job"}, tenants.TrustRule{ClientID: "plain", Subject: "job", UserID: "boss"}
	forAnn := tenants.TrustRule{ClientID: "plain", Subject: "job", UserID: "ann"}
	with := func(scopes ...string) admin.Actor {
		return admin.Actor{Name: "client:weak@acme", TenantID: acme.ID, Scopes: append(oauth.Scopes{"clients:read", "clients:write"}, scopes...)}
	}
	for name, c := range map[string]struct {
		rule  tenants.TrustRule
		few   admin.Actor
		field string
		lacks string
		all   admin.Actor
	}{
		"a client":      {forClient, with("users:write"), "rules[0].client_id", "keys:write", with("keys:write")},
		"a user":        {forBoss, with("users:write"), "rules[0].user_id", "keys:write", with("users:write", "keys:write")},
		"anybody's job": {forAnn, with("keys:write"), "", "users:write", with("users:write")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.CreateTrustedIssuer(ctx, c.few, "acme", newTrust(c.rule))
			wantError(t, err, admin.CodeForbidden, c.field, c.lacks)
			made, err := h.CreateTrustedIssuer(ctx, c.all, "acme", newTrust(c.rule))
			wantNone(t, err)
			for _, patch := range []admin.Patch{{"jwks_uri": "https://evil.example/jwks"}, {"status": "disabled"}, {"rules": []any{}}} {
				_, err = h.UpdateTrustedIssuer(ctx, c.few, "acme", made.ID, 0, patch)
				wantError(t, err, admin.CodeForbidden, c.field, c.lacks)
			}
			wantNone(t, h.DeleteTrustedIssuer(ctx, c.all, "acme", made.ID, 0))
		})
	}
	plain, err := h.CreateTrustedIssuer(ctx, with(), "acme", newTrust(tenants.TrustRule{ClientID: "plain", Subject: "job"}))
	wantNone(t, err)
	_, err = h.UpdateTrustedIssuer(ctx, with(), "acme", plain.ID, 0, admin.Patch{"rules": []any{map[string]any{"client_id": "mighty", "subject": "job"}}})
	wantError(t, err, admin.CodeForbidden, "rules[0].client_id", "keys:write")
}

func TestTrustedIssuersAreRefused(t *testing.T) {
	h := newHouse(t)
	acme := h.tenant("acme")
	h.client("acme", "c")
	h.tenant("other")
	h.client("other", "c-of-other")
	h.user("other", "user-of-other")
	rule := func(r tenants.TrustRule) func(n *admin.NewTrustedIssuer) {
		return func(n *admin.NewTrustedIssuer) {
			if r.ClientID == "" {
				r.ClientID = "c"
			}
			if r.Subject == "" {
				r.Subject = "job"
			}
			n.Rules = []tenants.TrustRule{r}
		}
	}
	issuer := func(text string) func(n *admin.NewTrustedIssuer) {
		return func(n *admin.NewTrustedIssuer) { n.Issuer = text }
	}
	keySet := func(keys ...any) func(n *admin.NewTrustedIssuer) {
		return func(n *admin.NewTrustedIssuer) { n.JWKSURI, n.JWKS = "", map[string]any{"keys": keys} }
	}
	key := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
	private := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": key["x"], "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}
	var many []any
	for i := range 21 {
		many = append(many, map[string]any{"kty": "OKP", "crv": "Ed25519", "x": key["x"], "kid": fmt.Sprint(i)})
	}
	for name, c := range map[string]struct {
		change func(n *admin.NewTrustedIssuer)
		field  string
	}{
		"a name, no URI":              {issuer("ci"), "issuer"},
		"a fragment":                  {issuer("https://ci.example#a"), "issuer"},
		"a long issuer":               {issuer("https://ci.example/" + strings.Repeat("a", 500)), "issuer"},
		"the tenant itself":           {issuer(acme.Issuer), "issuer"},
		"keys nowhere":                {func(n *admin.NewTrustedIssuer) { n.JWKSURI = "" }, "jwks_uri"},
		"keys twice":                  {func(n *admin.NewTrustedIssuer) { n.JWKS = map[string]any{"keys": []any{key}} }, "jwks_uri"},
		"no key":                      {keySet(), "jwks"},
		"too many keys":               {keySet(many...), "jwks"},
		"a private key":               {keySet(key, private), "jwks.keys[1]"},
		"another status":              {func(n *admin.NewTrustedIssuer) { n.Status = tenants.Suspended }, "status"},
		"a life of two days":          {func(n *admin.NewTrustedIssuer) { n.MaxLifetime = 172800 }, "max_assertion_lifetime"},
		"a negative life":             {func(n *admin.NewTrustedIssuer) { n.MaxLifetime = -1 }, "max_assertion_lifetime"},
		"many audiences":              {func(n *admin.NewTrustedIssuer) { n.Audiences = strings.Fields(strings.Repeat("a ", 11)) }, "audiences"},
		"an empty audience":           {func(n *admin.NewTrustedIssuer) { n.Audiences = []string{"a", ""} }, "audiences[1]"},
		"many rules":                  {func(n *admin.NewTrustedIssuer) { n.Rules = make([]tenants.TrustRule, 101) }, "rules"},
		"no subject":                  {func(n *admin.NewTrustedIssuer) { n.Rules = []tenants.TrustRule{{ClientID: "c"}} }, "rules[0].subject"},
		"any subject":                 {rule(tenants.TrustRule{Subject: "*"}), "rules[0].subject"},
		"any name within":             {rule(tenants.TrustRule{Subject: "repo:*/app:*"}), "rules[0].subject"},
		"a claim of no text":          {rule(tenants.TrustRule{Claims: map[string][]string{"ref": {}}}), "rules[0].claims.ref"},
		"a claim without a name":      {rule(tenants.TrustRule{Claims: map[string][]string{"": {"x"}}}), "rules[0].claims"},
		"two scopes in one":           {rule(tenants.TrustRule{Scopes: []string{"a b"}}), "rules[0].scopes"},
		"another tenant's client":     {rule(tenants.TrustRule{ClientID: "c-of-other"}), "rules[0].client_id"},
		"another tenant's user":       {rule(tenants.TrustRule{UserID: "user-of-other"}), "rules[0].user_id"},
		"a service account as a user": {rule(tenants.TrustRule{UserID: "oauth_c"}), "rules[0].user_id"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newTrust()
			c.change(&n)
			_, err := h.CreateTrustedIssuer(t.Context(), operator(), "acme", n)
			wantError(t, err, admin.CodeInvalid, c.field)
		})
	}
	n := newTrust()
	keySet(many[:20]...)(&n)
	_, err := h.CreateTrustedIssuer(t.Context(), operator(), "acme", n)
	wantNone(t, err)
}

// Whoever closes the way to an address does not keep trust in an issuer whose keys
// are there from being ended.
func TestTrustWhoseKeysMayNoLongerBeFetchedCanBeDisabled(t *testing.T) {
	h := newHouse(t)
	acme := h.tenant("acme")
	old := &tenants.TrustedIssuer{ID: "i", TenantID: acme.ID, Issuer: "https://ci.example", Name: "CI", Status: tenants.Active, JWKSURI: "https://10.0.0.1/jwks"}
	wantNone(t, h.db.CreateTrustedIssuer(t.Context(), old, tenants.AuditEvent{ID: "e", TenantID: acme.ID}))
	got, err := h.UpdateTrustedIssuer(t.Context(), operator(), "acme", "i", 0, admin.Patch{"status": "disabled"})
	wantNone(t, err)
	if got.Status != tenants.Disabled {
		t.Errorf("it is %s", got.Status)
	}
	_, err = h.UpdateTrustedIssuer(t.Context(), operator(), "acme", "i", 0, admin.Patch{"jwks_uri": "https://10.0.0.2/jwks"})
	wantError(t, err, admin.CodeInvalid, "jwks_uri")
}
