package adminapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
)

func (d *desk) groupsConversation() {
	token := d.operator()
	const groups = "/tenants/acme/groups"
	staff := object{"name": "Staff", "description": "Who works here", "permissions": []string{"backend_login"}}
	made := d.want(201, "", call{method: "POST", path: groups, token: token, body: staff})
	d.want(409, "exists", call{method: "POST", path: groups, token: token, body: object{"name": "STAFF"}})
	d.want(201, "", call{method: "POST", path: groups, token: token, body: object{"name": "Guests", "permissions": nil}})
	d.want(200, "", call{method: "GET", path: groups + "?q=st", token: token})
	one := strings.TrimPrefix(made.header.Get("Location"), "/admin/v1")
	byID, byName := d.want(200, "", call{method: "GET", path: one, token: token}), d.want(200, "", call{method: "GET", path: groups + "/staff", token: token})
	if string(byID.raw) != string(byName.raw) {
		d.t.Errorf("by id %s, by name %s", byID.raw, byName.raw)
	}
	tag := map[string]string{"If-Match": byID.header.Get("ETag")}
	d.want(200, "", call{method: "PATCH", path: one, token: token, body: object{"permissions": []string{"backend_login", "reports"}}, header: tag})
	d.want(412, "stale", call{method: "PATCH", path: one, token: token, body: object{"description": nil}, header: tag})
	d.want(409, "exists", call{method: "PATCH", path: one, token: token, body: object{"name": "guests"}})
	d.want(412, "stale", call{method: "DELETE", path: groups + "/Guests", token: token, header: map[string]string{"If-Match": `"99"`}})
	d.want(204, "", call{method: "DELETE", path: groups + "/Guests", token: token})
}

func (d *desk) usersConversation() {
	token := d.operator()
	const users = "/tenants/acme/users"
	ann := object{
		"id": "ann", "username": "Ann", "password": "correct horse", "email": "ann@acme.example", "name": "Ann", "groups": []string{"staff"},
		"permissions": []string{"own"}, "profile": object{"team": "red", "level": 3},
	}
	made := d.want(201, "", call{method: "POST", path: users, token: token, body: ann})
	if fmt.Sprint(made.body["groups"], made.body["inherited_permissions"], made.body["has_password"]) != "[Staff] [backend_login reports] true" {
		d.t.Errorf("made %s", made.raw)
	}
	if strings.Contains(string(made.raw), "argon") || strings.Contains(string(made.raw), "horse") {
		d.t.Errorf("the password is shown: %s", made.raw)
	}
	taken := d.want(409, "exists", call{method: "POST", path: users, token: token, body: object{"username": "ANN"}})
	if taken.text("field") != "username" {
		d.t.Errorf("taken: %s", taken.raw)
	}
	asClient := d.want(409, "exists", call{method: "POST", path: users, token: token, body: object{"id": "106", "username": "Ben"}})
	if asClient.text("field") != "id" || !strings.Contains(asClient.text("detail"), "a user or a client") {
		d.t.Errorf("taken by a client: %s", asClient.raw)
	}
	d.want(409, "exists", call{method: "POST", path: "/tenants/acme/clients", token: token, body: object{"client_id": "ann", "name": "Ann"}})
	d.want(204, "", call{method: "POST", path: users + "/ann/unlock", token: token})
	imported := object{"username": "Ben", "password_hash": "$2b$05$abcdefghijklmnopqrstuu.xPI0D/04JlWcnvHoilxCp1m8QXBO4O"}
	ben := d.want(201, "", call{method: "POST", path: users, token: token, body: imported})
	list := d.want(200, "", call{method: "GET", path: users + "?q=OAUTH_106", token: token})
	if items := list.body["items"].([]any); len(items) != 1 || items[0].(object)["service_account_of"] != "106" {
		d.t.Errorf("service accounts: %s", list.raw)
	}
	if staff := d.want(200, "", call{method: "GET", path: users + "?group=staff", token: token}).body["items"].([]any); len(staff) != 1 {
		d.t.Errorf("staff: %v", staff)
	}
	shown := d.want(200, "", call{method: "GET", path: users + "/ann", token: token})
	tag := map[string]string{"If-Match": shown.header.Get("ETag")}
	d.want(200, "", call{method: "PATCH", path: users + "/ann", token: token, body: object{"password": "other horses", "profile": object{"team": nil}}, header: tag})
	d.want(412, "stale", call{method: "PATCH", path: users + "/ann", token: token, body: object{"name": "Lost"}, header: tag})
	d.want(409, "exists", call{method: "PATCH", path: users + "/ann", token: token, body: object{"username": "ben"}})
	gone := d.want(200, "", call{method: "PATCH", path: users + "/ann", token: token, body: object{"password": nil}})
	if gone.body["has_password"] != false {
		d.t.Errorf("the password is there still: %s", gone.raw)
	}
	d.want(409, "in_use", call{method: "DELETE", path: users + "/oauth_106", token: token})
	d.want(200, "", call{method: "PATCH", path: users + "/oauth_106", token: token, body: object{"groups": []string{"Staff"}}})
	client := d.want(200, "", call{method: "GET", path: "/tenants/acme/clients/106", token: token})
	if fmt.Sprint(client.body["inherited_permissions"]) != "[backend_login reports]" {
		d.t.Errorf("the client inherits: %s", client.raw)
	}
	path := strings.TrimPrefix(ben.header.Get("Location"), "/admin/v1")
	d.want(412, "stale", call{method: "DELETE", path: path, token: token, header: map[string]string{"If-Match": `"99"`}})
	d.want(204, "", call{method: "DELETE", path: path, token: token})
}

func (d *desk) apiKeysConversation() {
	token := d.operator()
	const keys = "/tenants/acme/users/ann/api-keys"
	made := d.want(201, "", call{method: "POST", path: keys, token: token, body: object{"name": "CI", "prefix": "ci_1", "expires_at": "2099-01-01T00:00:00Z", "scopes": []string{"data"}}})
	if !strings.HasPrefix(made.text("key"), "ci_1.") || len(made.text("key")) != len("ci_1.")+49 {
		d.t.Errorf("the key has another form: %d characters", len(made.text("key")))
	}
	second := d.want(201, "", call{method: "POST", path: keys, token: token, body: object{"name": "Other"}})
	if !strings.HasPrefix(second.text("key"), "acme.") {
		d.t.Errorf("without a prefix the key begins with %.5s", second.text("key"))
	}
	list := d.want(200, "", call{method: "GET", path: keys + "?page_size=1", token: token})
	if items := list.body["items"].([]any); len(items) != 1 || items[0].(object)["id"] != made.body["id"] || strings.Contains(string(list.raw), made.text("key")) {
		d.t.Errorf("listed: %s", list.raw)
	}
	one := strings.TrimPrefix(made.header.Get("Location"), "/admin/v1")
	d.want(200, "", call{method: "GET", path: one, token: token})
	changed := d.want(200, "", call{method: "PATCH", path: one, token: token, body: object{"name": "New", "scopes": nil, "expires_at": nil}})
	if changed.text("name") != "New" || changed.body["scopes"] != nil || changed.body["expires_at"] != nil {
		d.t.Errorf("changed: %s", changed.raw)
	}
	d.key = made.text("id")
	other := strings.TrimPrefix(second.header.Get("Location"), "/admin/v1")
	d.want(404, "not_found", call{method: "GET", path: strings.Replace(other, "/ann/", "/oauth_106/", 1), token: token})
	d.want(204, "", call{method: "DELETE", path: other, token: token})
	d.want(404, "not_found", call{method: "DELETE", path: other, token: token})
	for range 99 {
		_, err := d.service.CreateAPIKey(d.t.Context(), everything(), "acme", "ann", admin.NewAPIKey{APIKeySettings: admin.APIKeySettings{Name: "One of many"}})
		d.must(err)
	}
	d.want(409, "in_use", call{method: "POST", path: keys, token: token, body: object{"name": "Too many"}})
}

func TestUsersThatBreakARuleAreRefused(t *testing.T) {
	d := newDesk(t)
	d.furnished("acme")
	token := d.operator()
	for _, c := range []struct {
		body  object
		field string
	}{
		{object{}, "username"},
		{object{"username": " ann"}, "username"},
		{object{"username": "a\nb"}, "username"},
		{object{"username": strings.Repeat("x", 201)}, "username"},
		{object{"username": "Oauth_x"}, "username"},
		{object{"username": "OAUTH_client-of-acme"}, "username"},
		{object{"username": "x", "id": "oauth_x"}, "id"},
		{object{"username": "x", "id": "a/b"}, "id"},
		{object{"username": "x", "id": "?x"}, "id"},
		{object{"username": "x", "email": "nobody"}, "email"},
		{object{"username": "x", "email": "a@b@c"}, "email"},
		{object{"username": "x", "email": "@b"}, "email"},
		{object{"username": "x", "email": "Ann <ann@acme.example>"}, "email"},
		{object{"username": "x", "email": "a@" + strings.Repeat("b", 253)}, "email"},
		{object{"username": "x", "email": "a@b\r\nBcc: c@d"}, "email"},
		{object{"username": "x", "groups": []string{"nothing"}}, "groups"},
		{object{"username": "x", "groups": []string{"group-of-acme", "Group-of-Acme"}}, "groups"},
		{object{"username": "x", "permissions": []string{"two words"}}, "permissions"},
		{object{"username": "x", "permissions": []string{"a", "a"}}, "permissions"},
		{object{"username": "x", "profile": object{"a": strings.Repeat("x", 17<<10)}}, "profile"},
		{object{"username": "x", "password": "short"}, "password"},
		{object{"username": "x", "password": strings.Repeat("x", 1025)}, "password"},
		{object{"username": "x", "password_hash": "$1$weak"}, "password_hash"},
		{object{"username": "x", "password_hash": "$2b$31$abcdefghijklmnopqrstuu.xPI0D/04JlWcnvHoilxCp1m8QXBO4O"}, "password_hash"},
		{object{"username": "x", "password": "long enough", "password_hash": "$2b$05$abcdefghijklmnopqrstuu.xPI0D/04JlWcnvHoilxCp1m8QXBO4O"}, "password_hash"},
		{object{"username": "x", "has_password": true}, "has_password"},
		{object{"username": "x", "service_account_of": "client-of-acme"}, "service_account_of"},
		{object{"username": "x", "status": "deleted"}, "status"},
	} {
		if r := d.want(400, "invalid", call{method: "POST", path: "/tenants/acme/users", token: token, body: c.body}); r.text("field") != c.field {
			t.Errorf("%v: %s", c.body, r.raw)
		}
	}
	for field, value := range map[string]any{
		"username": "oauth_x", "email": "nobody", "name": strings.Repeat("x", 201), "password": "short", "permissions": []string{"two words"},
		"groups": strings.Fields(strings.Repeat("group-of-acme ", 2)),
	} {
		if r := d.want(400, "invalid", call{method: "PATCH", path: "/tenants/acme/users/user-of-acme", token: token, body: object{field: value}}); r.text("field") != field {
			t.Errorf("changed, %s: %s", field, r.raw)
		}
	}
	for field, value := range map[string]any{"username": "new", "status": "disabled", "password": "long enough", "email": "a@b", "name": "New"} {
		r := d.want(400, "invalid", call{method: "PATCH", path: "/tenants/acme/users/oauth_client-of-acme", token: token, body: object{field: value}})
		if r.text("field") != field {
			t.Errorf("service account, %s: %s", field, r.raw)
		}
	}
	rights := object{"permissions": []string{"two words"}}
	d.want(400, "invalid", call{method: "PATCH", path: "/tenants/acme/users/oauth_client-of-acme", token: token, body: rights})
}

// A key that no API would take, or that is over already, is none; nor does a
// change make one of a key.
func TestAPIKeysThatBreakARuleAreRefused(t *testing.T) {
	d := newDesk(t)
	d.furnished("acme")
	token := d.operator()
	const keys = "/tenants/acme/users/user-of-acme/api-keys"
	made := d.want(201, "", call{method: "POST", path: keys, token: token, body: object{"name": "CI"}})
	one := strings.TrimPrefix(made.header.Get("Location"), "/admin/v1")
	for _, c := range []struct {
		field string
		value any
		at    string // in field, for what is part of it
	}{
		{"name", " ", ""},
		{"scopes", []string{"users:read", "nothing"}, "[1]"},
		{"scopes", []string{"users:read", "users:read"}, "[1]"},
		{"scopes", strings.Fields(strings.Repeat("users:read ", 201)), ""},
		{"expires_at", d.now, ""},
		{"prefix", "a.b", ""},
		{"prefix", strings.Repeat("a", 33), ""},
	} {
		body := object{"name": "CI", c.field: c.value}
		if r := d.want(400, "invalid", call{method: "POST", path: keys, token: token, body: body}); r.text("field") != c.field+c.at {
			t.Errorf("%s: %s", c.field, r.raw)
		}
		if r := d.want(400, "invalid", call{method: "PATCH", path: one, token: token, body: object{c.field: c.value}}); r.text("field") != c.field+c.at {
			t.Errorf("changed, %s: %s", c.field, r.raw)
		}
	}
	// What is over may still be named otherwise.
	d.want(200, "", call{method: "PATCH", path: one, token: token, body: object{"expires_at": d.now.Add(time.Second)}})
	d.now = d.now.Add(2 * time.Second)
	d.want(200, "", call{method: "PATCH", path: one, token: token, body: object{"name": "Old"}})
}

// People get admin scopes by permissions of the same names: nobody gives more
// than they have, nor takes over who has more.
func TestAdminScopesAreGivenOnlyByWhoHasThem(t *testing.T) {
	d := newDesk(t)
	d.furnished("acme")
	token := d.operator()
	d.want(201, "", call{method: "POST", path: "/tenants/acme/groups", token: token, body: object{"name": "admins", "permissions": []string{"keys:write"}}})
	d.want(201, "", call{method: "POST", path: "/tenants/acme/users", token: token, body: object{"id": "root", "username": "root", "groups": []string{"admins"}}})
	weak := d.token("operator", "operator", "users:read", "users:write", "clients:read", "clients:write")
	for _, c := range []call{
		{method: "POST", path: "/tenants/acme/users", body: object{"username": "x", "permissions": []string{"keys:write"}}},
		{method: "POST", path: "/tenants/acme/users", body: object{"username": "x2", "groups": []string{"admins"}}},
		{method: "PATCH", path: "/tenants/acme/users/user-of-acme", body: object{"permissions": []string{"keys:write"}}},
		{method: "PATCH", path: "/tenants/acme/users/user-of-acme", body: object{"groups": []string{"ADMINS"}}},
		{method: "PATCH", path: "/tenants/acme/users/root", body: object{"password": "known to me"}},
		{method: "DELETE", path: "/tenants/acme/users/root"},
		{method: "POST", path: "/tenants/acme/users/root/api-keys", body: object{"name": "mine"}},
		{method: "POST", path: "/tenants/acme/groups", body: object{"name": "x", "permissions": []string{"keys:write"}}},
		{method: "PATCH", path: "/tenants/acme/groups/group-of-acme", body: object{"permissions": []string{"keys:write"}}},
		{method: "PATCH", path: "/tenants/acme/clients/client-of-acme", body: object{"permissions": []string{"keys:write"}}},
		{method: "POST", path: "/tenants/acme/clients", body: object{"name": "x", "permissions": []string{"keys:write"}}},
	} {
		c.token = weak
		d.want(403, "forbidden", c)
		c.token = token
		if c.method != "DELETE" {
			if r := d.do(c); r.status >= 300 {
				t.Errorf("%s %s by who has the scope: %s", c.method, c.path, r.raw)
			}
		}
	}
	d.want(201, "", call{method: "POST", path: "/tenants/acme/users", token: weak, body: object{"username": "y", "permissions": []string{"users:read", "anything"}}})
}
