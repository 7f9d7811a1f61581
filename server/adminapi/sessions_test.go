package adminapi_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// signedIn makes sessions of a user of tenant acme, the last of which has ended.
func (d *desk) signedIn(userID string, ids ...string) {
	d.t.Helper()
	t, err := d.service.Tenant(d.t.Context(), everything(), "acme")
	d.must(err)
	for i, id := range ids {
		now := time.Now()
		s := &tenants.Session{
			ID: id, TenantID: t.ID, UserID: userID, Hash: []byte("canary-" + id), Address: "192.0.2.7", UserAgent: "Browser/1",
			CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Hour), Epoch: math.MaxInt64,
		}
		if i == len(ids)-1 {
			s.SeenAt = now.Add(-tenants.SessionIdle - time.Minute)
		}
		d.must(d.db.CreateSession(d.t.Context(), s, nil, tenants.AuditEvent{ID: "audit-" + id, TenantID: t.ID, At: now}))
	}
}

func (d *desk) sessionsConversation() {
	token := d.operator()
	const sessions = "/tenants/acme/users/ann/sessions"
	d.signedIn("ann", "s-1", "s-2", "s-3", "s-ended")
	list := d.want(200, "", call{method: "GET", path: sessions + "?page_size=2", token: token})
	items := list.body["items"].([]any)
	if len(items) != 2 || items[0].(object)["id"] != "s-1" || strings.Contains(string(list.raw), "canary") || list.text("next_page_token") == "" {
		d.t.Errorf("listed: %s", list.raw)
	}
	rest := d.want(200, "", call{method: "GET", path: sessions + "?page_size=2&page_token=" + list.text("next_page_token"), token: token})
	if items := rest.body["items"].([]any); len(items) != 1 || items[0].(object)["id"] != "s-3" {
		d.t.Errorf("the rest: %s", rest.raw)
	}
	d.want(404, "not_found", call{method: "DELETE", path: "/tenants/acme/users/oauth_106/sessions/s-1", token: token})
	d.want(204, "", call{method: "DELETE", path: sessions + "/s-1", token: token})
	d.want(404, "not_found", call{method: "DELETE", path: sessions + "/s-1", token: token})
	d.want(204, "", call{method: "DELETE", path: sessions, token: token})
	d.want(204, "", call{method: "DELETE", path: sessions, token: token})
	if left := d.want(200, "", call{method: "GET", path: sessions, token: token}); fmt.Sprint(left.body["items"]) != "[]" {
		d.t.Errorf("left: %s", left.raw)
	}
}

// Whoever learns an old password must not keep what it opened.
func TestNewPasswordEndsSessions(t *testing.T) {
	d := newDesk(t)
	d.furnished("acme")
	token := d.operator()
	const user = "/tenants/acme/users/user-of-acme"
	d.want(200, "", call{method: "PATCH", path: user, token: token, body: object{"name": "Another"}})
	count := func() int {
		return len(d.want(200, "", call{method: "GET", path: user + "/sessions", token: token}).body["items"].([]any))
	}
	if n := count(); n != 1 {
		t.Fatalf("%d sessions", n)
	}
	d.want(200, "", call{method: "PATCH", path: user, token: token, body: object{"password": "another password"}})
	if n := count(); n != 0 {
		t.Errorf("%d sessions outlive the password", n)
	}
}
