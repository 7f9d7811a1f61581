package adminapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/server"
	"github.com/gatehouse-auth/gatehouse/server/adminapi"
	"github.com/gatehouse-auth/gatehouse/tenants"
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
	for list, status := range map[string]int{
		`"98", "99"`: 412, `"98",*`: 400, strings.Repeat(`"98",`, 20) + tag: 400, `"98", ` + tag + `, "99"`: 200, `"a,b" ,` + tag: 200,
	} {
		change := call{method: "PATCH", path: "/tenants/acme", token: token, body: object{}, header: map[string]string{"If-Match": list}}
		if r := d.do(change); r.status != status {
			t.Errorf("%s: %d %s", list, r.status, r.raw)
		}
	}
	d.want(200, "", call{method: "PATCH", path: "/tenants/acme", token: token, body: object{"name": "X"}, header: map[string]string{"If-Match": " " + tag + " "}})
	d.want(200, "", call{method: "PATCH", path: "/tenants/acme", token: token, body: object{"name": "Y"}, header: map[string]string{"If-Match": "*"}})
	shown, err := d.service.Tenant(t.Context(), everything(), "acme")
	d.must(err)
	if shown.Name != "Y" {
		t.Errorf("the name is %s", shown.Name)
	}
}

// What is known is not sent again, and HEAD is GET without what it shows.
func TestReadsAreConditional(t *testing.T) {
	d := newDesk(t)
	ids := d.furnished("acme")
	token, walked := d.operator(), 0
	for path, item := range d.spec.Paths.Map() {
		if item.Get == nil || item.Get.Responses.Status(304) == nil {
			continue
		}
		walked++
		read := call{method: "GET", path: ids.Replace(path), token: token}
		tag := d.want(200, "", read).header.Get("ETag")
		for known, status := range map[string]int{tag: 304, "W/" + tag: 304, `"98", ` + tag: 304, "*": 304, `"98"`: 200, "x": 200} {
			read.header = map[string]string{"If-None-Match": known}
			if r := d.do(read); r.status != status || r.header.Get("ETag") != tag || status == 304 && len(r.raw) > 0 {
				t.Errorf("%s, %s: %d %v %s", path, known, r.status, r.header, r.raw)
			}
		}
		request, err := http.NewRequestWithContext(t.Context(), "HEAD", d.http.URL+adminapi.Prefix+read.path, nil)
		d.must(err)
		request.Header.Set("Authorization", "Bearer "+token)
		head, err := d.http.Client().Do(request)
		d.must(err)
		head.Body.Close()
		if head.StatusCode != 200 || head.Header.Get("ETag") != tag || head.ContentLength < 1 {
			t.Errorf("HEAD %s: %d %v", path, head.StatusCode, head.Header)
		}
	}
	if walked < 8 {
		t.Errorf("%d things were read", walked)
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
	if r := d.want(400, "invalid", call{method: "GET", path: "/tenants/acme?page_size=1", token: token}); r.text("detail") != "the query has a parameter that is not known here: there is none" {
		t.Errorf("a parameter where there is none: %s", r.raw)
	}
	d.want(400, "invalid", call{method: "GET", path: "/tenants/acme/clients?since=2026-01-01T00:00:00Z", token: token})
}

// What URLs cannot carry is nobody's id, and an empty secret is not a random one.
func TestIDsAndSecretsAreOnesThatCanBeUsed(t *testing.T) {
	d := newDesk(t)
	d.furnished("acme")
	token := d.operator()
	for _, c := range []struct {
		list, field string
		body        object
	}{
		{"clients", "client_id", object{"name": "X", "client_id": "."}},
		{"clients", "client_id", object{"name": "X", "client_id": ".."}},
		{"clients", "client_secret", object{"name": "X", "client_secret": ""}},
		{"clients/client-of-acme/secrets", "secret", object{"secret": ""}},
		{"users", "id", object{"username": "x", "id": "."}},
		{"users", "id", object{"username": "x", "id": ".."}},
		{"users", "password", object{"username": "x", "password": ""}},
	} {
		r := d.want(400, "invalid", call{method: "POST", path: "/tenants/acme/" + c.list, token: token, body: c.body})
		if r.text("field") != c.field {
			t.Errorf("%v: %s", c.body, r.raw)
		}
	}
	d.want(201, "", call{method: "POST", path: "/tenants/acme/clients", token: token, body: object{"name": "X", "client_id": "...", "client_secret": nil}})
	d.want(200, "", call{method: "GET", path: "/tenants/acme/clients/...", token: token})
}

// Members that would assign what is not the caller's are refused, and nothing
// changes.
func TestClassPMassAssignmentIsRefused(t *testing.T) {
	d := newDesk(t)
	ids := d.furnished("acme")
	token := d.operator()
	for path, members := range map[string][]string{
		"/tenants/{tenant}":                  {"id", "ID", "slug", "issuer", "created_at", "version", "Name", "tenant_id"},
		"/tenants/{tenant}/apis/{api}":       {"id", "identifier", "tenant_id", "created_at", "TenantID"},
		"/tenants/{tenant}/clients/{client}": {"client_id", "id", "tenant_id", "secrets", "secret_hash", "client_secret", "created_at", "inherited_permissions"},
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
	ids := d.furnished("acme")
	token := d.operator()
	for path, item := range d.spec.Paths.Map() {
		for _, parameter := range regexp.MustCompile(`{\w+}`).FindAllString(path, -1) {
			for _, id := range []string{"%00", "%FF", "'", "%25", "%2e%2e", "..%2f", "a%0d%0ab", strings.Repeat("a", 4000)} {
				hostile := ids.Replace(strings.Replace(path, parameter, id, 1))
				if item.Get != nil {
					d.want(404, "not_found", call{method: "GET", path: hostile, token: token})
				}
				if item.Patch != nil {
					d.want(404, "not_found", call{method: "PATCH", path: hostile, token: token, body: object{}})
				}
				if item.Delete != nil {
					d.want(404, "not_found", call{method: "DELETE", path: hostile, token: token})
				}
			}
		}
	}
}

// Secrets are shown where they are made, and nowhere else.
func TestClassRSecretsAreInNoOtherAnswer(t *testing.T) {
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

// broken is an Authenticator that fails.
type broken struct{ err error }

func (b broken) Authenticate(context.Context, string) (admin.Actor, error) {
	return admin.Actor{}, b.err
}

// What failed here is not the caller's fault: the log has it, the answer not.
func TestClassRFailuresAreLoggedAndNotShown(t *testing.T) {
	d := newDesk(t)
	for code, c := range map[string]struct {
		status int
		err    error
	}{
		"unavailable": {503, fmt.Errorf("dial 10.0.0.7: %w", tenants.ErrUnavailable)},
		"internal":    {500, errors.New("column of 10.0.0.7 is missing")},
	} {
		core, logs := observer.New(zap.InfoLevel)
		front := server.New(server.Config{PublicURL: &url.URL{}}, server.Parts{Staleness: func() time.Duration { return 0 }, Metrics: server.NewMetrics(), Log: zap.New(core)})
		handler := front.AdminHandler(adminapi.Mount(d.service, broken{c.err}))
		answer := httptest.NewRecorder()
		request := httptest.NewRequest("GET", "/admin/v1/tenants/operator", nil)
		request.Header.Set("Authorization", "Bearer x")
		handler.ServeHTTP(answer, request)
		if answer.Code != c.status || !strings.Contains(answer.Body.String(), `"code":"`+code+`"`) || strings.Contains(answer.Body.String(), "10.0.0.7") {
			t.Errorf("%s: answered %d %s", code, answer.Code, answer.Body)
		}
		if c.status == 503 && answer.Header().Get("Retry-After") == "" {
			t.Error("Retry-After is missing")
		}
		line := fmt.Sprint(logs.All()[0].ContextMap())
		if !strings.Contains(line, "10.0.0.7") || !strings.Contains(line, "/admin/v1/tenants/:tenant") {
			t.Errorf("%s: logged %s", code, line)
		}
	}
}
