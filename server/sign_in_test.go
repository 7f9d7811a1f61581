package server_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// people furnishes a tenant with a client that may use passwords and API keys,
// and the user ann.
func (h *house) people(slug string) {
	h.t.Helper()
	h.admin("POST", "tenants", `{"slug":"`+slug+`","name":"People"}`)
	h.admin("POST", "tenants/"+slug+"/apis", `{"identifier":"https://api.`+slug+`.example","name":"API","scopes":[{"name":"data"},{"name":"reports"}]}`)
	h.admin("POST", "tenants/"+slug+"/clients", `{"client_id":"app","client_secret":"s3cret","name":"App","grant_types":["client_credentials","password","urn:gatehouse:params:oauth:grant-type:api-key"],"apis":[{"identifier":"https://api.`+slug+`.example"}]}`)
	h.admin("POST", "tenants/"+slug+"/users", `{"id":"u1","username":"Ann","email":"ann@acme.example","password":"correct horse"}`)
}

// signIn asks for a token by a password.
func (h *house) signIn(slug, username, password string) (*http.Response, map[string]any) {
	h.t.Helper()
	return h.post("/t/"+slug+"/oauth2/token", url.Values{
		"grant_type": {"password"}, "client_id": {"app"}, "client_secret": {"s3cret"}, "username": {username}, "password": {password},
	})
}

// Class M: nobody learns from an answer, nor from how long it takes, whether
// there is such a user.
func TestClassMUnknownUsersAreAnsweredLikeWrongPasswords(t *testing.T) {
	h := newHouse(t)
	h.people("acme")
	h.admin("POST", "tenants/acme/users", `{"id":"u2","username":"off","password":"correct horse","status":"disabled"}`)
	h.admin("POST", "tenants/acme/users", `{"id":"u3","username":"without"}`)
	h.admin("POST", "tenants/acme/users", `{"id":"u4","username":"imported","password_hash":"$2b$05$abcdefghijklmnopqrstuu.xPI0D/04JlWcnvHoilxCp1m8QXBO4O"}`)
	type outcome struct {
		status  string
		answer  string
		queries uint64
	}
	try := func(username, password string) outcome {
		before, began := h.db.Queries(), time.Now()
		response, answer := h.signIn("acme", username, password)
		if took := time.Since(began); took < failureFloor {
			t.Errorf("%s: answered after %v", username, took)
		}
		return outcome{response.Status, fmt.Sprint(answer), h.db.Queries() - before}
	}
	want := try("ann", "wrong horse")
	if want.status != "400 Bad Request" || !strings.Contains(want.answer, "invalid_grant") {
		t.Fatalf("a wrong password: %+v", want)
	}
	known := try("ann", "wrong horse") // the row that counts is there now
	if known.queries >= want.queries+2 {
		t.Errorf("%d queries and then %d", want.queries, known.queries)
	}
	for _, c := range [][2]string{
		{"nobody", "wrong horse"},
		{"off", "correct horse"},
		{"without", "correct horse"},
		{"imported", "wrong horse"},
		{"oauth_app", "correct horse"},
		{"ann\x00", "correct horse"},
		{"ann@acme.example", "correct horse"},
	} {
		got := try(c[0], c[1])
		if got.status != want.status || got.answer != want.answer {
			t.Errorf("%q: %+v, want %+v", c[0], got, want)
		}
		if strings.Contains(c[0], "\x00") { // which nobody can be called: there is nothing to find out
			continue
		}
		if again := try(c[0], c[1]); again.queries != known.queries {
			t.Errorf("%q costs %d queries, a wrong password %d", c[0], again.queries, known.queries)
		}
	}
	// All are counted, so that waiting tells nothing either, nor where somebody signs in.
	h.admin("POST", "tenants/acme/users", `{"id":"u5","username":"resident","password":"correct horse"}`)
	for i, username := range []string{"ann", "nobody", "off", "resident"} {
		h.behind = fmt.Sprint("198.51.100.", i+1) // as addresses are counted too
		if username == "resident" {
			if response, _ := h.signIn("acme", username, "correct horse"); response.StatusCode != http.StatusOK {
				t.Fatal(response.Status)
			}
		}
		status := 0
		for n := 0; n < tenants.AttemptsAllowed+1 && status != http.StatusTooManyRequests; n++ {
			response, _ := h.signIn("acme", username, "wrong horse")
			status = response.StatusCode
		}
		response, answer := h.signIn("acme", username, "correct horse")
		if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") != "60" || answer["error"] != "slow_down" {
			t.Errorf("%s after many failures: %s, Retry-After %s, %v", username, response.Status, response.Header.Get("Retry-After"), answer)
		}
	}
}

// Class M: one count for an account, over all its names and all nodes, however
// many guess at once.
func TestClassMParallelGuessesOnTwoNodesAreBounded(t *testing.T) {
	a, b := twoHouses(t)
	a.people("people")
	a.admin("PATCH", "tenants/people", `{"login_by_email":true}`)
	b.poll()
	var evaluated, blocked atomic.Int32
	var wg sync.WaitGroup
	names := []string{"Ann", "ANN", "ann@acme.example", "Ann@ACME.example"}
	for i := range 100 {
		wg.Go(func() {
			h := []*house{a, b}[i%2]
			for {
				response, _ := h.signIn("people", names[i%len(names)], fmt.Sprintf("guess no. %d", i))
				switch response.StatusCode {
				case http.StatusBadRequest:
					evaluated.Add(1)
				case http.StatusTooManyRequests:
					blocked.Add(1)
				case http.StatusServiceUnavailable:
					continue // too many at once: not looked at
				default:
					t.Error(response.Status)
				}
				return
			}
		})
	}
	wg.Wait()
	if evaluated.Load() != tenants.AttemptsAllowed || blocked.Load() != 100-tenants.AttemptsAllowed {
		t.Errorf("%d guesses were evaluated, %d refused", evaluated.Load(), blocked.Load())
	}
}

// Class M: who guesses blocks neither another tenant's account of the same name
// nor the user where the user signed in before, nor for ever.
func TestClassMGuessingLocksNobodyOut(t *testing.T) {
	h := newHouse(t)
	h.people("acme")
	h.people("other")
	ok := func(slug, address string) bool {
		h.behind = address
		response, _ := h.signIn(slug, "ann", "correct horse")
		return response.StatusCode == http.StatusOK
	}
	if !ok("acme", "198.51.100.7") || !ok("acme", "2001:db8:1:2::3") {
		t.Fatal("ann cannot sign in")
	}
	h.behind = "192.0.2.66"
	for range tenants.AttemptsAllowed {
		h.signIn("acme", "ann", "wrong horse")
	}
	for address, want := range map[string]bool{
		"192.0.2.66": false, "192.0.2.67": false, "2001:db8:1:3::3": false, "198.51.100.7": true, "2001:db8:1:2::4": true,
	} {
		if ok("acme", address) != want {
			t.Errorf("from %s: signed in is not %v", address, want)
		}
	}
	if !ok("other", "192.0.2.66") {
		t.Error("the other tenant's ann has to wait")
	}
	h.clock.Advance(tenants.FirstBlock)
	h.poll()
	if !ok("acme", "192.0.2.67") {
		t.Error("a new place has to wait past the block")
	}
}

// The reset keeps honest users from ever reaching the limit.
func TestRightPasswordForgetsTheFailuresBeforeIt(t *testing.T) {
	h := newHouse(t)
	h.people("acme")
	for range 3 {
		for range tenants.AttemptsAllowed - 1 {
			h.signIn("acme", "ann", "wrong horse")
		}
		if response, answer := h.signIn("acme", "ann", "correct horse"); response.StatusCode != http.StatusOK {
			t.Fatal(response.Status, answer)
		}
	}
}

// Class N: a storm of passwords is sent away before anything is hashed or
// counted, and keeps nobody out who has to do neither with its tenant nor its
// address.
func TestClassNStormOfPasswordsIsSentAway(t *testing.T) {
	h := newHouse(t)
	h.people("acme")
	h.people("people")
	tenant, err := h.db.Tenant(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	slot, err := h.hasher.Acquire(t.Context(), tenant.ID, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan int)
	for range 40 {
		go func() {
			response, _ := h.signIn("acme", "ann", "correct horse")
			if response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			done <- response.StatusCode
		}()
	}
	for range 40 - 16 { // 16 wait, the others need not
		if status := <-done; status != http.StatusServiceUnavailable {
			t.Errorf("answered %d", status)
		}
	}
	if status := h.machine("acme"); status != http.StatusOK {
		t.Errorf("a machine is answered %d", status)
	}
	if response, _ := h.signIn("people", "ann", "correct horse"); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("people of another tenant from the same address are answered %s", response.Status)
	}
	elsewhere := make(chan *http.Response)
	go func() {
		login := url.Values{"grant_type": {"password"}, "client_id": {"app"}, "client_secret": {"s3cret"}, "username": {"ann"}, "password": {"correct horse"}}
		elsewhere <- h.from(home, http.MethodPost, "/oauth2/token", "application/x-www-form-urlencoded", login.Encode())
	}()
	slot.Release()
	if response := <-elsewhere; response.StatusCode != http.StatusOK {
		t.Errorf("people of another tenant at another address are answered %s", response.Status)
	}
	for range 16 {
		if status := <-done; status != http.StatusOK {
			t.Errorf("who waited is answered %d", status)
		}
	}
}

func (h *house) machine(slug string) int {
	h.t.Helper()
	response, _ := h.post("/t/"+slug+"/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {"s3cret"}})
	return response.StatusCode
}

// Class N: passwords are read to their end, or refused before any work.
func TestClassNLongPasswords(t *testing.T) {
	h := newHouse(t)
	h.people("acme")
	long := strings.Repeat("x", 72)
	h.admin("POST", "tenants/acme/users", `{"id":"u2","username":"long","password":"`+long+`b"}`)
	h.admin("POST", "tenants/acme/users", `{"id":"u3","username":"brought","password_hash":"$2b$05$abcdefghijklmnopqrstuuGUnCqbfgs3htOkLrFduUjAyLBw1Rq/u"}`) // 72 times a
	bcrypt := strings.Repeat("a", 72)
	for _, c := range []struct {
		username, password string
		want               int
	}{
		{"long", long + "b", 200},
		{"long", long + "c", 400},
		{"long", long, 400},
		{"long", long + "bb", 400},
		{"brought", bcrypt + "b", 400},
		{"brought", bcrypt, 200},
		{"brought", bcrypt + "b", 400},
		{"long", strings.Repeat("x", 1025), 400},
		{"long", strings.Repeat("x", 1<<20), 413},
	} {
		before := h.db.Queries()
		response, answer := h.signIn("acme", c.username, c.password)
		if response.StatusCode != c.want {
			t.Errorf("%s with %d octets: %s %v", c.username, len(c.password), response.Status, answer)
		}
		if len(c.password) > 1024 && h.db.Queries() != before {
			t.Errorf("%d octets cost %d queries", len(c.password), h.db.Queries()-before)
		}
	}
}

func TestImportedHashIsMadeAnewOnTheFirstLogin(t *testing.T) {
	h := newHouse(t)
	h.people("acme")
	tenant, err := h.db.Tenant(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	hashes := []string{
		"$2b$05$abcdefghijklmnopqrstuu.xPI0D/04JlWcnvHoilxCp1m8QXBO4O",
		"$pbkdf2-sha256$29000$MDEyMzQ1Njc4OWFiY2RlZg$gipQ8GMHh2OZWBm7be1WOiiO5tkZLw1q9vozqsIw1Uc",
		"$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$o/tO4JhkTB+ZHjKqfcZKTg0y/u5LtYA/A8aaTu71LZ4",
	}
	for i, hash := range hashes {
		id := fmt.Sprintf("old%d", i)
		h.admin("POST", "tenants/acme/users", `{"id":"`+id+`","username":"`+id+`","password_hash":"`+hash+`"}`)
		stored := func() string {
			user, err := h.db.UserByID(t.Context(), tenant.ID, id)
			if err != nil {
				t.Fatal(err)
			}
			return user.PasswordHash
		}
		h.signIn("acme", id, "wrong horse")
		if stored() != hash {
			t.Errorf("%s: a wrong password changed the hash", id)
		}
		for range 2 {
			if response, answer := h.signIn("acme", id, "correct horse ä"); response.StatusCode != http.StatusOK {
				t.Errorf("%s: %s %v", id, response.Status, answer)
			}
			if !strings.HasPrefix(stored(), "$argon2id$v=19$m=64,t=1,p=1$") {
				t.Errorf("%s is kept as %s", id, stored())
			}
		}
	}
}

// A token for a person is in the audit log before it leaves; its text is not.
func TestTokensForPeopleAreAudited(t *testing.T) {
	h := newHouse(t)
	h.people("acme")
	_, answer := h.signIn("acme", "ann", "correct horse")
	token, _ := answer["access_token"].(string)
	_, page := h.do("GET", "/admin/v1/tenants/acme/audit-events?q=token.issue", "", "", h.token)
	items := page["items"].([]any)
	if len(items) != 1 {
		t.Fatalf("%d events", len(items))
	}
	event := items[0].(map[string]any)
	details := event["details"].(map[string]any)
	claims := h.claims(token)
	if event["target"] != "u1" || event["actor"] != "client:app@acme" || details["jti"] != claims["jti"] || details["grant_type"] != "password" || event["request_id"] == nil || event["address"] == nil {
		t.Errorf("event %v for claims %v", event, claims)
	}
	if strings.Contains(fmt.Sprint(page), token) || strings.Contains(fmt.Sprint(page), "horse") {
		t.Error("the log holds a secret")
	}
	if claims["sub"] != "u1" || claims["client_id"] != "app" || fmt.Sprint(claims["amr"]) != "[pwd]" || claims["auth_time"] == nil {
		t.Errorf("claims %v", claims)
	}
	if h.machine("acme") != http.StatusOK {
		t.Fatal("no token for a machine")
	}
	if _, page = h.do("GET", "/admin/v1/tenants/acme/audit-events?q=token.issue", "", "", h.token); len(page["items"].([]any)) != 1 {
		t.Error("tokens for machines are audited one by one")
	}
}

func TestPasswordGrantIsNeverAdvertised(t *testing.T) {
	h := newHouse(t)
	h.people("acme")
	h.admin("POST", "tenants/acme/clients", `{"client_id":"desk","name":"Desk","grant_types":["password","`+oauth.GrantUserAndClient+`"]}`)
	_, metadata := h.do("GET", "/t/acme/.well-known/oauth-authorization-server", "", "", "")
	listed := metadata["grant_types_supported"].([]any)
	if slices.Contains(listed, any("password")) || slices.Contains(listed, any(oauth.GrantUserAndClient)) || !slices.Contains(listed, any("client_credentials")) {
		t.Errorf("listed are %v", listed)
	}
}

// claims returns what a token says, unverified.
func (h *house) claims(token string) map[string]any {
	h.t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		h.t.Fatalf("no token: %q", token)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		h.t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		h.t.Fatal(err)
	}
	return claims
}
