package adminapi_test

import (
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

func (d *desk) tokensConversation() {
	token := d.operator()
	const all = "/tenants/acme/tokens/revoke"
	got := d.want(200, "", call{method: "POST", path: all, token: token, body: object{"client_id": "106"}})
	if at, err := time.Parse(time.RFC3339, got.text("not_before")); err != nil || !at.Equal(d.now) {
		d.t.Errorf("not_before: %s", got.raw)
	}
	d.want(200, "", call{method: "POST", path: all, token: token, body: object{"user_id": "oauth_106"}})
	d.want(200, "", call{method: "POST", path: all, token: token, body: object{"all": true}})
	one := d.want(200, "", call{method: "POST", path: all, token: token, body: object{"jti": "x-Y_z"}})
	if one.body["not_before"] != nil {
		d.t.Errorf("one token: %s", one.raw)
	}
	for _, body := range []object{{}, {"all": false}, {"all": true, "client_id": "106"}, {"client_id": "106", "user_id": "u"}, {"jti": "a:b"}, {"jti": "a\nb"}} {
		d.want(400, "invalid", call{method: "POST", path: all, token: token, body: body})
	}
	d.want(404, "not_found", call{method: "POST", path: all, token: token, body: object{"client_id": "nobody"}})
	d.want(404, "not_found", call{method: "POST", path: all, token: token, body: object{"user_id": "nobody"}})

	const effective = "/tenants/acme/clients/106/effective"
	got = d.want(200, "", call{method: "GET", path: effective, token: token})
	if lifetime := got.body["lifetime"].(object); lifetime["decided_by"] == nil || len(lifetime["chain"].([]any)) != 6 {
		d.t.Errorf("effective: %s", got.raw)
	}
	refused := d.want(400, "invalid", call{method: "GET", path: effective + "?audience=nowhere", token: token})
	if refused.text("field") != "audience" {
		d.t.Errorf("audience: %s", refused.raw)
	}
	d.want(400, "invalid", call{method: "GET", path: effective + "?grant_type=nothing", token: token})
}

// Each order needs the scope of what it is about.
func TestRevokingTokensNeedsTheScopeOfTheirOwner(t *testing.T) {
	d := newDesk(t)
	_, err := d.service.CreateTenant(t.Context(), everything(), admin.NewTenant{Slug: "acme", Name: "Acme"})
	d.must(err)
	d.administrator("acme")
	for scope, body := range map[string]object{
		"clients:write": {"client_id": "admin-of-acme"}, "users:write": {"user_id": "oauth_admin-of-acme"}, "tenants:write": {"all": true},
	} {
		order := call{method: "POST", path: "/tenants/acme/tokens/revoke", body: body}
		for _, has := range []string{"clients:write", "users:write", "tenants:write"} {
			order.token = d.token("operator", "operator", has)
			if has == scope {
				d.want(200, "", order)
			} else if r := d.want(403, "forbidden", order); r.text("scope") != scope {
				t.Errorf("%v lacks %s: %s", body, scope, r.raw)
			}
		}
	}
}

// Class F: a revoked token does not reach the admin API.
func TestClassFRevokedTokensAreRefused(t *testing.T) {
	d := newDesk(t)
	_, err := d.service.CreateTenant(t.Context(), everything(), admin.NewTenant{Slug: "acme", Name: "Acme"})
	d.must(err)
	token := d.administrator("acme")
	claims := object{"sub": "admin-of-acme", "client_id": "admin-of-acme", "scope": "tenants:read"}
	with := func(more object) string {
		for name, value := range more {
			claims[name] = value
		}
		return d.sign("acme", oauth.TypeAccessToken, claims)
	}
	one, other := with(object{"jti": "one"}), with(object{"jti": "other"})
	show := func(token string) call { return call{method: "GET", path: "/tenants/acme", token: token} }
	revoke := func(o admin.TokenRevocation) {
		t.Helper()
		_, err := d.service.RevokeTokens(t.Context(), everything(), "acme", o)
		d.must(err)
	}
	revoke(admin.TokenRevocation{TokenID: "one"})
	d.want(401, "invalid_token", show(one))
	d.want(200, "", show(other))
	revoke(admin.TokenRevocation{ClientID: "admin-of-acme"})
	d.want(401, "invalid_token", show(other))
	d.want(401, "invalid_token", show(token))
	later := with(object{"jti": "later", "iat": d.now.Add(time.Second).Unix()})
	d.want(200, "", show(later))
	revoke(admin.TokenRevocation{All: true})
	d.want(401, "invalid_token", show(later)) // issued in the second of both orders, between them
	latest := with(object{"jti": "latest", "iat": d.now.Add(2 * time.Second).Unix()})
	d.want(200, "", show(latest))
	d.now = d.now.Add(2 * time.Second)
	revoke(admin.TokenRevocation{All: true})
	d.want(401, "invalid_token", show(latest))
	d.want(200, "", show(d.operator()))
}

// A client that is made again under its old id does not inherit its tokens.
func TestTokensOfADeletedClientStayDead(t *testing.T) {
	d := newDesk(t)
	_, err := d.service.CreateTenant(t.Context(), everything(), admin.NewTenant{Slug: "acme", Name: "Acme"})
	d.must(err)
	token := d.administrator("acme")
	d.must(d.service.DeleteClient(t.Context(), everything(), "acme", "admin-of-acme", 0))
	d.now = d.now.Add(time.Second)
	again := d.administrator("acme")
	d.want(401, "invalid_token", call{method: "GET", path: "/tenants/acme", token: token})
	d.want(200, "", call{method: "GET", path: "/tenants/acme", token: again})
}
