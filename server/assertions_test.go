package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// signer makes the client "signer" of tenant acme, which proves itself by the
// key "rsa" and whatever else is given of it.
func (h *house) signer(further string) {
	h.t.Helper()
	h.admin("POST", "tenants/acme/clients", `{"client_id":"signer","name":"S","grant_types":["client_credentials"],"token_endpoint_auth_method":"private_key_jwt"`+further+`}`)
}

// prove asks for a token with an assertion, and returns the status and error.
func (h *house) prove(assertion string) (int, string) {
	h.t.Helper()
	response, answer := h.post("/t/acme/oauth2/token", url.Values{
		"grant_type": {"client_credentials"}, "client_assertion_type": {oauth.ClientAssertionJWT}, "client_assertion": {assertion},
	})
	text, _ := answer["error"].(string)
	return response.StatusCode, text
}

// fresh signs as the client "signer".
func (h *house) fresh(key, jti string, further ...string) string {
	h.t.Helper()
	pairs := append([]string{"iss=signer", "sub=signer", "aud=" + publicURL + "/t/acme", "exp=120", "jti=" + jti}, further...)
	return h.assertion(h.t, key, pairs...)
}

// Class C: the same assertion, 32 times at once on two nodes, has one winner,
// and none after both were restarted.
func TestClassCAssertionHasOneWinner(t *testing.T) {
	a, b := twoHouses(t)
	a.signer("")
	a.admin("POST", "tenants/acme/clients/signer/keys", `{"public_key":"`+base64Of(publicKeyDER("rsa"))+`"}`)
	b.poll()
	var last string
	for round := range rounds() {
		last = a.fresh("rsa", fmt.Sprint("jti", round))
		var won, lost atomic.Int64
		var wait sync.WaitGroup
		for i := range 32 {
			node := []*house{a, b}[i%2]
			wait.Go(func() {
				switch status, code := node.prove(last); {
				case status == http.StatusOK:
					won.Add(1)
				case status == http.StatusUnauthorized && code == "invalid_client":
					lost.Add(1)
				}
			})
		}
		wait.Wait()
		if won.Load() != 1 || lost.Load() != 31 {
			t.Fatalf("round %d: %d won, %d lost", round, won.Load(), lost.Load())
		}
	}
	restarted := openHouse(t, a.db, sealer(t), a.clock)
	if status, _ := restarted.prove(last); status != http.StatusUnauthorized {
		t.Errorf("after a restart: %d", status)
	}
	if status, _ := restarted.prove(a.fresh("rsa", "another")); status != http.StatusOK {
		t.Errorf("another one after a restart: %d", status)
	}
}

// Class M: assertions that the client did not sign are counted by address like
// secrets, and apart from these.
func TestClassMWrongAssertionsAreThrottledByAddress(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.signer("")
	h.admin("POST", "tenants/acme/clients/signer/keys", `{"public_key":"`+base64Of(publicKeyDER("rsa"))+`"}`)
	for n := range failuresOfAnAddress {
		if status, _ := h.prove(h.fresh("rsa1", fmt.Sprint("wrong", n))); status != http.StatusUnauthorized {
			t.Fatalf("wrong assertion %d: %d", n, status)
		}
	}
	if status, _ := h.prove(h.fresh("rsa1", "one more")); status != http.StatusTooManyRequests {
		t.Errorf("after %d wrong ones: %d", failuresOfAnAddress, status)
	}
	if status, _ := h.prove(h.fresh("rsa", "right")); status != http.StatusOK { // which nobody guesses
		t.Errorf("the client's own after %d wrong ones: %d", failuresOfAnAddress, status)
	}
	h.admin("POST", "tenants/acme/clients", `{"client_id":"hmac","client_secret":"a-secret-of-more-than-32-characters","name":"HMAC","grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_jwt"}`)
	byHMAC := func(secret, id string) int {
		status, _ := h.prove(h.assertion(t, "secret:"+secret, "iss=hmac", "sub=hmac", "aud="+publicURL+"/t/acme", "exp=60", "jti="+id))
		return status
	}
	for n := range failuresOfAnAddress {
		if status := byHMAC(strings.Repeat("x", 32), fmt.Sprint(n)); status != http.StatusUnauthorized {
			t.Fatalf("wrong assertion %d by a secret: %d", n, status)
		}
	}
	if status := byHMAC("a-secret-of-more-than-32-characters", "right"); status != http.StatusTooManyRequests { // which somebody may guess
		t.Errorf("by the client's secret after %d wrong ones: %d", failuresOfAnAddress, status)
	}
	h.behind = home
	if status, _ := h.prove(h.fresh("rsa", "elsewhere")); status != http.StatusOK {
		t.Errorf("from elsewhere: %d", status)
	}
}

// The client is told that it is not authenticated, and the log why.
func TestTheLogSaysWhyAClientIsNotAuthenticated(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.signer("")
	h.admin("POST", "tenants/acme/clients/signer/keys", `{"public_key":"`+base64Of(publicKeyDER("rsa"))+`"}`)
	for _, c := range []struct{ assertion, cause string }{
		{h.fresh("rsa1", "1"), "no key of the client verifies the assertion"},
		{h.fresh("ec", "2"), "the client has no key for this alg and kid"},
		{h.assertion(t, "rsa", "iss=106", "sub=106", "aud="+publicURL+"/t/acme", "exp=60", "jti=3"), "the client authenticates by another method"},
	} {
		h.logs.TakeAll()
		if status, _ := h.prove(c.assertion); status != http.StatusUnauthorized {
			t.Errorf("%s: %d", c.cause, status)
		}
		logged := h.logs.TakeAll()
		if len(logged) != 1 || logged[0].ContextMap()["cause"] != c.cause || strings.Contains(fmt.Sprint(logged[0].ContextMap()), c.assertion) {
			t.Errorf("logged %v, want the cause %q", logged, c.cause)
		}
	}
}

// Class C: what is spent is forgotten only when no node can take it any more,
// also one whose clock is slow.
func TestClassCSpentAssertionsOutliveTheirExpiry(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.signer("")
	h.admin("POST", "tenants/acme/clients/signer/keys", `{"public_key":"`+base64Of(publicKeyDER("rsa"))+`"}`)
	used := h.fresh("rsa", "1")
	if status, _ := h.prove(used); status != http.StatusOK {
		t.Fatal(status)
	}
	expiry := h.clock.Now().Add(2 * time.Minute)
	if n, err := h.db.PurgeExpired(t.Context(), expiry); err != nil || n != 0 {
		t.Errorf("%d rows went at the expiry, %v", n, err)
	}
	if status, _ := h.prove(used); status != http.StatusUnauthorized {
		t.Errorf("after the janitor: %d", status)
	}
	if n, err := h.db.PurgeExpired(t.Context(), expiry.Add(time.Second)); err != nil || n != 1 {
		t.Errorf("%d rows went after the expiry, %v", n, err)
	}
}

// Class F: a key that is revoked, or a client whose method is changed, is
// refused on the other node after its next poll.
func TestClassFRevokedKeyEndsOnEveryNode(t *testing.T) {
	a, b := twoHouses(t)
	a.signer("")
	made := a.admin("POST", "tenants/acme/clients/signer/keys", `{"public_key":"`+base64Of(publicKeyDER("rsa"))+`"}`)
	b.poll()
	if status, _ := b.prove(a.fresh("rsa", "1")); status != http.StatusOK {
		t.Fatal(status)
	}
	a.admin("DELETE", "tenants/acme/clients/signer/keys/"+made["id"].(string), "")
	if status, _ := a.prove(a.fresh("rsa", "2")); status != http.StatusUnauthorized {
		t.Errorf("the node that revoked: %d", status)
	}
	b.poll()
	if status, _ := b.prove(a.fresh("rsa", "3")); status != http.StatusUnauthorized {
		t.Errorf("the other node: %d", status)
	}
}

// Class I: an assertion that brings the address of a key has nobody ask there,
// and neither has a jwks_uri that leads inwards.
func TestClassIAssertionsAskNobody(t *testing.T) {
	h := newHouse(t)
	h.seed()
	s := newSink(t)
	s.body.Store(`{"keys":[` + publicJWK("rsa", "") + `]}`)
	h.signer("")
	h.admin("POST", "tenants/acme/clients/signer/keys", `{"public_key":"`+base64Of(publicKeyDER("rsa1"))+`"}`)
	for _, header := range []string{"h.jku=" + s.URL, "h.x5u=" + s.URL, "h.kid=" + s.URL, "h.jwk=" + publicJWK("rsa", "")} {
		if status, code := h.prove(h.fresh("rsa", "1", header)); status != http.StatusUnauthorized || code != "invalid_client" {
			t.Errorf("%s: %d %s", header, status, code)
		}
	}
	for _, uri := range []string{s.URL + "/jwks", "https://localhost/jwks", "http://client.example/jwks", "file:///etc/passwd", "https://169.254.169.254/x", "https://[::ffff:10.0.0.1]/", "https://2130706433/", "https://u:p@client.example/"} {
		response, answer := h.do("PATCH", "/admin/v1/tenants/acme/clients/signer", "application/json", fmt.Sprintf(`{"jwks_uri":%q}`, uri), h.token)
		if response.StatusCode != http.StatusBadRequest || answer["field"] != "jwks_uri" {
			t.Errorf("%s as a jwks_uri: %s %v", uri, response.Status, answer)
		}
	}
	// One that was let in before the rules were stricter.
	tenant, err := h.db.Tenant(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	client, err := h.db.ClientByID(t.Context(), tenant.ID, "signer")
	if err != nil {
		t.Fatal(err)
	}
	client.JWKSURI = s.URL + "/jwks"
	if err := h.db.UpdateClient(t.Context(), client, tenants.AuditEvent{}); err != nil {
		t.Fatal(err)
	}
	if status, _ := h.prove(h.fresh("rsa", "1")); status != http.StatusUnauthorized {
		t.Errorf("by a key behind a jwks_uri that leads inwards: %d", status)
	}
	if n := s.connections.Load(); n != 0 {
		t.Errorf("the sink received %d connections", n)
	}
}

// Keys at a jwks_uri come and go with what is published there.
func TestKeysAreFetchedFromTheJWKSURI(t *testing.T) {
	h := newHouse(t)
	h.seed()
	s := newSink(t)
	s.body.Store(`{"keys":[` + publicJWK("rsa", "first") + `]}`)
	h.signer(`,"jwks_uri":"https://client.example/jwks"`)
	h.outlet.allow(t, s)
	prove := func(want int, key, kid, jti string) {
		t.Helper()
		if status, _ := h.prove(h.fresh(key, jti, "h.kid="+kid)); status != want {
			t.Errorf("%s by %s: %d, want %d", kid, key, status, want)
		}
	}
	prove(200, "rsa", "first", "1")
	prove(200, "rsa", "first", "2")
	prove(401, "rsa1", "first", "3")
	for i := range 5 {
		prove(401, "ec", "second", fmt.Sprint("unknown", i))
	}
	if n := s.requests.Load(); n != 2 { // once more for the first key that is not known
		t.Errorf("asked %d times", n)
	}
	s.body.Store(`{"keys":[` + publicJWK("rsa", "first") + `,` + publicJWK("ec", "second") + `]}`)
	h.clock.Advance(30 * time.Second)
	h.poll()
	prove(200, "ec", "second", "4")
	s.body.Store(`{"keys":[` + publicJWK("ec", "second") + `]}`)
	h.clock.Advance(time.Hour)
	h.poll()
	prove(401, "rsa", "first", "5")
	s.Close()
	h.clock.Advance(time.Hour)
	h.poll()
	prove(200, "ec", "second", "6") // its host is away
}

// Keys without a kid are fetched anew where none of them verifies, twice in 30 s.
func TestReplacedKeysWithoutAKidAreFound(t *testing.T) {
	h := newHouse(t)
	h.seed()
	s := newSink(t)
	s.body.Store(`{"keys":[` + publicJWK("rsa", "") + `]}`)
	h.signer(`,"jwks_uri":"https://client.example/jwks"`)
	h.outlet.allow(t, s)
	for i, step := range []struct {
		key         string
		want, asked int
	}{{"rsa", 200, 1}, {"rsa", 200, 1}, {"rsa1", 200, 2}, {"rsa1", 200, 2}, {"rsa", 401, 2}} {
		if i == 2 {
			s.body.Store(`{"keys":[` + publicJWK("rsa1", "") + `]}`)
		}
		if status, _ := h.prove(h.fresh(step.key, fmt.Sprint("jti", i))); status != step.want || int(s.requests.Load()) != step.asked {
			t.Errorf("step %d: %d after %d requests, want %+v", i, status, s.requests.Load(), step)
		}
	}
}

// Class M: an assertion of a client that does not exist costs the queries that
// one of a known client costs.
func TestClassMUnknownClientAndWrongAssertionCostTheSame(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.signer("")
	h.admin("POST", "tenants/acme/clients/signer/keys", `{"public_key":"`+base64Of(publicKeyDER("rsa"))+`"}`)
	cost := func(id string) (queries uint64) {
		for range 3 {
			before := h.db.Queries()
			if status, _ := h.prove(h.assertion(t, "rsa1", "iss="+id, "sub="+id, "aud="+publicURL+"/t/acme", "exp=60", "jti=1")); status != http.StatusUnauthorized {
				t.Fatal(status)
			}
			queries = h.db.Queries() - before
		}
		return queries
	}
	if known, unknown, secret := cost("signer"), cost("nobody"), cost("106"); known != 0 || unknown != 0 || secret != 0 {
		t.Errorf("queries: %d known, %d unknown, %d of another method", known, unknown, secret)
	}
}

// Class O: what is far too large costs next to nothing.
func TestClassOHugeAssertions(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.signer("")
	for name, text := range map[string]string{
		"dots": strings.Repeat(".", 60_000), "longer than 8 KiB": h.fresh("rsa", strings.Repeat("x", 9000)),
		"deep": "e30." + base64URLOf([]byte(strings.Repeat(`{"a":`, 1200))) + ".AA", "many headers": base64URLOf([]byte(`{"alg":"RS256"`+strings.Repeat(`,"a":1`, 500)+`}`)) + ".e30.AA",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if status, code := h.prove(text); status != http.StatusUnauthorized || code != "invalid_client" {
			t.Errorf("%s: %d %s", name, status, code)
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 5<<20 {
			t.Errorf("%s: %d bytes", name, grown)
		}
	}
}

// Class R: neither an assertion nor its claims reach the log.
func TestClassRAssertionsAreNotLogged(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.signer("")
	h.admin("POST", "tenants/acme/clients/signer/keys", `{"public_key":"`+base64Of(publicKeyDER("rsa"))+`"}`)
	h.logs.TakeAll()
	good, bad := h.fresh("rsa", "c4nary"), h.fresh("rsa1", "c4nary")
	h.prove(good)
	h.prove(bad)
	for _, entry := range h.logs.TakeAll() {
		text := fmt.Sprint(entry.ContextMap())
		if strings.Contains(text, "c4nary") || strings.Contains(text, good) || strings.Contains(text, bad[len(bad)-20:]) {
			t.Errorf("logged: %s", text)
		}
	}
}

// Class C: an assertion of a trusted issuer has one winner among 32 at once on
// two nodes, and each token is audited with who the workload was.
func TestClassCGrantAssertionHasOneWinner(t *testing.T) {
	a, b := twoHouses(t)
	a.admin("PATCH", "tenants/acme/clients/106", `{"grant_types":["`+oauth.GrantJWTBearer+`"],"token_endpoint_auth_method":"none"}`)
	a.admin("POST", "tenants/acme/trusted-issuers", `{"issuer":"https://ci.example","jwks":{"keys":[`+publicJWK("rsa", "")+`]},"rules":[{"client_id":"106","subject":"job"}]}`)
	b.poll()
	ask := func(node *house, assertion string) int {
		response, _ := node.post("/t/acme/oauth2/token", url.Values{"grant_type": {oauth.GrantJWTBearer}, "client_id": {"106"}, "assertion": {assertion}})
		return response.StatusCode
	}
	for round := range rounds() {
		text := a.assertion(t, "rsa", "iss=https://ci.example", "sub=job", "aud="+publicURL+"/t/acme", "exp=60", fmt.Sprint("jti=", round))
		var won, lost atomic.Int64
		var wait sync.WaitGroup
		for i := range 32 {
			node := []*house{a, b}[i%2]
			wait.Go(func() {
				switch ask(node, text) {
				case http.StatusOK:
					won.Add(1)
				case http.StatusBadRequest:
					lost.Add(1)
				}
			})
		}
		wait.Wait()
		if won.Load() != 1 || lost.Load() != 31 {
			t.Fatalf("round %d: %d won, %d lost", round, won.Load(), lost.Load())
		}
	}
	events := a.admin("GET", "tenants/acme/audit-events?page_size=200&q=token.issue", "")["items"].([]any)
	if len(events) != rounds() || !strings.Contains(fmt.Sprint(events[0]), fmt.Sprintf("assertion:map[iss:https://ci.example jti:%d sub:job]", rounds()-1)) {
		t.Errorf("audited: %v", events)
	}
}

// Class F: what ends a workload's trust is in force on the other node after its
// next poll.
func TestClassFTrustEndsOnEveryNode(t *testing.T) {
	a, b := twoHouses(t)
	a.admin("PATCH", "tenants/acme/clients/106", `{"grant_types":["`+oauth.GrantJWTBearer+`"],"token_endpoint_auth_method":"none"}`)
	made := a.admin("POST", "tenants/acme/trusted-issuers", `{"issuer":"https://ci.example","reusable_assertions":true,"jwks":{"keys":[`+publicJWK("rsa", "")+`]},"rules":[{"client_id":"106","subject":"job"}]}`)
	b.poll()
	path := "tenants/acme/trusted-issuers/" + made["id"].(string)
	text := a.assertion(t, "rsa", "iss=https://ci.example", "sub=job", "aud="+publicURL+"/t/acme", "exp=3600")
	ask := func(node *house) int {
		response, _ := node.post("/t/acme/oauth2/token", url.Values{"grant_type": {oauth.GrantJWTBearer}, "client_id": {"106"}, "assertion": {text}})
		return response.StatusCode
	}
	for _, change := range []struct{ method, path, body, undo string }{
		{"PATCH", path, `{"status":"disabled"}`, `{"status":"active"}`},
		{"PATCH", path, `{"rules":[]}`, `{"rules":[{"client_id":"106","subject":"job"}]}`},
		{"PATCH", path, `{"jwks":{"keys":[` + publicJWK("ec", "") + `]}}`, `{"jwks":{"keys":[` + publicJWK("rsa", "") + `]}}`},
		{"PATCH", path, `{"audiences":["another"]}`, `{"audiences":[]}`},
		{"DELETE", path, "", ""},
	} {
		if status := ask(b); status != http.StatusOK {
			t.Fatalf("before %s: %d", change.body, status)
		}
		a.admin(change.method, change.path, change.body)
		b.poll()
		if onA, onB := ask(a), ask(b); onA != http.StatusBadRequest || onB != http.StatusBadRequest {
			t.Errorf("after %s: %d and %d", change.body, onA, onB)
		}
		if change.undo != "" {
			a.admin("PATCH", path, change.undo)
			b.poll()
		}
	}
}

// Class G: an issuer that another tenant trusts counts for nothing here.
func TestClassGTrustStaysInItsTenant(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.admin("POST", "tenants", `{"slug":"globex","name":"Globex"}`)
	for _, slug := range []string{"acme", "globex"} {
		h.admin("POST", "tenants/"+slug+"/clients", `{"client_id":"job","name":"Job","grant_types":["`+oauth.GrantJWTBearer+`"],"token_endpoint_auth_method":"none"}`)
	}
	rule := `"rules":[{"client_id":"job","subject":"job"}]`
	h.admin("POST", "tenants/globex/trusted-issuers", `{"issuer":"https://ci.example","audiences":["any"],"jwks":{"keys":[`+publicJWK("rsa", "")+`]},`+rule+`}`)
	ask := func(slug string) int {
		text := h.assertion(t, "rsa", "iss=https://ci.example", "sub=job", "aud=any", "exp=60", "jti=1")
		response, _ := h.post("/t/"+slug+"/oauth2/token", url.Values{"grant_type": {oauth.GrantJWTBearer}, "client_id": {"job"}, "assertion": {text}})
		return response.StatusCode
	}
	if status := ask("acme"); status != http.StatusBadRequest {
		t.Errorf("without an issuer: %d", status)
	}
	h.admin("POST", "tenants/acme/trusted-issuers", `{"issuer":"https://ci.example","audiences":["any"],"jwks":{"keys":[`+publicJWK("rsa1", "")+`]},`+rule+`}`)
	if status := ask("acme"); status != http.StatusBadRequest {
		t.Errorf("with the same issuer and other keys: %d", status)
	}
	if status := ask("globex"); status != http.StatusOK {
		t.Errorf("where it is trusted: %d", status)
	}
}

// Keys of a trusted issuer are fetched as those of clients are.
func TestKeysOfTrustedIssuersAreFetched(t *testing.T) {
	h := newHouse(t)
	h.seed()
	s := newSink(t)
	s.body.Store(`{"keys":[` + publicJWK("ec", "now") + `]}`)
	h.admin("PATCH", "tenants/acme/clients/106", `{"grant_types":["`+oauth.GrantJWTBearer+`"],"token_endpoint_auth_method":"none"}`)
	h.admin("POST", "tenants/acme/trusted-issuers", `{"issuer":"https://ci.example","jwks_uri":"https://ci.example/jwks","rules":[{"client_id":"106","subject":"job"}]}`)
	askOf := func(issuer, jti string) *http.Response {
		text := h.assertion(t, "ec", "iss="+issuer, "sub=job", "aud="+publicURL+"/t/acme", "exp=60", "h.kid=now", "jti="+jti)
		response, _ := h.post("/t/acme/oauth2/token", url.Values{"grant_type": {oauth.GrantJWTBearer}, "client_id": {"106"}, "assertion": {text}})
		return response
	}
	ask := func(jti string) int { return askOf("https://ci.example", jti).StatusCode }
	if r := askOf("https://ci.example", "0"); r.Header.Get("Retry-After") != "30" {
		t.Errorf("while its keys are away: %s, Retry-After %q", r.Status, r.Header.Get("Retry-After"))
	}
	if r := askOf("https://other.example", "0"); r.StatusCode != http.StatusBadRequest {
		t.Errorf("an issuer that is not registered: %s", r.Status)
	}
	if status := ask("1"); status != http.StatusServiceUnavailable || s.connections.Load() != 0 {
		t.Errorf("before it may be asked: %d, %d connections", status, s.connections.Load())
	}
	h.outlet.allow(t, s)
	h.clock.Advance(30 * time.Second)
	h.poll()
	for _, jti := range []string{"1", "2", "3"} {
		if status := ask(jti); status != http.StatusOK {
			t.Errorf("%s: %d", jti, status)
		}
	}
	if n := s.requests.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// Metadata names the grants that some client of the tenant may use, on every
// node, and the ways by which clients may prove who they are.
func TestMetadataNamesWhatWorks(t *testing.T) {
	a, b := twoHouses(t)
	listed := func(node *house, member string) string {
		_, answer := node.do("GET", "/t/acme/.well-known/openid-configuration", "", "", "")
		return fmt.Sprint(answer[member])
	}
	check := func(want string) {
		t.Helper()
		b.poll()
		if onA, onB := listed(a, "grant_types_supported"), listed(b, "grant_types_supported"); onA != want || onB != want {
			t.Errorf("got %s and %s, want %s", onA, onB, want)
		}
	}
	check("[client_credentials]")
	a.admin("POST", "tenants/acme/clients", `{"client_id":"job","name":"Job","grant_types":["`+oauth.GrantJWTBearer+`"],"token_endpoint_auth_method":"none"}`)
	check("[client_credentials " + oauth.GrantJWTBearer + "]")
	a.admin("PATCH", "tenants/acme/clients/job", `{"status":"disabled"}`)
	check("[client_credentials]")
	a.admin("PATCH", "tenants/acme/clients/job", `{"status":"active"}`)
	check("[client_credentials " + oauth.GrantJWTBearer + "]")
	a.admin("DELETE", "tenants/acme/clients/job", "")
	check("[client_credentials]")
	// Sessions are exchanged on a tenant's own host, which acme is not at.
	session := `{"client_id":"page","name":"Page","grant_types":["` + oauth.GrantSession + `"],"token_endpoint_auth_method":"none"}`
	a.admin("POST", "tenants/acme/clients", session)
	check("[client_credentials]")
	a.admin("POST", "tenants", `{"slug":"hosted","name":"Hosted","hosts":["hosted.example"]}`)
	a.admin("POST", "tenants/hosted/clients", session)
	_, answer := a.do("GET", "/t/hosted/.well-known/openid-configuration", "", "", "")
	if got := fmt.Sprint(answer["grant_types_supported"]); got != "[client_credentials "+oauth.GrantSession+"]" {
		t.Errorf("a tenant with a host of its own offers %s", got)
	}
	if got := fmt.Sprint(answer["token_endpoint_auth_methods_supported"]); got != "[client_secret_basic client_secret_post private_key_jwt client_secret_jwt none]" {
		t.Errorf("a tenant with a grant for public clients takes %s", got)
	}
	for member, want := range map[string]string{
		"token_endpoint_auth_methods_supported":                    "[client_secret_basic client_secret_post private_key_jwt client_secret_jwt]",
		"introspection_endpoint_auth_methods_supported":            "[client_secret_basic client_secret_post private_key_jwt client_secret_jwt]",
		"token_endpoint_auth_signing_alg_values_supported":         "[RS256 PS256 ES256 EdDSA HS256]",
		"introspection_endpoint_auth_signing_alg_values_supported": "[RS256 PS256 ES256 EdDSA HS256]",
	} {
		if got := listed(a, member); got != want {
			t.Errorf("%s: %s", member, got)
		}
	}
}
