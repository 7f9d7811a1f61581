package server_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/secrets"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

// renewable furnishes the tenant acme with ann and a client that may renew what
// she grants.
func (h *house) renewable() {
	h.t.Helper()
	h.people("acme")
	h.admin("PATCH", "tenants/acme/clients/app", `{"grant_types":["password","refresh_token"]}`)
}

// granted signs ann in and returns her refresh token.
func (h *house) granted() string {
	h.t.Helper()
	response, answer := h.signIn("acme", "ann", "correct horse")
	token, _ := answer["refresh_token"].(string)
	if response.StatusCode != http.StatusOK || token == "" {
		h.t.Fatalf("%s %v", response.Status, answer)
	}
	return token
}

// refresh uses a refresh token.
func (h *house) refresh(token string) (int, map[string]any) {
	h.t.Helper()
	response, answer := h.post("/t/acme/oauth2/token", url.Values{
		"grant_type": {"refresh_token"}, "client_id": {"app"}, "client_secret": {"s3cret"}, "refresh_token": {token},
	})
	return response.StatusCode, answer
}

// next uses a refresh token and returns the next one.
func (h *house) next(token string) string {
	h.t.Helper()
	status, answer := h.refresh(token)
	next, _ := answer["refresh_token"].(string)
	if status != http.StatusOK || next == "" || next == token {
		h.t.Fatalf("%d %v", status, answer)
	}
	return next
}

func (h *house) wantRefused(token, why string) {
	h.t.Helper()
	status, answer := h.refresh(token)
	if status != http.StatusBadRequest || answer["error"] != "invalid_grant" {
		h.t.Errorf("%s: %d %v", why, status, answer)
	}
}

// pair are two nodes on one database, furnished by furnish, and a clock of both.
func pair(t *testing.T, furnish func(*house)) (a, b *house) {
	t.Helper()
	first, second := storetest.OpenPair(t)
	c := &clock{now: time.Now().UTC().Truncate(time.Second)}
	a, b = openHouse(t, first, sealer(t), c), openHouse(t, second, sealer(t), c)
	if _, err := a.service.Bootstrap(t.Context(), admin.BootstrapOptions{ClientID: operatorID, ClientSecret: operatorSecret}); err != nil {
		t.Fatal(err)
	}
	furnish(a)
	b.poll()
	return a, b
}

// Class D: the same refresh token 32 times at once, on two nodes, has one
// successor, the same in every answer.
func TestClassDSameRefreshTokenAtOnceHasOneSuccessor(t *testing.T) {
	a, b := pair(t, (*house).renewable)
	token := a.granted()
	for round := range rounds() {
		const times = 32
		statuses, tokens, access := [times]int{}, [times]string{}, map[any]bool{}
		var mu sync.Mutex
		var wait sync.WaitGroup
		start := make(chan struct{})
		for i := range times {
			wait.Go(func() {
				<-start
				status, answer := []*house{a, b}[i%2].refresh(token)
				statuses[i], tokens[i] = status, fmt.Sprint(answer["refresh_token"])
				mu.Lock()
				defer mu.Unlock()
				access[answer["access_token"]] = true
			})
		}
		close(start)
		wait.Wait()
		for i := range times {
			if statuses[i] != http.StatusOK || tokens[i] != tokens[0] || tokens[i] == token {
				t.Fatalf("round %d: %d with another token or none", round, statuses[i])
			}
		}
		if len(access) != times {
			t.Errorf("round %d: %d access tokens", round, len(access))
		}
		token = tokens[0]
	}
}

// Class D: a second use that comes at once with the successor's first: whoever
// is first, no two tokens of a family live on.
func TestClassDReuseAgainstTheSuccessorLeavesOneLiveTokenAtMost(t *testing.T) {
	a, b := pair(t, (*house).renewable)
	for range 5 {
		first := a.granted()
		second := a.next(first)
		var wait sync.WaitGroup
		results := [2]map[string]any{}
		for i, use := range []func() (int, map[string]any){
			func() (int, map[string]any) { return a.refresh(first) },
			func() (int, map[string]any) { return b.refresh(second) },
		} {
			wait.Go(func() { _, results[i] = use() })
		}
		wait.Wait()
		if got, ok := results[0]["refresh_token"]; ok && got != second {
			t.Errorf("the old token got a successor of its own")
		}
		third, _ := results[1]["refresh_token"].(string)
		if _, reused := results[0]["error"]; reused && third != "" {
			b.wantRefused(third, "the successor's successor after a second use")
		}
		if third != "" {
			a.wantRefused(first, "the old token after its successor's use")
			b.wantRefused(third, "after that")
		}
	}
}

// Class D: what was used before is known on every node and after a restart.
func TestClassDReuseIsKnownOnOtherNodesAndAfterARestart(t *testing.T) {
	database := storetest.URL(t)
	c := &clock{now: time.Now().UTC().Truncate(time.Second)}
	open := func() (*house, *store.DB) {
		db, err := store.Open(t.Context(), database, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return openHouse(t, db, sealer(t), c), db
	}
	h, db := open()
	if _, err := h.service.Bootstrap(t.Context(), admin.BootstrapOptions{ClientID: operatorID, ClientSecret: operatorSecret}); err != nil {
		t.Fatal(err)
	}
	h.renewable()
	first, retried := h.granted(), h.granted()
	second := h.next(first)
	third := h.next(second)
	successor := h.next(retried)
	h.http.Close()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	h, db = open()
	if got := h.next(retried); got != successor {
		t.Error("a retry after a restart got another successor")
	}
	h.wantRefused(first, "used before the restart")
	h.wantRefused(second, "its successor")
	h.wantRefused(third, "the newest of the family")
	if got := h.next(successor); got == "" {
		t.Error("another family ended, too")
	}
	h.http.Close()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// Class D: when the database fails in the middle the token works afterwards.
func TestClassDDatabaseErrorBurnsNothing(t *testing.T) {
	address := storetest.URL(t)
	c := &clock{now: time.Now().UTC().Truncate(time.Second)}
	h := openHouse(t, storetest.OpenURL(t, address, store.Options{}), sealer(t), c)
	if _, err := h.service.Bootstrap(t.Context(), admin.BootstrapOptions{ClientID: operatorID, ClientSecret: operatorSecret}); err != nil {
		t.Fatal(err)
	}
	h.renewable()
	token := h.granted()
	impatient := openHouse(t, storetest.OpenURL(t, address, store.Options{Timeout: 300 * time.Millisecond}), sealer(t), c)
	unlock := lockDatabase(t, address)
	response, answer := impatient.post("/t/acme/oauth2/token", url.Values{
		"grant_type": {"refresh_token"}, "client_id": {"app"}, "client_secret": {"s3cret"}, "refresh_token": {token},
	})
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" || answer["refresh_token"] != nil {
		t.Errorf("while nobody can write: %s %v", response.Status, answer)
	}
	unlock()
	h.clock.Advance(time.Hour) // much longer than the grace
	h.poll()
	token = h.next(token)

	_, raw := connect(t, address)
	for _, table := range []string{"audit_events", "first_uses"} {
		h.clock.Advance(time.Hour) // so that the audit row of another hour is due
		h.poll()
		execute(t, raw, "ALTER TABLE "+table+" RENAME TO away")
		if status, answer := h.refresh(token); status != http.StatusInternalServerError || answer["refresh_token"] != nil {
			t.Errorf("without %s: %d %v", table, status, answer)
		}
		execute(t, raw, "ALTER TABLE away RENAME TO "+table)
		h.clock.Advance(time.Hour)
		h.poll()
		token = h.next(token)
	}
}

// Class F: what happens to a user is in force on the other node after its next
// poll, and a second use ends access tokens there.
func TestClassFRefreshOnTheOtherNodeAfterItsPoll(t *testing.T) {
	a, b := pair(t, (*house).renewable)
	token := b.next(a.granted())
	a.admin("PATCH", "tenants/acme/users/u1", `{"status":"disabled"}`)
	b.poll()
	b.wantRefused(token, "a disabled user")
	a.admin("PATCH", "tenants/acme/users/u1", `{"status":"active"}`)
	b.poll()
	first := b.granted()
	_, answer := a.refresh(first)
	second := answer["refresh_token"].(string)
	b.next(second)
	if !b.isActive(answer["access_token"]) {
		t.Fatal("a good token is not active: the test would show nothing")
	}
	a.wantRefused(first, "a second use")
	b.poll()
	if b.isActive(answer["access_token"]) {
		t.Error("an access token of an ended family is active")
	}
	b.next(token) // another family
}

// isActive asks whether an access token is good.
func (h *house) isActive(token any) bool {
	h.t.Helper()
	_, answer := h.post("/t/acme/oauth2/introspect", url.Values{"client_id": {"app"}, "client_secret": {"s3cret"}, "token": {fmt.Sprint(token)}})
	return answer["active"] == true
}

// Class N: a token that was cut, extended or changed is none.
func TestClassNChangedRefreshTokenIsNone(t *testing.T) {
	h := newHouse(t)
	h.renewable()
	token := h.granted()
	if !regexp.MustCompile("^" + grants.RefreshPattern + "$").MatchString(token) {
		t.Errorf("a refresh token is not of its pattern")
	}
	changed := []string{token + "0", token + " ", strings.ToUpper(token), strings.ToLower(token), strings.TrimPrefix(token, "gatehouse_rt_"), token + token}
	for n := 1; n < len(token); n += 7 {
		changed = append(changed, token[:len(token)-n])
	}
	for i := 0; i < len(token); i += 5 {
		other := byte('0')
		if token[i] == other {
			other = '1'
		}
		changed = append(changed, token[:i]+string(other)+token[i+1:])
	}
	before := h.db.Queries()
	for _, text := range changed {
		if text != token {
			h.wantRefused(text, fmt.Sprintf("%d characters", len(text)))
		}
	}
	if queries := h.db.Queries() - before; queries != 0 {
		t.Errorf("look-alikes cost %d queries", queries)
	}
	stranger := secrets.New(token[:strings.LastIndexByte(token, '_')+1])
	h.wantRefused(stranger, "one that nobody was given")
	if response, answer := h.post("/t/acme/oauth2/revoke", url.Values{"client_id": {"app"}, "client_secret": {"s3cret"}, "token": {stranger}}); response.StatusCode != http.StatusOK {
		t.Errorf("to revoke one that nobody was given: %s %v", response.Status, answer)
	}
	h.next(token)
}

// Class R: neither the log nor the database holds a token, nor a plain hash.
func TestClassRRefreshTokensAreKeptNowhere(t *testing.T) {
	h, dump := houseWithDump(t)
	h.renewable()
	first := h.granted()
	second := h.next(first)
	h.wantRefused(second+"x", "another text")
	for _, entry := range h.logs.TakeAll() {
		if text := fmt.Sprint(entry.ContextMap()); strings.Contains(text, "gatehouse_rt_") {
			t.Errorf("the log has a refresh token: %s", text)
		}
	}
	kept := dump("audit_events") + dump("feed_events") + dump("refresh_families") + dump("refresh_tokens")
	if !strings.Contains(kept, "u1") {
		t.Fatal("the dump is empty")
	}
	for _, token := range []string{first, second} {
		hash := sha256.Sum256([]byte(token))
		for name, secret := range map[string]string{"the token": token[len(token)-49:], "its hash": string(hash[:]), "its hash, encoded": base64.RawURLEncoding.EncodeToString(hash[:])} {
			if strings.Contains(kept, secret) {
				t.Errorf("the database has %s", name)
			}
		}
	}
}

// lockDatabase keeps everybody from spending refresh tokens until unlock.
func lockDatabase(t *testing.T, address string) (unlock func()) {
	t.Helper()
	driver, conn := connect(t, address)
	lock := "BEGIN IMMEDIATE"
	if driver == "pgx" {
		lock = "BEGIN; LOCK TABLE refresh_tokens IN EXCLUSIVE MODE"
	}
	execute(t, conn, lock)
	return func() { execute(t, conn, "ROLLBACK") }
}

// connect returns a connection past the store, and its driver.
func connect(t *testing.T, address string) (driver string, conn *sql.Conn) {
	t.Helper()
	driver = "pgx"
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, address = "sqlite", path
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	if conn, err = db.Conn(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); db.Close() })
	return driver, conn
}

func execute(t *testing.T, conn *sql.Conn, statement string) {
	t.Helper()
	if _, err := conn.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
