package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zapcore"

	"github.com/gatehouse-auth/gatehouse/server"
)

// send sends a request of any host, with any header, and returns the answer.
func (h *house) send(method, host, path, body string, header ...string) *http.Response {
	h.t.Helper()
	request, err := http.NewRequest(method, h.http.URL+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	request.Host = host
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := h.http.Client().Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	response.Body.Close()
	return response
}

// Whatever is asked, by whomever: the answer is guarded and can be found in the
// log, which holds nothing secret.
func TestEveryAnswerIsGuardedAndLogged(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.admin("PATCH", "tenants/acme", `{"dialects":["dynamicweb-delivery"]}`)
	const secret, shared = "c4n4ry-c4n4ry", "gatehouse.example"
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	basic := append([]string{"Authorization", "Basic " + "MTA2OmM0bjRyeS1jNG40cnk="}, form...) // 106:c4n4ry-c4n4ry
	for _, one := range []struct {
		method, host, path, body string
		header                   []string
		status                   int
	}{
		{"POST", shared, "/t/acme/oauth2/token", "grant_type=client_credentials", basic, 401},
		{"POST", shared, "/t/acme/oauth2/token?client_secret=" + secret, "grant_type=client_credentials", form, 400},
		{"POST", shared, "/t/acme/oauth2/token", "grant_type=client_credentials&client_id=106&client_secret=" + secret, form, 401},
		{"POST", shared, "/t/acme/oauth2/token", "grant_type=password&username=ann&password=" + secret, form, 401},
		{"POST", shared, "/t/acme/oauth2/introspect", "token=" + secret, basic, 401},
		{"POST", shared, "/t/acme/oauth2/revoke", "token=" + secret, basic, 401},
		{"POST", shared, "/oauth2/token", "grant_type=client_credentials", form, 400},
		{"POST", shared, "/t/acme/oauth2/token", strings.Repeat(secret, 6000), form, 413},
		{"GET", shared, "/t/acme/dwapi/users/authenticate?username=ann&password=" + secret, "", nil, 404},
		{"GET", shared, "/t/acme/oauth2/impersonatees", "", []string{"Authorization", "Bearer " + secret}, 401},
		{"GET", shared, "/t/acme/sign-in?x=" + secret, "", []string{"Cookie", "gatehouse=" + secret}, 200},
		{"GET", shared, "/t/acme/.well-known/jwks.json?x=" + secret, "", nil, 200},
		{"GET", shared, "/t/nobody/oauth2/token?x=" + secret, "", nil, 405},
		{"GET", "evil.example", "/.well-known/jwks.json", "", nil, 404},
		{"DELETE", shared, "/nothing?x=" + secret, "", nil, 404},
		{"GET", shared, "/admin/v1/tenants?x=" + secret, "", []string{"Authorization", "Bearer " + secret}, 401},
		{"GET", shared, "/admin/v1/tenants?q=" + secret, "", []string{"Authorization", "Bearer " + h.token}, 200},
		{"POST", shared, "/admin/v1/tenants/acme/clients", `{"name":5,"client_secret":"` + secret + `"}`, []string{"Authorization", "Bearer " + h.token, "Content-Type", "application/json"}, 400},
		{"GET", shared, "/healthz", "", nil, 200},
		{"GET", shared, "/readyz", "", nil, 200},
	} {
		h.logs.TakeAll()
		response := h.send(one.method, one.host, one.path, one.body, one.header...)
		name := one.method + " " + one.path
		if response.StatusCode != one.status {
			t.Errorf("%s: %s, want %d", name, response.Status, one.status)
		}
		if id := response.Header.Get("X-Request-Id"); len(id) != 32 || response.Header.Get("X-Content-Type-Options") != "nosniff" || response.Header.Get("Cache-Control") == "" {
			t.Errorf("%s: the headers are %v", name, response.Header)
		}
		for _, entry := range h.logs.TakeAll() {
			line, err := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}).EncodeEntry(entry.Entry, entry.Context)
			if err != nil {
				t.Fatal(err)
			}
			if text := line.String(); strings.Contains(text, secret) || !strings.Contains(text, response.Header.Get("X-Request-Id")) {
				t.Errorf("%s: logged is %s", name, text)
			}
		}
	}
}

// The log tells an operator who changed what, why an order was refused, and what
// host a stranger came for.
func TestLogTellsWhoAskedAndWhatWasRefused(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.logs.TakeAll()
	h.do("POST", "/admin/v1/tenants", "application/json", `{"slug":"acme","name":"Acme"}`, h.token)
	h.send("GET", "evil.example", "/.well-known/jwks.json", "")
	logged := h.logs.TakeAll()
	if len(logged) != 2 {
		t.Fatalf("%d lines", len(logged))
	}
	refused, stranger := logged[0].ContextMap(), logged[1].ContextMap()
	if refused["actor"] != "client:"+operatorID+"@operator" || refused["error"] != "exists" || refused["route"] != "/admin/v1/tenants" {
		t.Errorf("logged is %v", refused)
	}
	if stranger["host"] != "evil.example" || stranger["error"] != "unknown_tenant" {
		t.Errorf("logged is %v", stranger)
	}
}

// A line of the log tells whose request it was and what came of it; there is none
// for what machines ask all the time and get.
func TestLogTellsWhatWasAskedForWhom(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.ask()
	h.admin("PATCH", "tenants/acme", `{"dialects":["dealcloud"]}`)
	const shared, form = "gatehouse.example", "grant_type=client_credentials&client_id=106&client_secret="
	for _, c := range []struct {
		method, host, path, body string
		want                     map[string]any
	}{
		{"GET", shared, "/t/acme/.well-known/jwks.json", "", nil},
		{"GET", shared, "/healthz", "", nil},
		{"GET", shared, "/readyz", "", nil},
		{"POST", shared, "/t/acme/api/rest/v1/oauth/token", form + "s3cret", map[string]any{
			"method": "POST", "route": "/t/:slug/api/rest/v1/oauth/token", "status": int64(200), "address": "127.0.0.1",
			"tenant": "acme", "dialect": "dealcloud", "client_id": "106", "grant_type": "client_credentials",
		}},
		{"POST", shared, "/t/acme/oauth2/token", form + "wrong", map[string]any{
			"method": "POST", "route": "/t/:slug/oauth2/token", "status": int64(401), "address": "127.0.0.1",
			"tenant": "acme", "client_id": "106", "grant_type": "client_credentials", "error": "invalid_client", "reason": "wrong",
		}},
		{"POST", shared, "/t/acme/sign-in", "username=ann&password=wrong", map[string]any{
			"method": "POST", "route": "/t/:slug/sign-in", "status": int64(400), "address": "127.0.0.1",
			"tenant": "acme", "error": "invalid_grant", "reason": "wrong",
		}},
		{"GET", shared, "/" + strings.Repeat("x", 300), "", map[string]any{
			"method": "GET", "route": "", "status": int64(404), "address": "127.0.0.1",
			"path": "/" + strings.Repeat("x", 199), "host": shared, "error": "not_found", "reason": "unknown",
		}},
		{"GET", "evil.example", "/.well-known/jwks.json", "", map[string]any{
			"method": "GET", "route": "/.well-known/jwks.json", "status": int64(404), "address": "127.0.0.1",
			"host": "evil.example", "error": "unknown_tenant", "reason": "unknown",
		}},
	} {
		h.logs.TakeAll()
		h.send(c.method, c.host, c.path, c.body, "Content-Type", "application/x-www-form-urlencoded")
		logged := h.logs.TakeAll()
		if c.want == nil {
			if len(logged) != 0 {
				t.Errorf("%s is logged: %v", c.path, logged[0].ContextMap())
			}
			continue
		}
		if len(logged) != 1 {
			t.Fatalf("%s: %d lines", c.path, len(logged))
		}
		got := logged[0].ContextMap()
		for _, name := range []string{"request_id", "bytes", "took_us", "cause"} { // which differ
			delete(got, name)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.path, diff)
		}
	}
}

// HEAD is GET without the body, where GET only shows something (RFC 9110
// section 9.3.2); what a dialect does by GET is not done by HEAD.
func TestHeadShowsAndNeverActs(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.ask()
	h.admin("PATCH", "tenants/acme", `{"dialects":["dynamicweb-delivery"]}`)
	for _, path := range []string{
		"/t/acme/.well-known/jwks.json", "/t/acme/.well-known/openid-configuration", "/t/acme/.well-known/key-schedule.json",
		"/.well-known/oauth-authorization-server/t/acme", "/healthz", "/readyz",
	} {
		get, head := h.send("GET", "gatehouse.example", path, ""), h.send("HEAD", "gatehouse.example", path, "")
		if head.StatusCode != http.StatusOK || head.ContentLength != get.ContentLength || head.Header.Get("ETag") != get.Header.Get("ETag") {
			t.Errorf("%s: HEAD answers %s, %v", path, head.Status, head.Header)
		}
	}
	for method, reached := range map[string]bool{"GET": true, "HEAD": false} {
		h.logs.TakeAll()
		h.send(method, "gatehouse.example", "/t/acme/dwapi/users/authenticate?username=ann&password=x", "")
		if line := h.logs.TakeAll()[0].ContextMap(); (line["route"] != "") != reached {
			t.Errorf("%s of what acts: %v", method, line)
		}
	}
}

// A mistake of ours is a server_error with the request's id and nothing else; the
// log has what happened.
func TestPanicIsAServerError(t *testing.T) {
	h := newHouse(t)
	h.server.Ready["broken"] = func(context.Context) error { panic("what nobody should read") }
	h.logs.TakeAll()
	response, answer := h.do("GET", "/readyz", "", "", "")
	if response.StatusCode != http.StatusInternalServerError || len(answer) != 3 || answer["error_description"] != "the request could not be answered" || answer["error"] != "server_error" || answer["request_id"] != response.Header.Get("X-Request-Id") {
		t.Errorf("%s %v", response.Status, answer)
	}
	logged := h.logs.TakeAll()
	if len(logged) != 1 || logged[0].Level != zapcore.ErrorLevel || !strings.Contains(logged[0].ContextMap()["cause"].(string), "what nobody should read") {
		t.Errorf("logged is %v", logged)
	}
}

// A probe is told that something is missing although that does not answer.
func TestReadinessIsToldInTime(t *testing.T) {
	h := newHouse(t)
	parts := h.server.Parts
	parts.Ready = map[string]func(context.Context) error{
		"fine":  func(context.Context) error { return nil },
		"stuck": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	}
	front := server.New(server.Config{PublicURL: &url.URL{}, RequestTimeout: time.Millisecond}, parts)
	patience, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	answer := httptest.NewRecorder()
	front.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/readyz", nil).WithContext(patience))
	if patience.Err() != nil || answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), `{"fine":"ok","stuck":"failed"}`) {
		t.Errorf("%d %s, %v", answer.Code, answer.Body, patience.Err())
	}
	if logged := h.logs.TakeAll(); len(logged) != 1 || logged[0].ContextMap()["cause"] == nil {
		t.Errorf("logged is %v", logged)
	}
}

// What waits behind the admin API, on either listener, or behind pages gives up too.
func TestAdminAPIAndPagesGiveUpInTime(t *testing.T) {
	h := newHouse(t)
	h.do("GET", "/t/operator/.well-known/jwks.json", "", "", "") // has the tenant in memory
	wait := func(c *gin.Context) {
		<-c.Request.Context().Done()
		c.Status(http.StatusServiceUnavailable)
	}
	parts := h.server.Parts
	parts.Admin = func(r gin.IRouter) { r.GET("/admin/v1/stuck", wait) }
	parts.Pages = func(r gin.IRouter) { r.GET("/stuck", wait) }
	front := server.New(server.Config{PublicURL: &url.URL{}, MaxStaleness: time.Hour, RequestTimeout: time.Millisecond}, parts)
	for path, handler := range map[string]http.Handler{
		"/admin/v1/stuck": front.Handler(), "/admin/v1/stuck?": front.AdminHandler(parts.Admin), "/t/operator/stuck": front.Handler(),
	} {
		patience, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest("GET", publicURL+path, nil).WithContext(patience))
		if patience.Err() != nil || answer.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: %d %s, %v", path, answer.Code, answer.Body, patience.Err())
		}
	}
}

// Browsers that have seen the https host stay there.
func TestHTTPSIsKept(t *testing.T) {
	for public, want := range map[string]string{"https://auth.example": "max-age=31536000", "http://localhost:8080": ""} {
		u, err := url.Parse(public)
		if err != nil {
			t.Fatal(err)
		}
		front := server.New(server.Config{PublicURL: u}, newHouse(t).server.Parts)
		answer := httptest.NewRecorder()
		front.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/healthz", nil))
		if got := answer.Header().Get("Strict-Transport-Security"); got != want {
			t.Errorf("%s: %q", public, got)
		}
	}
}

// What a browser says of itself is kept, but short, and nothing of it acts on
// whoever reads it in a terminal.
func TestAgentIsCutAndPrintable(t *testing.T) {
	for said, want := range map[string]string{
		"Mozilla/5.0 (X11; ~)":   "Mozilla/5.0 (X11; ~)",
		"a\tb\x1b[31mc\x7fé":     "a?b?[31mc???",
		strings.Repeat("a", 201): strings.Repeat("a", 200),
	} {
		request := httptest.NewRequest("GET", "/", nil)
		request.Header.Set("User-Agent", said)
		if got := server.Agent(request); got != want {
			t.Errorf("%q is kept as %q, want %q", said, got, want)
		}
	}
}
