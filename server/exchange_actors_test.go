package server_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Class E: who becomes two in turn gets past nobody, and the chain is kept and
// does not grow for ever.
func TestClassEChainsAreKeptAndBounded(t *testing.T) {
	h := newHouse(t)
	h.desks()
	// cora may become boss if that were not more than she is; ann may become cora.
	h.admin("POST", "tenants/acme/impersonation-rules", `{"actor":{"user":"cora"},"target":{"user":"boss"}}`)
	h.admin("POST", "tenants/acme/impersonation-rules", `{"actor":{"user":"cora"},"target":{"user":"carl"}}`)
	ann := h.as("ann")
	cora := h.earned("desk", ann, "requested_subject", "cora")
	h.refused(oauth.InvalidTarget, "desk", cora, "requested_subject", "boss")
	h.admin("PATCH", "tenants/acme/users/cora", `{"permissions":["fire-people","see-orders"]}`)
	h.earned("desk", h.as("cora"), "requested_subject", "boss") // cora herself now may
	h.admin("POST", "tenants/acme/impersonation-rules", `{"actor":{"user":"ann"},"target":{"user":"cora"},"exceed_permissions":true}`)
	cora = h.earned("desk", ann, "requested_subject", "cora")
	h.refused(oauth.InvalidTarget, "desk", cora, "requested_subject", "boss") // ann, by her, may not

	carl := h.earned("desk", cora, "requested_subject", "carl")
	if act := fmt.Sprint(claimsOf(t, carl)["act"]); act != "map[act:map[sub:ann] sub:cora]" {
		t.Errorf("act is %s", act)
	}
	byAnn := h.earned("desk", h.earned("desk", ann, "requested_subject", "carl"), "actor_token", h.as("ann"), "actor_token_type", accessType)
	if act := fmt.Sprint(claimsOf(t, byAnn)["act"]); act != "map[act:map[sub:ann] sub:ann]" {
		t.Errorf("act is %s by an actor token", act)
	}
	token := carl
	for range 3 {
		token = h.earned("desk", token)
	}
	if act := fmt.Sprint(claimsOf(t, token)["act"]); act != "map[act:map[sub:ann] sub:cora]" {
		t.Errorf("act is %s after more exchanges", act)
	}
	if n := len(claimsOf(t, token)["exchanged"].([]any)); n != 5 {
		t.Errorf("%d exchanges are told of", n)
	}
	h.refused(oauth.InvalidRequest, "desk", token)
	// Those of both tokens count: three and two are five, three and three too many.
	subject, actor := h.earned("desk", h.earned("desk", h.as("carl"))), h.earned("desk", ann)
	h.earned("desk", subject, "actor_token", actor, "actor_token_type", accessType)
	h.refused(oauth.InvalidRequest, "desk", subject, "actor_token", h.earned("desk", actor), "actor_token_type", accessType)
}

// Section 4.4 of RFC 8693: where a token has a may_act, whom it names may act, if the
// subject has no permission that the actor lacks, and nobody else may.
func TestClassEMayActIsHonoured(t *testing.T) {
	h := newHouse(t)
	h.desks()
	h.admin("POST", "tenants/acme/impersonation-rules", `{"actor":{"client":"desk"},"target":{"user":"carl"}}`)
	ann, carl, own := h.as("ann"), h.as("carl"), h.own("desk")
	issuer := claimsOf(t, ann)["iss"]
	byAnn := []string{"actor_token", ann, "actor_token_type", accessType}
	byDesk := []string{"actor_token", own, "actor_token_type", accessType}
	type object = map[string]any
	for _, c := range []struct {
		mayAct object
		actor  []string
		act    string // empty: refused
	}{
		{object{"sub": "ann"}, byAnn, "map[sub:ann]"},
		{object{"sub": "ann", "iss": issuer, "client_id": "desk"}, byAnn, "map[sub:ann]"},
		{object{"sub": "ann"}, nil, ""},
		{object{"sub": "ann"}, byDesk, ""},
		{object{"sub": "cora"}, byAnn, ""},
		{object{"sub": "ann", "iss": "https://elsewhere.example"}, byAnn, ""},
		{object{"sub": "ann", "client_id": "shop"}, byAnn, ""},
		{object{"sub": "desk"}, byDesk, "map[sub:desk]"},
		{object{"sub": "desk"}, nil, "<nil>"},
		{object{"sub": "oauth_desk"}, nil, "<nil>"},
		{object{"sub": "shop"}, nil, ""},
		{object{"client_id": "desk"}, nil, "<nil>"},
		{object{}, nil, ""},
		{object{"email": "ann@acme.example"}, byAnn, ""},
		{nil, byAnn, "map[sub:ann]"},
		{nil, nil, "<nil>"},
	} {
		token := h.signed(oauth.TypeAccessToken, carl, object{"may_act": c.mayAct})
		if c.mayAct == nil {
			token = carl
		}
		status, answer := h.exchange("desk", token, c.actor...)
		switch {
		case c.act == "" && (status != 400 || answer["error"] != "invalid_request" && answer["error"] != "invalid_target"):
			t.Errorf("may_act %v by %.20v: %d %v", c.mayAct, c.actor, status, answer)
		case c.act != "" && status != 200:
			t.Errorf("may_act %v by %.20v: %d %v", c.mayAct, c.actor, status, answer)
		case c.act != "":
			claims := claimsOf(t, answer["access_token"].(string))
			if fmt.Sprint(claims["act"]) != c.act || claims["sub"] != "carl" || fmt.Sprint(claims["may_act"]) != fmt.Sprint(map[string]any(c.mayAct)) && c.mayAct != nil {
				t.Errorf("may_act %v by %.20v: %v", c.mayAct, c.actor, claims)
			}
		}
	}
	h.refused(oauth.InvalidRequest, "desk", h.signed(oauth.TypeAccessToken, ann, object{"may_act": object{"sub": "shop"}}), "requested_subject", "cora")
	h.earned("desk", h.signed(oauth.TypeAccessToken, ann, object{"may_act": object{"sub": "desk"}}), "requested_subject", "cora")
	h.refused(oauth.InvalidTarget, "desk", h.signed(oauth.TypeAccessToken, ann, object{"may_act": object{"sub": "desk"}}), "requested_subject", "boss")
	h.admin("PATCH", "tenants/acme/users/carl", `{"groups":[]}`) // no rule lets ann become carl
	h.refused(oauth.InvalidTarget, "desk", h.signed(oauth.TypeAccessToken, carl, object{"may_act": object{"client_id": "desk"}}), byAnn...)
	h.earned("desk", h.signed(oauth.TypeAccessToken, carl, object{"may_act": object{"sub": "ann"}}), byAnn...)
	h.refused(oauth.InvalidTarget, "desk", h.signed(oauth.TypeAccessToken, h.as("boss"), object{"may_act": object{"sub": "ann"}}), byAnn...)
	h.admin("POST", "tenants/acme/impersonation-rules", `{"actor":{"user":"ann"},"target":{"user":"carl"},"require_reason":true,"scopes":["read"]}`)
	named := h.signed(oauth.TypeAccessToken, carl, object{"may_act": object{"sub": "ann"}})
	h.refused(oauth.InvalidRequest, "desk", named, byAnn...) // where there is a rule, its conditions hold
	if claims := claimsOf(t, h.earned("desk", named, append(byAnn, "reason", "asked for help")...)); claims["scope"] != "read" {
		t.Errorf("by the rule ann has %v", claims["scope"])
	}
}

// Class G: who gets the id of a user or a client that is no more is not whom a may_act
// of before names.
func TestClassGMayActNamesNobodyWhoCameLater(t *testing.T) {
	h := newHouse(t)
	h.desks()
	dora := `{"id":"dora","username":"dora"}`
	till := `{"client_id":"till","client_secret":"s","name":"Till","grant_types":["client_credentials","` + exchangeGrant + `"],"apis":[{"identifier":"https://shop.example"}],"resource_server_for":["https://shop.example"]}`
	h.admin("POST", "tenants/acme/users", dora)
	h.admin("POST", "tenants/acme/clients", till)
	names := func(name string) string {
		return h.signed(oauth.TypeAccessToken, h.as("carl"), map[string]any{"may_act": map[string]any{"sub": name}})
	}
	byDora, byTill := names("dora"), names("till")
	annByTill := h.signed(oauth.TypeAccessToken, h.as("carl"), map[string]any{"may_act": map[string]any{"sub": "ann", "client_id": "till"}})
	acts := func(token string) []string { return []string{"actor_token", token, "actor_token_type", accessType} }
	h.earned("desk", byDora, acts(h.as("dora"))...)
	h.earned("till", byTill)
	h.earned("till", byTill, acts(h.own("till"))...)
	h.earned("till", annByTill, acts(h.as("ann"))...)
	h.admin("DELETE", "tenants/acme/users/dora", "")
	h.admin("DELETE", "tenants/acme/clients/till", "")
	h.clock.Advance(time.Second)
	h.admin("POST", "tenants/acme/users", dora)
	h.admin("POST", "tenants/acme/clients", till)
	h.refused(oauth.InvalidRequest, "desk", byDora, acts(h.as("dora"))...)
	h.refused(oauth.InvalidRequest, "till", byTill)
	h.refused(oauth.InvalidRequest, "till", byTill, acts(h.own("till"))...)
	h.refused(oauth.InvalidRequest, "till", annByTill, acts(h.as("ann"))...)
}

// Clients and APIs may have a may_act in all of their tokens.
func TestClassEAConfiguredMayActIsHonoured(t *testing.T) {
	h := newHouse(t)
	h.desks()
	h.admin("PATCH", "tenants/acme/clients/desk", `{"claims":{"may_act":{"value":{"client_id":"shop"}}}}`)
	token := h.as("ann")
	if claims := claimsOf(t, token); fmt.Sprint(claims["may_act"]) != "map[client_id:shop]" {
		t.Errorf("the token has %v", claims)
	}
	h.refused(oauth.InvalidRequest, "desk", token)
	h.refused(oauth.InvalidRequest, "desk", token, "requested_subject", "carl")
	if claims := claimsOf(t, h.earned("shop", token)); fmt.Sprint(claims["may_act"], claims["act"]) != "map[client_id:shop] map[sub:shop]" {
		t.Errorf("shop's has %v", claims)
	}
	h.admin("PATCH", "tenants/acme/apis/"+url.PathEscape("https://shop.example"), `{"claims":{"may_act":{"value":{"sub":"ann"}}}}`)
	token = h.as("carl")
	h.refused(oauth.InvalidRequest, "shop", token)
	h.earned("desk", token, "actor_token", h.as("ann"), "actor_token_type", accessType)
	for _, value := range []string{`"ann"`, `{}`, `{"iss":"x"}`, `{"sub":""}`, `{"sub":5}`, `{"sub":"ann","email":"x"}`, `["ann"]`} {
		response, _ := h.do("PATCH", "/admin/v1/tenants/acme/clients/other", "application/json", `{"claims":{"may_act":{"value":`+value+`}}}`, h.token)
		if response.StatusCode != 400 {
			t.Errorf("may_act %s: %s", value, response.Status)
		}
	}
	response, _ := h.do("PATCH", "/admin/v1/tenants/acme/clients/other", "application/json", `{"claims":{"may_act":{"from":"user.profile.x"}}}`, h.token)
	if response.StatusCode != 400 {
		t.Errorf("may_act from the profile: %s", response.Status)
	}
}

// An actor token earns what a rule lets its subject have, and no more than it has.
func TestClassEActorTokensNeedARule(t *testing.T) {
	h := newHouse(t)
	h.desks()
	ann, carl := h.as("ann", "scope", "read", "expires_in", "60"), h.as("carl")
	by := func(token string) []string { return []string{"actor_token", token, "actor_token_type", accessType} }
	claims := claimsOf(t, h.earned("desk", carl, by(ann)...))
	if fmt.Sprint(claims["act"]) != "map[sub:ann]" || claims["sub"] != "carl" || claims["scope"] != "read" || claims["exp"].(float64) > claimsOf(t, ann)["exp"].(float64) {
		t.Errorf("got %v", claims)
	}
	if n := len(claims["exchanged"].([]any)); n != 2 {
		t.Errorf("%d tokens are told of", n)
	}
	h.refused(oauth.InvalidScope, "desk", carl, append(by(ann), "scope", "buy")...)
	h.refused(oauth.InvalidScope, "desk", h.as("carl", "scope", "buy"), by(ann)...) // which have none in common
	h.refused(oauth.InvalidTarget, "desk", ann, by(carl)...)
	h.refused(oauth.InvalidTarget, "desk", h.as("boss"), by(ann)...)
	h.refused(oauth.InvalidTarget, "desk", carl, by(carl)...)
	h.refused(oauth.InvalidRequest, "desk", carl, append(by(ann), "requested_subject", "cora")...)
	h.refused(oauth.InvalidRequest, "desk", carl, by(h.earned("desk", ann, "requested_subject", "cora"))...) // somebody acts for her
	h.refused(oauth.InvalidTarget, "desk", h.own("desk"), by(ann)...)                                        // a client is nobody's target
	made := h.earned("desk", carl, by(ann)...)
	h.post("/t/acme/oauth2/revoke", url.Values{"token": {ann}, "client_id": {"desk"}, "client_secret": {"s"}})
	if h.live(made) {
		t.Error("it outlives the actor token")
	}
}

// Class E: what one tenant's rules let somebody do is nothing in another one, though
// all ids are the same.
func TestClassERulesOfAnotherTenantLetNobodyDoAnything(t *testing.T) {
	h := newHouse(t)
	h.slug = "globex"
	h.desks()
	ann := h.as("ann")
	carl := h.earned("desk", ann, "requested_subject", "carl")
	_, list := h.do("GET", "/t/globex/oauth2/impersonatees?page_size=1", "", "", ann)
	h.slug = ""
	h.desks() // with the same of everything
	h.admin("DELETE", "tenants/acme/impersonation-rules/"+h.admin("GET", "tenants/acme/impersonation-rules", "")["items"].([]any)[0].(map[string]any)["id"].(string), "")
	here := h.as("ann")
	h.refused(oauth.InvalidTarget, "desk", here, "requested_subject", "carl")
	for _, foreign := range []string{ann, carl} {
		h.refused(oauth.InvalidRequest, "desk", foreign)
		h.refused(oauth.InvalidRequest, "desk", foreign, "requested_subject", "carl")
		h.refused(oauth.InvalidRequest, "desk", here, "actor_token", foreign, "actor_token_type", accessType)
		if response, answer := h.do("GET", "/t/acme/oauth2/impersonatees", "", "", foreign); response.StatusCode != 401 {
			t.Errorf("%s %v", response.Status, answer)
		}
	}
	if response, answer := h.do("GET", "/t/acme/oauth2/impersonatees", "", "", here); response.StatusCode != 200 || len(answer["items"].([]any)) != 0 {
		t.Errorf("%s %v", response.Status, answer)
	}
	h.admin("POST", "tenants/acme/impersonation-rules", `{"actor":{"group":"support"},"target":{"group":"customers"}}`)
	token, _ := list["next_page_token"].(string)
	if token == "" {
		t.Fatalf("no next page: %v", list)
	}
	if response, answer := h.do("GET", "/t/acme/oauth2/impersonatees?page_size=1&page_token="+token, "", "", here); response.StatusCode != 400 {
		t.Errorf("another tenant's page token: %s %v", response.Status, answer)
	}
}

// Rules and requests may name users by their usernames; ids come first.
func TestUsersAreNamedByIDOrUsername(t *testing.T) {
	h := newHouse(t)
	h.desks()
	h.admin("POST", "tenants/acme/users", `{"id":"u-7","username":"Dora","email":"dora@acme.example"}`)
	h.admin("PATCH", "tenants/acme", `{"login_by_email":true}`)
	rule := h.admin("POST", "tenants/acme/impersonation-rules", `{"actor":{"user":"ANN"},"target":{"user":"dora"}}`)
	if fmt.Sprint(rule["actor"], rule["target"]) != "map[user:ann] map[user:u-7]" {
		t.Errorf("stored %v", rule)
	}
	ann := h.as("ann")
	for _, name := range []string{"u-7", "Dora", "dora"} {
		if claims := claimsOf(t, h.earned("desk", ann, "requested_subject", name)); claims["sub"] != "u-7" {
			t.Errorf("%s: %v", name, claims)
		}
	}
	for _, name := range []string{"dora@acme.example", "boss", "nobody", "oauth_desk", "dora\x00"} {
		h.refused(oauth.InvalidTarget, "desk", ann, "requested_subject", name)
	}
	h.admin("POST", "tenants/acme/users", `{"id":"dora","username":"another"}`)
	h.refused(oauth.InvalidTarget, "desk", ann, "requested_subject", "dora") // an id comes first
}
