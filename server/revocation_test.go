package server_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

// issued asks for a token as client 106 and returns it.
func (h *house) issued(more ...string) string {
	h.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"106"}, "client_secret": {"s3cret"}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	response, answer := h.post("/t/acme/oauth2/token", form)
	token, _ := answer["access_token"].(string)
	if token == "" {
		h.t.Fatalf("no token: %s %v", response.Status, answer)
	}
	return token
}

// active asks as client 106 whether a token is good.
func (h *house) active(token string) bool {
	h.t.Helper()
	response, answer := h.post("/t/acme/oauth2/introspect", url.Values{"token": {token}, "client_id": {"106"}, "client_secret": {"s3cret"}})
	if response.StatusCode != http.StatusOK {
		h.t.Fatalf("introspection: %s %v", response.Status, answer)
	}
	active, _ := answer["active"].(bool)
	if !active && len(answer) != 1 {
		h.t.Errorf("an inactive token says more than that: %v", answer)
	}
	return active
}

// revoke ends a token as client 106 and returns the answer.
func (h *house) revoke(token string) *http.Response {
	h.t.Helper()
	response, _ := h.post("/t/acme/oauth2/revoke", url.Values{"token": {token}, "client_id": {"106"}, "client_secret": {"s3cret"}})
	return response
}

// opaque switches client 106 to opaque tokens.
func (h *house) opaque() {
	h.t.Helper()
	h.admin("PATCH", "tenants/acme/clients/106", `{"token_format":"opaque"}`)
}

// Class F: what is revoked on one node is dead on the other after its next poll.
func TestClassFRevocationIsInForceOnTheOtherNodeAfterItsNextPoll(t *testing.T) {
	a, b := twoHouses(t)
	revocations := map[string]func(token string){
		"by its client": func(token string) {
			if response := a.revoke(token); response.StatusCode != http.StatusOK {
				t.Fatal(response.Status)
			}
		},
		"of the client":     func(string) { a.admin("POST", "tenants/acme/tokens/revoke", `{"client_id":"106"}`) },
		"of all":            func(string) { a.admin("POST", "tenants/acme/tokens/revoke", `{"all":true}`) },
		"disabled client":   func(string) { a.admin("PATCH", "tenants/acme/clients/106", `{"status":"disabled"}`) },
		"withdrawn API":     func(string) { a.admin("PATCH", "tenants/acme/clients/106", `{"apis":[]}`) },
		"expired client":    func(string) { a.expire() },
		"client made again": func(string) { a.clock.Advance(time.Second); a.remake() },
	}
	for _, format := range []string{"jwt", "opaque"} {
		for name, revoke := range revocations {
			t.Run(format+" "+name, func(t *testing.T) {
				a.remake()
				a.admin("PATCH", "tenants/acme/clients/106", `{"token_format":"`+format+`"}`)
				a.rs()
				a.poll()
				b.poll()
				a.clock.Advance(time.Second)
				token := b.issued()
				if !a.activeFor("rs", token) || !b.activeFor("rs", token) {
					t.Fatal("the token is not active from the start")
				}
				revoke(token)
				if a.activeFor("rs", token) {
					t.Error("it is active on the node that revoked it")
				}
				if !b.activeFor("rs", token) {
					t.Error("it is dead on the other node before its poll: the test would show nothing")
				}
				b.poll()
				if b.activeFor("rs", token) {
					t.Error("it is active on the other node")
				}
			})
		}
	}
}

// remake makes client 106 anew under its old id.
func (h *house) remake() {
	h.t.Helper()
	h.admin("DELETE", "tenants/acme/clients/106", "")
	h.admin("POST", "tenants/acme/clients", `{"client_id":"106","client_secret":"s3cret","name":"ERP","grant_types":["client_credentials"],"apis":[{"identifier":"https://api.acme.example","scopes":["data"]}]}`)
}

func (h *house) expire() {
	h.t.Helper()
	h.admin("PATCH", "tenants/acme/clients/106", `{"expires_at":"`+h.clock.Now().Add(-time.Second).Format(time.RFC3339)+`"}`)
}

// rs makes a resource server of the API.
func (h *house) rs() {
	h.t.Helper()
	h.do("DELETE", "/admin/v1/tenants/acme/clients/rs", "", "", h.token)
	h.admin("POST", "tenants/acme/clients", `{"client_id":"rs","client_secret":"s3cret","name":"RS","grant_types":[],"resource_server_for":["https://api.acme.example"]}`)
}

func (h *house) activeFor(clientID, token string) bool {
	h.t.Helper()
	_, answer := h.post("/t/acme/oauth2/introspect", url.Values{"token": {token}, "client_id": {clientID}, "client_secret": {"s3cret"}})
	active, ok := answer["active"].(bool)
	if !ok {
		h.t.Fatalf("introspection: %v", answer)
	}
	return active
}

// A token that is issued in the second of a revocation, but after it, lives.
func TestNewTokensLiveRightAfterARevocation(t *testing.T) {
	a, b := twoHouses(t)
	dead := a.issued()
	a.admin("POST", "tenants/acme/tokens/revoke", `{"all":true}`)
	b.poll()
	for _, h := range []*house{a, b} {
		if h.active(dead) {
			t.Error("the old token is active")
		}
		if token := h.issued(); !a.active(token) || !b.active(token) {
			t.Error("the new token is dead")
		}
	}
}

// Class F, RFC 7009 section 2.2.1: what could not be revoked is never answered 200.
func TestClassFRevocationFailsWhileTheDatabaseIsAway(t *testing.T) {
	for _, format := range []string{"jwt", "opaque"} {
		t.Run(format, func(t *testing.T) {
			h := newHouse(t)
			h.seed()
			h.admin("PATCH", "tenants/acme/clients/106", `{"token_format":"`+format+`"}`)
			token := h.issued()
			h.active(token)
			unread := h.issued()
			h.db.Close()
			response := h.revoke(token)
			if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
				t.Errorf("got %s, Retry-After %q", response.Status, response.Header.Get("Retry-After"))
			}
			if !h.active(token) {
				t.Error("the token is dead here although nobody else can know")
			}
			if response := h.revoke(unread); response.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("one that was not looked at before: %s", response.Status)
			}
		})
	}
}

// Who revokes a token again and again fills nothing.
func TestRevocationOfADeadTokenIsNotStored(t *testing.T) {
	h := newHouse(t)
	h.seed()
	token := h.issued()
	h.revoke(token)
	before := h.db.Queries()
	if response := h.revoke(token); response.StatusCode != http.StatusOK || h.db.Queries() != before {
		t.Errorf("%s after %d queries", response.Status, h.db.Queries()-before)
	}
}

func TestOpaqueTokenIsNotIssuedWhileTheDatabaseIsAway(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.opaque()
	h.issued()
	h.db.Close()
	if status := h.ask(); status != http.StatusServiceUnavailable {
		t.Errorf("got %d", status)
	}
}

// Class N: a token that was cut, extended or changed is none.
func TestClassNTextsThatAreNearlyAnOpaqueTokenAreInactive(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.opaque()
	token := h.issued()
	if !strings.HasPrefix(token, "gatehouse_at_") || len(token) != len("gatehouse_at_")+49 || !h.active(token) {
		t.Fatalf("issued %s", token)
	}
	before := h.db.Queries()
	for i := range len(token) - 1 {
		if h.active(token[:i+1]) {
			t.Errorf("cut to %d it is active", i+1)
		}
	}
	for i := range token {
		flipped := []byte(token)
		flipped[i] ^= 0x20
		if h.active(string(flipped)) {
			t.Errorf("with the case of letter %d flipped it is active", i)
		}
	}
	for _, other := range []string{token + "0", token + " ", " " + token, token + token, strings.ToLower(token), strings.ToUpper(token), strings.TrimPrefix(token, "gatehouse_at_")} {
		if h.active(other) {
			t.Errorf("%q is active", other)
		}
	}
	if queries := h.db.Queries() - before; queries > 0 {
		t.Errorf("guessing cost %d queries", queries)
	}
}

// Class R: what the database keeps of an opaque token opens nothing.
func TestClassROpaqueTokensAreStoredHashed(t *testing.T) {
	h, dump := houseWithDump(t)
	h.seed()
	h.opaque()
	token := h.issued()
	for _, entry := range h.logs.All() {
		for name, value := range entry.ContextMap() {
			if text, ok := value.(string); ok && strings.Contains(text, token) {
				t.Errorf("the log shows the token in %s", name)
			}
		}
	}
	kept := dump("opaque_tokens") + dump("audit_events") + dump("feed_events")
	if strings.Contains(kept, token[len("gatehouse_at_"):]) || !strings.Contains(kept, "https://api.acme.example") {
		t.Errorf("the database holds: %s", kept)
	}
}

// houseWithDump is newHouse, and a function that returns the rows of a table, or of
// all for "".
func houseWithDump(t *testing.T) (*house, func(table string) string) {
	t.Helper()
	address := storetest.URL(t)
	h := openHouse(t, storetest.OpenURL(t, address, store.Options{}), sealer(t), &clock{now: time.Now().UTC().Truncate(time.Second)})
	if _, err := h.service.Bootstrap(t.Context(), admin.BootstrapOptions{ClientID: operatorID, ClientSecret: operatorSecret}); err != nil {
		t.Fatal(err)
	}
	driver := "pgx"
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, address = "sqlite", path
	}
	raw, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close() })
	return h, func(table string) (text string) {
		if table != "" {
			return rowsOf(t, raw, table)
		}
		for _, name := range tablesOf(t, raw, driver) {
			text += name + "\n" + rowsOf(t, raw, name)
		}
		return text
	}
}

func tablesOf(t *testing.T, raw *sql.DB, driver string) (names []string) {
	t.Helper()
	query := "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
	if driver == "sqlite" {
		query = "SELECT name FROM sqlite_master WHERE type = 'table'"
	}
	rows, err := raw.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}

// rowsOf returns the rows of a table, a line each.
func rowsOf(t *testing.T, raw *sql.DB, table string) (text string) {
	t.Helper()
	rows, err := raw.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, pointers := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			pointers[i] = &values[i]
		}
		if err := rows.Scan(pointers...); err != nil {
			t.Fatal(err)
		}
		for i, value := range values {
			if octets, ok := value.([]byte); ok {
				value = string(octets) // as they are
			}
			text += fmt.Sprintf("%s=%v ", columns[i], value)
		}
		text += "\n"
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return text
}

// Introspecting a known token asks the database nothing, opaque or not.
func TestWarmIntrospectionMakesNoDatabaseQuery(t *testing.T) {
	h := newHouse(t)
	h.seed()
	for _, format := range []string{"jwt", "opaque"} {
		h.admin("PATCH", "tenants/acme/clients/106", `{"token_format":"`+format+`"}`)
		token := h.issued()
		h.active(token)
		before := h.db.Queries()
		if !h.active(token) {
			t.Error(format + ": dead")
		}
		if queries := h.db.Queries() - before; queries != 0 {
			t.Errorf("%s: %d queries", format, queries)
		}
	}
}

func TestRevocationsAndOpaqueTokensArePurgedOnceTheyHaveNoUse(t *testing.T) {
	h, dump := houseWithDump(t)
	h.seed()
	h.opaque()
	dead := h.issued()
	h.revoke(dead)
	h.admin("POST", "tenants/acme/tokens/revoke", `{"all":true}`)
	rows := func() int { return strings.Count(dump("opaque_tokens")+dump("revocations"), "tenant_id=") } // hashes may hold line ends
	purge := func() {
		t.Helper()
		if _, err := h.db.PurgeExpired(t.Context(), h.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if purge(); rows() != 3 {
		t.Fatalf("%d rows", rows())
	}
	h.clock.Advance(901 * time.Second)
	if purge(); rows() != 1 { // the order about all tokens
		t.Errorf("%d rows after the token expired", rows())
	}
	h.clock.Advance(oauth.MaxTokenLife)
	if purge(); rows() != 0 {
		t.Errorf("%d rows after every token expired", rows())
	}
}
