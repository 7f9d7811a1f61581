package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// decide has endpoints of tenants answer that.
func (p *player) decide(text string) {
	p.t.Helper()
	status, body, _ := strings.Cut(strings.TrimSpace(text), "\n")
	code, err := strconv.Atoi(status)
	if err != nil {
		p.t.Fatalf("%s: %v", p.part, err)
	}
	if p.sink == nil {
		p.sink = newSink(p.t)
		p.outlet.allow(p.t, p.sink)
	}
	p.sink.status.Store(int64(code))
	p.sink.body.Store(body)
}

func (p *player) checkAsked(text string) {
	p.t.Helper()
	var want any
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		p.t.Fatalf("%s: %v", p.part, err)
	}
	p.compare("", want, p.verified("acme", p.sink.asked.Load().(string)))
}

// verified returns the claims of a request to an endpoint, which a key of the
// tenant's JWKS must have signed.
func (h *house) verified(slug, request string) map[string]any {
	h.t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(h.jwks(slug), &set); err != nil {
		h.t.Fatal(err)
	}
	signed, err := jose.ParseSignedCompact(request, []jose.SignatureAlgorithm{jose.RS256, jose.ES256})
	if err != nil {
		h.t.Fatalf("%q: %v", request, err)
	}
	if typ := signed.Signatures[0].Header.ExtraHeaders["typ"]; typ != grants.TypeGrantRequest {
		h.t.Errorf("its typ is %v", typ)
	}
	keys := set.Key(signed.Signatures[0].Header.KeyID)
	if len(keys) != 1 {
		h.t.Fatalf("%d keys of the JWKS are %s", len(keys), signed.Signatures[0].Header.KeyID)
	}
	payload, err := signed.Verify(keys[0])
	if err != nil {
		h.t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		h.t.Fatal(err)
	}
	return claims
}

// jwks returns the public keys of a tenant.
func (h *house) jwks(slug string) []byte {
	h.t.Helper()
	response, keys := h.do("GET", "/t/"+slug+"/.well-known/jwks.json", "", "", "")
	text, err := json.Marshal(keys)
	if err != nil || response.StatusCode != http.StatusOK {
		h.t.Fatal(response.Status, err)
	}
	return text
}

const badge = "https://acme.example/grants/badge"

// badges registers the grant type badge with tenant acme, and returns who
// decides.
func (h *house) badges() *sink {
	h.t.Helper()
	h.admin("POST", "tenants/acme/remote-grants", `{"grant_type":"`+badge+`","endpoint":"https://decide.example/badge","params":["badge"]}`)
	h.admin("PATCH", "tenants/acme/clients/106", `{"grant_types":["client_credentials","`+badge+`"]}`)
	h.admin("POST", "tenants/acme/users", `{"id":"ann","username":"ann"}`)
	s := newSink(h.t)
	s.body.Store(`{"sub":"ann"}`)
	h.outlet.allow(h.t, s)
	return s
}

// show shows a badge to the token endpoint of a tenant.
func (h *house) show(slug string) (*http.Response, map[string]any) {
	h.t.Helper()
	return h.post("/t/"+slug+"/oauth2/token", url.Values{"grant_type": {badge}, "client_id": {"106"}, "client_secret": {"s3cret"}, "badge": {"b1"}})
}

// Class A: what an endpoint is asked with is no token of any kind, whoever
// takes it there.
func TestClassARequestToAnEndpointIsNoToken(t *testing.T) {
	h := newHouse(t)
	h.seed()
	s := h.badges()
	h.admin("PATCH", "tenants/acme/clients/106", `{"resource_server_for":["https://api.acme.example"]}`)
	if response, answer := h.show("acme"); response.StatusCode != http.StatusOK {
		t.Fatal(response.Status, answer)
	}
	request := s.asked.Load().(string)
	if h.verified("acme", request)["aud"] != "https://decide.example/badge" {
		t.Errorf("it is meant for another: %v", h.verified("acme", request))
	}
	_, answer := h.post("/t/acme/oauth2/introspect", url.Values{"client_id": {"106"}, "client_secret": {"s3cret"}, "token": {request}})
	if fmt.Sprint(answer) != "map[active:false]" {
		t.Errorf("introspected: %v", answer)
	}
	if response, _ := h.do("GET", "/admin/v1/tenants/acme", "", "", request); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("as an admin token: %s", response.Status)
	}
	h.admin("POST", "tenants", `{"slug":"globex","name":"Globex"}`)
	h.admin("POST", "tenants/globex/clients", `{"client_id":"job","name":"Job","grant_types":["`+oauth.GrantJWTBearer+`"],"token_endpoint_auth_method":"none"}`)
	h.admin("POST", "tenants/globex/trusted-issuers", `{"issuer":"`+publicURL+`/t/acme","jwks":`+string(h.jwks("acme"))+`,"audiences":["https://decide.example/badge"],"rules":[{"client_id":"job","subject":"ann"}]}`)
	_, answer = h.post("/t/globex/oauth2/token", url.Values{"grant_type": {oauth.GrantJWTBearer}, "client_id": {"job"}, "assertion": {request}})
	if answer["error"] != "invalid_grant" || !strings.Contains(fmt.Sprint(answer["error_description"]), "typ") {
		t.Errorf("as an assertion: %v", answer)
	}
}

// Class G: a tenant's grant type works in no other tenant.
func TestClassGGrantTypesOfATenantAreItsOwn(t *testing.T) {
	h := newHouse(t)
	h.seed()
	s := h.badges()
	h.admin("POST", "tenants", `{"slug":"globex","name":"Globex"}`)
	h.admin("POST", "tenants/globex/clients", `{"client_id":"106","client_secret":"s3cret","name":"ERP","grant_types":["client_credentials"]}`)
	if response, answer := h.show("globex"); response.StatusCode != http.StatusBadRequest || answer["error"] != "unsupported_grant_type" {
		t.Errorf("%s, %v", response.Status, answer)
	}
	// The same type and endpoint, registered there: users are looked for there.
	h.admin("POST", "tenants/globex/remote-grants", `{"grant_type":"`+badge+`","endpoint":"https://decide.example/badge"}`)
	h.admin("PATCH", "tenants/globex/clients/106", `{"grant_types":["`+badge+`"]}`)
	if _, answer := h.show("globex"); answer["error"] != "invalid_grant" {
		t.Errorf("with another tenant's user: %v", answer)
	}
	if issuer := h.verified("globex", s.asked.Load().(string))["iss"]; issuer != publicURL+"/t/globex" {
		t.Errorf("asked by %v", issuer)
	}
	// Whoever is left alone for one tenant is not for another.
	s.status.Store(http.StatusInternalServerError)
	for range 6 {
		h.show("globex")
	}
	s.status.Store(http.StatusOK)
	if response, answer := h.show("globex"); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%s, %v", response.Status, answer)
	}
	if response, answer := h.show("acme"); response.StatusCode != http.StatusOK {
		t.Errorf("the other tenant's: %s, %v", response.Status, answer)
	}
}

// Class I: endpoints are reached as everything that strangers name is.
func TestClassIEndpointsAreReachedWithCare(t *testing.T) {
	h := newHouse(t)
	h.seed()
	s := h.badges()
	for _, endpoint := range []string{
		"http://decide.example/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "https://10.0.0.1/", "https://0x7f.1/",
		"https://localhost/", "https://decide.example:22/", "https://a@decide.example/", "https://decide.example/#a", "https://decide.example/?a", "file:///etc/passwd",
	} {
		_, problem := h.do("POST", "/admin/v1/tenants/acme/remote-grants", "application/json", `{"grant_type":"urn:acme:other","endpoint":"`+endpoint+`"}`, h.token)
		if problem["field"] != "endpoint" {
			t.Errorf("%s: %v", endpoint, problem)
		}
	}
	h.outlet.through.Store(nil) // now the name resolves to nothing that may be reached
	response, answer := h.show("acme")
	if response.StatusCode != http.StatusServiceUnavailable || answer["error"] != "temporarily_unavailable" || response.Header.Get("Retry-After") == "" {
		t.Errorf("%s, %v", response.Status, answer)
	}
	if n := s.connections.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
}

// Class F: what is disabled or taken away ends on the other node after its poll.
func TestClassFRemoteGrantsEndOnEveryNode(t *testing.T) {
	a, b := twoHouses(t)
	s := a.badges()
	b.outlet.allow(t, s)
	b.poll()
	if response, answer := b.show("acme"); response.StatusCode != http.StatusOK {
		t.Fatal(response.Status, answer)
	}
	list := a.admin("GET", "tenants/acme/remote-grants", "")["items"].([]any)
	path := "tenants/acme/remote-grants/" + list[0].(map[string]any)["id"].(string)
	for _, step := range []struct{ status, want string }{{"disabled", "unsupported_grant_type"}, {"active", ""}} {
		a.admin("PATCH", path, `{"status":"`+step.status+`"}`)
		b.poll()
		for name, node := range map[string]*house{"this": a, "the other": b} {
			if name == "this" {
				node.outlet.allow(t, s)
			}
			if _, answer := node.show("acme"); fmt.Sprint(answer["error"]) != step.want && (step.want != "" || answer["error"] != nil) {
				t.Errorf("%s, on %s node: %v", step.status, name, answer)
			}
		}
	}
	a.admin("PATCH", "tenants/acme/users/ann", `{"status":"disabled"}`)
	b.poll()
	if _, answer := b.show("acme"); answer["error"] != "invalid_grant" {
		t.Errorf("a disabled user: %v", answer)
	}
}

// Class R: neither the client's secret nor what people sent is in the log.
func TestClassRWhatEndpointsAreAskedIsNotLogged(t *testing.T) {
	h := newHouse(t)
	h.seed()
	s := h.badges()
	s.body.Store(`{"sub":"ann","claims":{"iss":"canary-claim"},"b1-unknown":1}`)
	if response, answer := h.show("acme"); response.StatusCode != http.StatusInternalServerError || answer["error"] != "server_error" || strings.Contains(fmt.Sprint(answer), "unknown") {
		t.Errorf("%s, %v", response.Status, answer)
	}
	var lines strings.Builder
	for _, entry := range h.logs.All() {
		fmt.Fprintln(&lines, entry.Message, entry.ContextMap())
	}
	if !strings.Contains(lines.String(), "unknown field") || !strings.Contains(lines.String(), badge) {
		t.Errorf("the log does not tell what is wrong:\n%s", lines.String())
	}
	for _, secret := range []string{"s3cret", "canary-claim", s.asked.Load().(string)} {
		if strings.Contains(lines.String(), secret) {
			t.Errorf("the log has %s", secret)
		}
	}
	if strings.Contains(s.asked.Load().(string), "s3cret") || strings.Contains(fmt.Sprint(h.verified("acme", s.asked.Load().(string))), "s3cret") {
		t.Error("the endpoint gets the client's secret")
	}
}

func TestRemoteGrantsAreCountedUnderOneName(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.badges()
	h.show("acme")
	h.post("/t/acme/oauth2/token", url.Values{"grant_type": {"urn:random:1"}})
	metrics := h.scrape()
	for _, want := range []string{`gatehouse_token_requests_total{grant="remote",outcome="issued"} 1`, `gatehouse_token_requests_total{grant="unknown",outcome="unsupported_grant_type"} 1`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(metrics, badge) || strings.Contains(metrics, "urn:random") {
		t.Error("grant types of tenants are labels")
	}
}

// A warm request asks the endpoint, and the database only for its audit event.
func TestWarmRemoteGrantReadsFromMemory(t *testing.T) {
	h := newHouse(t)
	h.seed()
	s := h.badges()
	s.body.Store(`{"sub":"106"}`)
	h.show("acme")
	h.poll()
	h.show("acme")
	before := h.db.Queries()
	if response, answer := h.show("acme"); response.StatusCode != http.StatusOK {
		t.Fatal(response.Status, answer)
	}
	if queries := h.db.Queries() - before; queries != 1 {
		t.Errorf("%d queries", queries)
	}
	asked := h.verified("acme", s.asked.Load().(string))
	events := h.admin("GET", "tenants/acme/audit-events", "")["items"].([]any)
	last := events[0].(map[string]any)
	if details := last["details"].(map[string]any); last["action"] != "token.issue" || details["grant_request"] != asked["jti"] || details["grant_type"] != badge {
		t.Errorf("audited: %v", last)
	}
}

// scrape returns the metrics.
func (h *house) scrape() string {
	h.t.Helper()
	answer := httptest.NewRecorder()
	h.metrics.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	return answer.Body.String()
}
