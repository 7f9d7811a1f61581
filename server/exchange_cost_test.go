package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Every exchange is audited before its token leaves: who acts, as whom, why, by
// which rule.
func TestEveryExchangeIsAudited(t *testing.T) {
	h := newHouse(t)
	h.desks()
	ann, carl := h.as("ann"), h.as("carl")
	rules := h.admin("GET", "tenants/acme/impersonation-rules", "")["items"].([]any)
	rule := rules[0].(map[string]any)["id"]
	h.admin("POST", "tenants/acme/users", `{"id":"dora","username":"dora"}`)
	byDesk := h.admin("POST", "tenants/acme/impersonation-rules", `{"actor":{"client":"desk"},"target":{"user":"dora"}}`)["id"]
	type object = map[string]any
	for _, c := range []struct {
		client, token string
		more          []string
		want, details object
	}{
		{
			"desk", ann,
			[]string{"requested_subject", "carl", "reason", " Ticket 4711 "},
			object{"action": "token.impersonate", "actor": "user:ann@acme", "target": "carl"},
			object{"reason": "Ticket 4711", "rule": rule, "act": object{"sub": "ann"}, "subject_jti": claimsOf(t, ann)["jti"], "client_id": "desk"},
		},
		{
			"desk", ann,
			[]string{"scope", "read", "reason", "Less"},
			object{"action": "token.exchange", "actor": "client:desk@acme", "target": "ann"},
			object{"reason": "Less", "scope": "read", "subject_jti": claimsOf(t, ann)["jti"]},
		},
		{
			"shop", ann, nil,
			object{"action": "token.exchange", "actor": "client:shop@acme", "target": "ann"},
			object{"audience": stockAPI, "act": object{"sub": "shop"}, "client_id": "shop"},
		},
		{
			"desk", carl,
			[]string{"actor_token", ann, "actor_token_type", accessType},
			object{"action": "token.exchange", "actor": "user:ann@acme", "target": "carl"},
			object{"rule": rule, "actor_jti": claimsOf(t, ann)["jti"], "act": object{"sub": "ann"}},
		},
		{
			"desk", h.own("desk"), nil,
			object{"action": "token.exchange", "actor": "client:desk@acme", "target": "desk"},
			object{},
		},
		{
			"desk", h.own("desk"),
			[]string{"requested_subject", "dora"},
			object{"action": "token.impersonate", "actor": "client:desk@acme", "target": "dora"},
			object{"rule": byDesk, "act": object{"sub": "desk"}},
		},
		{
			"shop", h.own("desk"), nil,
			object{"action": "token.exchange", "actor": "client:shop@acme", "target": "desk"},
			object{"act": object{"sub": "shop"}},
		},
	} {
		token := h.earned(c.client, c.token, c.more...)
		event := h.admin("GET", "tenants/acme/audit-events?page_size=1", "")["items"].([]any)[0].(object)
		details := event["details"].(object)
		c.details["jti"] = claimsOf(t, token)["jti"]
		c.details["grant_type"] = exchangeGrant
		for _, pair := range []struct{ want, got object }{{c.want, event}, {c.details, details}} {
			for name, value := range pair.want {
				if fmt.Sprint(pair.got[name]) != fmt.Sprint(value) {
					t.Errorf("%v: %s is %v, want %v", c.want, name, pair.got[name], value)
				}
			}
		}
		if text := fmt.Sprint(event); strings.Contains(text, token) || strings.Contains(text, c.token) {
			t.Errorf("the event holds a token: %s", text)
		}
	}
	before := len(h.admin("GET", "tenants/acme/audit-events?page_size=200&q=token", "")["items"].([]any))
	h.refused(oauth.InvalidTarget, "desk", ann, "requested_subject", "boss")
	if after := len(h.admin("GET", "tenants/acme/audit-events?page_size=200&q=token", "")["items"].([]any)); after != before {
		t.Errorf("a refused exchange made %d events", after-before)
	}
}

// Where everything is in memory an exchange costs what every token for a person
// costs: its audit event.
func TestAWarmExchangeAsksForNothing(t *testing.T) {
	h := newHouse(t)
	h.desks()
	ann := h.as("ann")
	key := h.admin("POST", "tenants/acme/users/ann/api-keys", `{"name":"test"}`)["key"].(string)
	cost := func(more ...string) (queries uint64) {
		for range 3 {
			before := h.db.Queries()
			if status, answer := h.grant("desk", more...); status != http.StatusOK {
				t.Fatal(status, answer)
			}
			queries = h.db.Queries() - before
		}
		return queries
	}
	usual := cost("grant_type", oauth.GrantAPIKey, "api_key", key)
	for name, more := range map[string][]string{
		"impersonation": {"requested_subject", "carl"}, "delegation": {}, "by an actor token": {"actor_token", ann, "actor_token_type", accessType},
	} {
		subject := ann
		if name == "by an actor token" {
			subject = h.as("carl")
		}
		more = append([]string{"grant_type", exchangeGrant, "subject_token", subject, "subject_token_type", accessType}, more...)
		if got := cost(more...); got != usual {
			t.Errorf("%s costs %d queries, a token for a person %d", name, got, usual)
		}
	}
	before := h.db.Queries()
	h.refused(oauth.InvalidTarget, "desk", ann, "requested_subject", "boss")
	h.refused(oauth.InvalidTarget, "desk", ann, "requested_subject", "boss")
	if got := h.db.Queries() - before; got > 3 { // boss is looked up once, with groups
		t.Errorf("refusals cost %d queries", got)
	}
}
