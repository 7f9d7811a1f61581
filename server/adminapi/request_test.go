package adminapi_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
)

func TestPreconditions(t *testing.T) {
	d := newDesk(t)
	d.furnished("acme")
	token := d.operator()
	tag := d.want(200, "", call{method: "GET", path: "/tenants/acme", token: token}).header.Get("ETag")
	number := strings.Trim(tag, `"`)
	for _, never := range []string{`"0"`, `"-1"`, `"0` + number + `"`, `"+` + number + `"`, `W/` + tag, number, `"`, `""`, `"x"`, tag + tag} {
		d.want(412, "stale", call{method: "PATCH", path: "/tenants/acme", token: token, body: object{"name": "X"}, header: map[string]string{"If-Match": never}})
	}
	d.want(400, "invalid", call{method: "PATCH", path: "/tenants/acme", token: token, body: object{"name": "X"}, header: map[string]string{"If-Match": tag + `, "7"`}})
	d.want(200, "", call{method: "PATCH", path: "/tenants/acme", token: token, body: object{"name": "X"}, header: map[string]string{"If-Match": " " + tag + " "}})
	d.want(200, "", call{method: "PATCH", path: "/tenants/acme", token: token, body: object{"name": "Y"}, header: map[string]string{"If-Match": "*"}})
	shown, err := d.service.Tenant(t.Context(), everything(), "acme")
	d.must(err)
	if shown.Name != "Y" {
		t.Errorf("the name is %s", shown.Name)
	}
}

func TestQueriesAreRefused(t *testing.T) {
	d := newDesk(t)
	d.furnished("acme")
	token := d.operator()
	for query, field := range map[string]string{
		"page_size=0": "page_size", "page_size=-1": "page_size", "page_size=201": "page_size", "page_size=x": "page_size", "page_size=1&page_size=2": "page_size",
		"page_token=x": "page_token", "q=%00": "q", "q=a&q=b": "q", "sort=name": "", "%zz": "", "a;b": "", "since=yesterday": "since",
	} {
		r := d.want(400, "invalid", call{method: "GET", path: "/tenants/acme/audit-events?" + query, token: token})
		if r.text("field") != field {
			t.Errorf("%s: %s", query, r.raw)
		}
	}
	d.want(200, "", call{method: "GET", path: "/tenants/acme/clients?page_size=&page_token=&q=", token: token, refused: true})
	d.want(400, "invalid", call{method: "GET", path: "/tenants/acme/clients?since=2026-01-01T00:00:00Z", token: token})
}

// Members that would assign what is not the caller's are refused, and nothing
// changes.
func TestMassAssignmentIsRefused(t *testing.T) {
	d := newDesk(t)
	ids := d.furnished("acme")
	token := d.operator()
	for path, members := range map[string][]string{
		"/tenants/{tenant}":                  {"id", "ID", "slug", "issuer", "created_at", "version", "Name", "tenant_id"},
		"/tenants/{tenant}/apis/{api}":       {"id", "identifier", "tenant_id", "created_at", "TenantID"},
		"/tenants/{tenant}/clients/{client}": {"client_id", "id", "tenant_id", "secrets", "secret_hash", "client_secret", "created_at", "permissions"},
	} {
		before := d.want(200, "", call{method: "GET", path: ids.Replace(path), token: token})
		for _, member := range members {
			for _, value := range []any{"x", nil} {
				r := d.want(400, "invalid", call{method: "PATCH", path: ids.Replace(path), token: token, body: object{member: value}})
				if r.text("field") != member {
					t.Errorf("%s with %s: %s", path, member, r.raw)
				}
			}
		}
		if after := d.want(200, "", call{method: "GET", path: ids.Replace(path), token: token}); string(after.raw) != string(before.raw) {
			t.Errorf("%s became %s", before.raw, after.raw)
		}
	}
}

func TestHostilePathsFindNothing(t *testing.T) {
	d := newDesk(t)
	d.furnished("acme")
	token := d.operator()
	for _, id := range []string{"%00", "%FF", "'", "%25", "%2e%2e", "..%2f", "a%0d%0ab", strings.Repeat("a", 4000)} {
		for _, path := range []string{"/tenants/" + id, "/tenants/acme/apis/" + id, "/tenants/acme/clients/" + id} {
			d.want(404, "not_found", call{method: "GET", path: path, token: token})
		}
		d.want(404, "not_found", call{method: "DELETE", path: "/tenants/acme/signing-keys/" + id, token: token})
	}
}

// Secrets are shown where they are made, and nowhere else.
func TestSecretsAreInNoOtherAnswer(t *testing.T) {
	d := newDesk(t)
	ids := d.furnished("acme")
	token := d.operator()
	const canary = "canary-secret-brought-from-elsewhere"
	made := d.want(201, "", call{method: "POST", path: "/tenants/acme/clients", token: token, body: object{"name": "C", "client_id": "c", "client_secret": canary}})
	if made.text("client_secret") != canary {
		t.Errorf("made: %s", made.raw)
	}
	generated := d.want(201, "", call{method: "POST", path: "/tenants/acme/clients/c/secrets", token: token}).text("secret")
	refusedAgain := d.want(409, "exists", call{method: "POST", path: "/tenants/acme/clients/c/secrets", token: token, body: object{"secret": canary}})
	refusedForm := d.want(400, "invalid", call{method: "POST", path: "/tenants/acme/clients", token: token, body: object{"name": "D", "client_secret": canary + "\n"}})
	answers := string(refusedAgain.raw) + string(refusedForm.raw)
	for path, item := range d.spec.Paths.Map() {
		if item.Get != nil && path != "/openapi.yaml" {
			answers += string(d.want(200, "", call{method: "GET", path: strings.ReplaceAll(ids.Replace(path), "client-of-acme", "c"), token: token}).raw)
		}
	}
	if strings.Contains(answers, canary) || strings.Contains(answers, generated) || !admin.ValidSecret(generated) {
		t.Error("a secret is in an answer")
	}
}

// What failed here is not the caller's fault, and nothing of it is shown.
func TestADatabaseThatIsAwayIsAnsweredAsSuch(t *testing.T) {
	d := newDesk(t)
	token := d.operator()
	show := call{method: "GET", path: "/tenants/operator", token: token}
	d.want(200, "", show)
	d.must(d.db.Close())
	r := d.want(503, "unavailable", show)
	if strings.Contains(string(r.raw), "sql") || r.header.Get("Retry-After") == "" {
		t.Errorf("answered %s", r.raw)
	}
}
