package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap/zapcore"

	"github.com/gatehouse-auth/gatehouse/server"
)

// The last that a node hears before its database goes away is that something
// has changed: it publishes what it knew, and decides nothing by that.
func TestDatabaseGoesAwayRightAfterAChange(t *testing.T) {
	h := newHouse(t)
	h.seed()
	if status := h.ask(); status != http.StatusOK {
		t.Fatal(status)
	}
	paths := []string{
		"/t/acme/.well-known/jwks.json", "/t/acme/.well-known/openid-configuration", "/t/acme/.well-known/key-schedule.json",
		"/.well-known/oauth-authorization-server/t/acme",
	}
	for _, path := range paths {
		h.do("GET", path, "", "", "")
	}
	h.admin("PATCH", "tenants/acme", `{"name":"Acme & Co."}`)
	h.admin("POST", "tenants/acme/signing-keys/rotate", `{}`)
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if response, answer := h.do("GET", path, "", "", ""); response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s %v", path, response.Status, answer)
		}
	}
	if status := h.ask(); status < http.StatusInternalServerError {
		t.Errorf("a token request is answered %d by what may not be so any more", status)
	}
}

// Metadata that was never asked for before is answered, too: it names no grant
// of which it is not known whether any client may use it.
func TestMetadataIsFirstAskedForWhileTheDatabaseIsAway(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.admin("PATCH", "tenants/acme/clients/106", `{"grant_types":["client_credentials","password"]}`)
	h.ask()
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	response, answer := h.do("GET", "/t/acme/.well-known/openid-configuration", "", "", "")
	if grants, _ := answer["grant_types_supported"].([]any); response.StatusCode != http.StatusOK || len(grants) != 1 || grants[0] != "client_credentials" {
		t.Errorf("%s %v", response.Status, answer)
	}
}

// A page of another origin is told that the database is away, and not that it
// may not ask.
func TestPagesOfOtherOriginsAreToldThatTheDatabaseIsAway(t *testing.T) {
	h := newHouse(t)
	h.admin("POST", "tenants", `{"slug":"shop","name":"Shop","dialects":["dynamicweb-delivery"]}`)
	h.do("GET", "/t/shop/.well-known/jwks.json", "", "", "")
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"OPTIONS", "POST"} {
		response := h.send(method, "gatehouse.example", "/t/shop/dwapi/users/authenticate", "",
			"Origin", "https://www.other.example", "Access-Control-Request-Method", "POST")
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s %v", method, response.Status, response.Header)
		}
	}
}

// A person is told what to do and what to name, and nothing of what broke.
func TestPageTellsPeopleThatTheDatabaseIsAway(t *testing.T) {
	h := newHouse(t)
	h.tellies("acme", "acme.example")
	ann := h.visitor("acme.example", "ann")
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	h.logs.TakeAll()
	response := ann.send("GET", "/device", nil)
	if logged := h.logs.TakeAll(); len(logged) != 1 || logged[0].ContextMap()["error"] != "temporarily_unavailable" || logged[0].ContextMap()["cause"] == nil {
		t.Errorf("logged is %v", logged)
	}
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" ||
		!strings.Contains(ann.page, response.Header.Get("X-Request-Id")) || !strings.Contains(ann.page, "Try again in 1 minute.") ||
		strings.Contains(ann.page, "closed") {
		t.Errorf("%s %v %s", response.Status, response.Header, ann.page)
	}
	stranger := &person{house: h, host: "acme.example"}
	h.clock.Advance(timing().Staleness + time.Second)
	if response := stranger.send("GET", "/sign-in", nil); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a node that has lost touch: %s %s", response.Status, stranger.page)
	}
}

// What a node refuses that has lost touch, it does not do either.
func TestWhatIsRefusedIsNotDone(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.clock.Advance(timing().Staleness + time.Second)
	response, _ := h.do("POST", "/admin/v1/tenants", "application/json", `{"slug":"late","name":"Late"}`, h.token)
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Fatalf("%s %v", response.Status, response.Header)
	}
	h.poll()
	if response, answer := h.do("GET", "/admin/v1/tenants/late", "", "", h.token); response.StatusCode != http.StatusNotFound {
		t.Errorf("%s %v", response.Status, answer)
	}
}

// That a client does not wait for its answer is no failure of ours: no line on the
// level error, and nothing that operators are woken by.
func TestClientsThatHangUpAreNoFailure(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.admin("PATCH", "tenants/acme", `{"hosts":["acme.example"]}`)
	h.ask()
	h.send("GET", "acme.example", "/sign-in", "") // the tenant is in memory; its client will have to be read
	h.admin("PATCH", "tenants/acme/clients/106", `{"name":"ERP 2"}`)
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	for _, c := range []struct{ method, host, path, body string }{
		{"POST", "gatehouse.example", "/t/acme/oauth2/token", "grant_type=client_credentials&client_id=106&client_secret=s3cret"},
		{"GET", "gatehouse.example", "/admin/v1/tenants", ""},
		{"POST", "acme.example", "/sign-in", "username=ann&password=correct+horse"},
	} {
		request := httptest.NewRequestWithContext(gone, c.method, c.path, strings.NewReader(c.body))
		request.Host = c.host
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if c.body == "" {
			request.Header.Set("Authorization", "Bearer "+h.token)
		}
		h.logs.TakeAll()
		h.server.Handler().ServeHTTP(httptest.NewRecorder(), request)
		for _, entry := range h.logs.TakeAll() {
			if entry.Level != zapcore.InfoLevel || entry.ContextMap()["error"] != "client_hung_up" || entry.ContextMap()["status"] != int64(499) {
				t.Errorf("%s: logged %s %v", c.path, entry.Level, entry.ContextMap())
			}
		}
	}
	if text := h.scrape(); !strings.Contains(text, `outcome="client_hung_up"`) || strings.Contains(text, "temporarily_unavailable") {
		t.Errorf("the metrics say\n%s", text)
	}
	waiting, _ := gin.CreateTestContext(httptest.NewRecorder())
	if waiting.Request = httptest.NewRequest("GET", "/", nil); server.HungUp(waiting, context.Canceled) != nil {
		t.Error("what another request gave up counts as hung up by this one's client")
	}
}
