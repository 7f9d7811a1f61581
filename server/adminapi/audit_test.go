package adminapi_test

import (
	"slices"
	"testing"
)

// What happened to a tenant outlives it, for the operator alone.
func TestAuditEventsOfDeletedTenantsAreReadByTheOperator(t *testing.T) {
	d := newDesk(t)
	d.furnished("acme")
	d.furnished("other")
	token := d.operator()
	id := d.want(200, "", call{method: "GET", path: "/tenants/acme", token: token}).text("id")
	d.want(204, "", call{method: "DELETE", path: "/tenants/acme", token: token})
	d.want(404, "not_found", call{method: "GET", path: "/tenants/acme/audit-events", token: token})

	var actions []string
	for path := "/audit-events?page_size=3"; ; {
		page := d.want(200, "", call{method: "GET", path: path, token: token})
		for _, item := range page.body["items"].([]any) {
			if event := item.(object); event["tenant_id"] == id {
				actions = append(actions, event["action"].(string))
			}
		}
		next := page.text("next_page_token")
		if next == "" {
			break
		}
		path = "/audit-events?page_size=3&page_token=" + next
	}
	for _, action := range []string{"tenant.create", "client.create", "tenant.delete"} {
		if !slices.Contains(actions, action) {
			t.Errorf("%s is missing of the deleted tenant: %v", action, actions)
		}
	}
	deleted := d.want(200, "", call{method: "GET", path: "/audit-events?q=tenant.delete", token: token})
	if items := deleted.body["items"].([]any); len(items) != 1 || items[0].(object)["target"] != "acme" {
		t.Errorf("deletions: %s", deleted.raw)
	}

	own := d.administrator("other")
	d.want(403, "forbidden", call{method: "GET", path: "/audit-events", token: own})
	d.want(200, "", call{method: "GET", path: "/tenants/other/audit-events", token: own})
	d.want(403, "forbidden", call{method: "GET", path: "/audit-events", token: d.token("operator", "operator", "tenants:read")})
	first := d.want(200, "", call{method: "GET", path: "/audit-events?page_size=1", token: token}).text("next_page_token")
	d.want(400, "invalid", call{method: "GET", path: "/tenants/operator/audit-events?page_token=" + first, token: token})
}
