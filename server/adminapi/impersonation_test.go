package adminapi_test

import "strings"

func (d *desk) impersonationConversation() {
	token := d.operator()
	const all = "/tenants/acme/impersonation-rules"
	support := object{
		"description": "Support", "actor": object{"group": "staff"}, "target": object{"user": "ann"}, "require_reason": true, "max_lifetime": 600,
		"scopes": []string{"data"}, "exceed_permissions": true,
	}
	made := d.want(201, "", call{method: "POST", path: all, token: token, body: support})
	if made.text("status") != "active" || made.body["actor"].(object)["group"] != "Staff" || made.body["max_lifetime"] != 600.0 {
		d.t.Errorf("made: %s", made.raw)
	}
	d.want(200, "", call{method: "GET", path: all + "?q=sup&page_size=1", token: token})
	one := strings.TrimPrefix(made.header.Get("Location"), "/admin/v1")
	shown := d.want(200, "", call{method: "GET", path: one, token: token})
	tag, stale := map[string]string{"If-Match": shown.header.Get("ETag")}, map[string]string{"If-Match": `"99"`}
	changed := d.want(200, "", call{method: "PATCH", path: one, token: token, body: object{"status": "disabled", "scopes": nil, "max_lifetime": nil}, header: tag})
	if changed.text("status") != "disabled" || changed.body["scopes"] != nil || changed.body["max_lifetime"] != nil {
		d.t.Errorf("changed: %s", changed.raw)
	}
	d.want(412, "stale", call{method: "PATCH", path: one, token: token, body: object{"description": "Lost"}, header: tag})
	for field, wrong := range map[string]object{
		"status": {"status": "asleep"}, "max_lifetime": {"max_lifetime": 86401}, "scopes": {"scopes": []string{"two words"}},
		"actor": {"actor": object{"user": "ann"}}, "target": {"target": object{"group": "staff"}}, "description": {"description": "\u0007"},
	} {
		if refused := d.want(400, "invalid", call{method: "PATCH", path: one, token: token, body: wrong}); refused.text("field") != field {
			d.t.Errorf("%v: %s", wrong, refused.raw)
		}
	}
	ann, staff := object{"user": "ann"}, object{"group": "staff"}
	for field, wrong := range map[string]object{
		"actor":              {"actor": object{"user": "ann", "group": "staff"}, "target": staff},
		"target":             {"actor": ann, "target": object{}},
		"actor.user":         {"actor": object{"user": "oauth_106"}, "target": staff},
		"actor.group":        {"actor": object{"group": "nobody"}, "target": staff},
		"actor.client":       {"actor": object{"client": "nobody"}, "target": staff},
		"target.user":        {"actor": ann, "target": ann},
		"target.group":       {"actor": ann, "target": object{"group": "nobody"}},
		"target.client":      {"actor": ann, "target": object{"client": "106"}},
		"exceed_permissions": {"actor": ann, "target": staff, "exceed_permissions": true},
	} {
		if refused := d.want(400, "invalid", call{method: "POST", path: all, token: token, body: wrong}); refused.text("field") != field {
			d.t.Errorf("%v: %s", wrong, refused.raw)
		}
	}
	for _, impossible := range []string{"oauth_106", "nobody"} { // become a service account, or nobody
		wrong := object{"actor": ann, "target": object{"user": impossible}}
		if refused := d.want(400, "invalid", call{method: "POST", path: all, token: token, body: wrong}); refused.text("field") != "target.user" {
			d.t.Errorf("%s: %s", impossible, refused.raw)
		}
	}
	d.want(412, "stale", call{method: "DELETE", path: one, token: token, header: stale})
	d.want(204, "", call{method: "DELETE", path: one, token: token})
	d.want(404, "not_found", call{method: "GET", path: one, token: token})
	byClient := object{"actor": object{"client": "106"}, "target": ann}
	d.rule = d.want(201, "", call{method: "POST", path: all, token: token, body: byClient}).text("id")

	// A rule for a client adds to the client, and one that exceeds gives what its target has.
	users := d.token("operator", "operator", "users:read", "users:write")
	d.want(403, "forbidden", call{method: "POST", path: all, token: users, body: byClient})
	d.want(403, "forbidden", call{method: "PATCH", path: all + "/" + d.rule, token: users, body: object{"status": "disabled"}})
	d.want(201, "", call{method: "POST", path: all, token: token, body: object{"actor": staff, "target": ann}})
}
