package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/server"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

// seed makes a tenant with an API and a client "106" with the secret "s3cret".
func (h *house) seed() {
	h.t.Helper()
	h.admin("POST", "tenants", `{"slug":"acme","name":"Acme"}`)
	h.admin("POST", "tenants/acme/apis", `{"identifier":"https://api.acme.example","name":"API","scopes":[{"name":"data"}]}`)
	h.admin("POST", "tenants/acme/clients", `{"client_id":"106","client_secret":"s3cret","name":"ERP","grant_types":["client_credentials"],"apis":[{"identifier":"https://api.acme.example","scopes":["data"]}]}`)
}

// ask asks for a token as client 106 and returns the status.
func (h *house) ask() int {
	h.t.Helper()
	response, _ := h.post("/t/acme/oauth2/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"106"}, "client_secret": {"s3cret"},
	})
	return response.StatusCode
}

func TestWarmRequestMakesNoDatabaseQuery(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.ask() // makes the first signing key
	h.poll()
	if status := h.ask(); status != http.StatusOK {
		t.Fatal(status)
	}
	before := h.db.Queries()
	for range 20 {
		if status := h.ask(); status != http.StatusOK {
			t.Fatal(status)
		}
	}
	if queries := h.db.Queries() - before; queries != 0 {
		t.Errorf("20 warm requests made %d queries", queries)
	}
	h.clock.Advance(time.Hour) // the first one of another hour writes its audit row
	h.poll()
	before = h.db.Queries()
	if status := h.ask(); status != http.StatusOK {
		t.Fatal(status)
	}
	if queries := h.db.Queries() - before; queries != 2 { // and asks whether the key is revoked
		t.Errorf("the first request of an hour made %d queries", queries)
	}
}

// Class M: an unknown client costs the same queries as a wrong secret.
func TestClassMUnknownClientAndWrongSecretCostTheSame(t *testing.T) {
	h := newHouse(t)
	h.seed()
	cost := func(id string) (queries uint64) {
		for range 3 { // the first one is cold in both cases
			before := h.db.Queries()
			response, _ := h.post("/t/acme/oauth2/token", url.Values{
				"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {"wrong"},
			})
			if response.StatusCode != http.StatusUnauthorized {
				t.Fatal(response.Status)
			}
			queries = h.db.Queries() - before
		}
		return queries
	}
	if known, unknown := cost("106"), cost("nobody"); known != 0 || unknown != 0 {
		t.Errorf("a wrong secret costs %d queries, an unknown client %d", known, unknown)
	}
}

// twoHouses are two nodes on one database.
func twoHouses(t *testing.T) (a, b *house) {
	first, second := storetest.OpenPair(t)
	c := &clock{now: time.Now().UTC().Truncate(time.Second)}
	a, b = openHouse(t, first, sealer(t), c), openHouse(t, second, sealer(t), c)
	if _, err := a.service.Bootstrap(t.Context(), admin.BootstrapOptions{ClientID: operatorID, ClientSecret: operatorSecret}); err != nil {
		t.Fatal(err)
	}
	a.seed()
	b.poll()
	return a, b
}

func TestClassFChangeIsInForceOnTheOtherNodeAfterItsNextPoll(t *testing.T) {
	a, b := twoHouses(t)
	if status := b.ask(); status != http.StatusOK {
		t.Fatal(status)
	}
	for _, change := range []struct {
		name, method, path, body string
		want                     int
		undo                     func()
	}{
		{
			"disabled client", "PATCH", "tenants/acme/clients/106", `{"status":"disabled"}`, 401,
			func() { a.admin("PATCH", "tenants/acme/clients/106", `{"status":"active"}`) },
		},
		{
			"suspended tenant", "PATCH", "tenants/acme", `{"status":"suspended"}`, 403,
			func() { a.admin("PATCH", "tenants/acme", `{"status":"active"}`) },
		},
		{
			"withdrawn API", "PATCH", "tenants/acme/clients/106", `{"grant_types":[]}`, 400,
			func() { a.admin("PATCH", "tenants/acme/clients/106", `{"grant_types":["client_credentials"]}`) },
		},
		{"deleted client", "DELETE", "tenants/acme/clients/106", ``, 401, func() {}},
	} {
		t.Run(change.name, func(t *testing.T) {
			a.admin(change.method, change.path, change.body)
			if status := a.ask(); status != change.want {
				t.Errorf("the node that made the change answers %d, want %d", status, change.want)
			}
			if status := b.ask(); status != http.StatusOK {
				t.Errorf("the other node answered %d before its poll: the test would show nothing", status)
			}
			b.poll()
			if status := b.ask(); status != change.want {
				t.Errorf("the other node answers %d, want %d", status, change.want)
			}
			change.undo()
			b.poll()
			b.ask() // has it in memory again
		})
	}
}

func TestNodeThatLostTouchAnswersOnlyFromMemoryWhatIsPublic(t *testing.T) {
	h := newHouse(t)
	h.seed()
	paths := []string{"/t/acme/.well-known/jwks.json", "/t/acme/.well-known/openid-configuration"}
	for _, path := range paths {
		h.do("GET", path, "", "", "")
	}
	h.ask()
	h.clock.Advance(timing().Staleness + time.Second)
	response, answer := h.post("/t/acme/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"106"}, "client_secret": {"s3cret"}})
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" || answer["error"] != "temporarily_unavailable" {
		t.Errorf("token: %s %v", response.Status, answer)
	}
	if response, _ := h.do("GET", "/admin/v1/tenants", "", "", h.token); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("admin API: %s", response.Status)
	}
	for _, path := range paths {
		if response, _ := h.do("GET", path, "", "", ""); response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
}

// Class R: nothing secret reaches the log, and nobody writes lines into it.
func TestClassRLogHoldsNoSecretAndOneLineForEachRequest(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.logs.TakeAll()
	h.ask()
	h.post("/t/acme/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"a\r\n{\"x\":1}\x1b[0m"}, "client_secret": {"c4nary"}})
	h.post("/t/acme/oauth2/token?client_secret=c4nary", url.Values{"grant_type": {"c4nary"}, "password": {"c4nary"}})
	h.do("GET", "/c4nary%0d%0a?secret=c4nary", "", "", "")
	entries := h.logs.TakeAll()
	if len(entries) != 4 {
		t.Errorf("%d lines for 4 requests", len(entries))
	}
	for _, entry := range entries {
		fields := entry.ContextMap()
		for name, value := range fields {
			if text, ok := value.(string); ok && name != "path" && (strings.Contains(text, "c4nary") || strings.Contains(text, "s3cret")) {
				t.Errorf("%s holds a secret: %v", name, fields)
			}
		}
		if fields["request_id"] == "" {
			t.Errorf("no request id: %v", fields)
		}
	}
}

func TestClassMThrottleSlowsTheGuesserAndNobodyElse(t *testing.T) {
	h := newHouse(t)
	h.seed()
	guess := func() *http.Response {
		response, _ := h.post("/t/acme/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"106"}, "client_secret": {"guess"}})
		return response
	}
	refused := 0
	for range 40 {
		response := guess()
		if response.StatusCode == http.StatusTooManyRequests {
			refused++
			if response.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		}
	}
	if refused != 20 {
		t.Errorf("%d of 40 guesses were refused, want 20", refused)
	}
	if status := h.ask(); status != http.StatusTooManyRequests {
		t.Errorf("the right secret from the guesser's address: %d", status)
	}
	h.behind = "192.0.2.7"
	if status := h.ask(); status != http.StatusOK {
		t.Errorf("the right secret from another address: %d", status)
	}
	h.behind = ""
	h.clock.Advance(7 * time.Second)
	if response := guess(); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("after a while: %s", response.Status)
	}
	refused = 0
	for i := range 25 { // a household has more addresses than there are guesses
		h.behind = fmt.Sprintf("2001:db8:0:7::%x", i+1)
		if guess().StatusCode == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 5 {
		t.Errorf("%d of 25 guesses from addresses of one household were refused, want 5", refused)
	}
}

func TestClassOBodyOfUnknownLengthIsBounded(t *testing.T) {
	h := newHouse(t)
	h.seed()
	request, err := http.NewRequest(http.MethodPost, h.http.URL+"/t/acme/oauth2/token", struct{ io.Reader }{strings.NewReader("scope=" + strings.Repeat("x", server.MaxBody))})
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "gatehouse.example"
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := h.http.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %s", response.Status)
	}
}

func TestSecretsAndClientsEndAtTheirInstant(t *testing.T) {
	h := newHouse(t)
	h.seed()
	soon := h.clock.Now().Add(time.Hour)
	h.admin("POST", "tenants/acme/clients", `{"client_id":"brief","client_secret":"s","name":"B","grant_types":["client_credentials"],"expires_at":"`+soon.Add(time.Hour).Format(time.RFC3339)+`"}`)
	made := h.admin("POST", "tenants/acme/clients/brief/secrets", `{"expires_at":"`+soon.Format(time.RFC3339)+`"}`)
	ask := func(secret string) (int, any) {
		response, answer := h.post("/t/acme/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"brief"}, "client_secret": {secret}})
		return response.StatusCode, answer["error_description"]
	}
	for _, secret := range []string{"s", made["secret"].(string)} {
		if status, why := ask(secret); status != http.StatusOK {
			t.Errorf("before: %d %v", status, why)
		}
	}
	h.clock.Advance(time.Hour)
	h.poll()
	if status, why := ask(made["secret"].(string)); status != http.StatusUnauthorized || why != "the client secret has expired" {
		t.Errorf("expired secret: %d %v", status, why)
	}
	if status, _ := ask("s"); status != http.StatusOK {
		t.Errorf("the other secret: %d", status)
	}
	h.clock.Advance(time.Hour)
	h.poll()
	if status, why := ask("s"); status != http.StatusUnauthorized || why != "the client has expired" {
		t.Errorf("expired client: %d %v", status, why)
	}
	if status, why := ask("wrong"); status != http.StatusUnauthorized || why != "client authentication failed" {
		t.Errorf("who does not know the secret learns more: %d %v", status, why)
	}
}

func TestClassHForwardedHostCountsFromATrustedProxyOnly(t *testing.T) {
	h := newHouse(t)
	h.admin("POST", "tenants", `{"slug":"acme","name":"Acme","hosts":["acme.example"]}`)
	h.forwardedHost = "elsewhere.example, ACME.example:443"
	if response, _ := h.do("GET", "/.well-known/openid-configuration", "", "", ""); response.StatusCode != http.StatusNotFound {
		t.Errorf("from anybody: %s", response.Status)
	}
	h.behind = "192.0.2.7"
	response, answer := h.do("GET", "/.well-known/openid-configuration", "", "", "")
	if response.StatusCode != http.StatusOK || answer["issuer"] != "http://acme.example" {
		t.Errorf("from the proxy: %s %v", response.Status, answer)
	}
}

// Revoking a key takes it out of the JWKS, has another one sign, and makes
// everything that it signed inactive, on every node after its next poll.
func TestClassFRevokedKeyIsGoneOnEveryNode(t *testing.T) {
	a, b := twoHouses(t)
	a.admin("PATCH", "tenants/acme/clients/106", `{"resource_server_for":["https://api.acme.example"]}`)
	b.poll()
	_, answer := b.post("/t/acme/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"106"}, "client_secret": {"s3cret"}})
	token := answer["access_token"].(string)
	active := func(h *house, token string) any {
		_, answer := h.post("/t/acme/oauth2/introspect", url.Values{"token": {token}, "client_id": {"106"}, "client_secret": {"s3cret"}})
		return answer["active"]
	}
	kids := func(h *house) (all []string) {
		_, answer := h.do("GET", "/t/acme/.well-known/jwks.json", "", "", "")
		for _, key := range answer["keys"].([]any) {
			all = append(all, key.(map[string]any)["kid"].(string))
		}
		return all
	}
	if active(a, token) != true || active(b, token) != true {
		t.Fatal("the token is not active before")
	}
	kid := kids(b)[0]
	report := a.admin("POST", "tenants/acme/signing-keys/"+kid+"/revoke", "")
	if fmt.Sprint(report["clients"]) != "[106]" || fmt.Sprint(report["apis"]) != "[https://api.acme.example]" || report["until"] == nil || len(report["uses"].([]any)) != 1 {
		t.Errorf("reported: %v %v %v", report["clients"], report["apis"], report["until"])
	}
	b.poll()
	for name, h := range map[string]*house{"who revoked": a, "the other": b} {
		if slices.Contains(kids(h), kid) {
			t.Errorf("%s still publishes the key", name)
		}
		if active(h, token) != false {
			t.Errorf("%s: a token of the key is active", name)
		}
		_, schedule := h.do("GET", "/t/acme/.well-known/key-schedule.json", "", "", "")
		if revoked := schedule["revoked"].([]any); len(revoked) != 1 || revoked[0].(map[string]any)["kid"] != kid {
			t.Errorf("%s: the schedule does not tell: %v", name, schedule)
		}
		_, answer := h.post("/t/acme/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"106"}, "client_secret": {"s3cret"}})
		if fresh, _ := answer["access_token"].(string); active(h, fresh) != true {
			t.Errorf("%s: no fresh key signs: %v", name, answer)
		}
	}
}
