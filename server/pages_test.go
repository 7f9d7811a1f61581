package server_test

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// person is somebody with a browser at the pages of a tenant's own host.
type person struct {
	*house
	host   string
	cookie string
	form   string // the form_token of the last page
	page   string
}

// tellies makes a tenant of that host and slug with two users, a client for
// devices and one for pages, all public.
func (h *house) tellies(slug, host string) {
	h.t.Helper()
	h.admin("POST", "tenants", `{"slug":"`+slug+`","name":"`+slug+`","hosts":["`+host+`"]}`)
	h.admin("POST", "tenants/"+slug+"/users", `{"id":"u-ann","username":"ann","password":"correct horse"}`)
	h.admin("POST", "tenants/"+slug+"/users", `{"id":"u-bob","username":"bob","password":"correct horse"}`)
	h.admin("POST", "tenants/"+slug+"/clients", `{"client_id":"tv","name":"Telly","token_endpoint_auth_method":"none","grant_types":["`+oauth.GrantDeviceCode+`"]}`)
	h.admin("POST", "tenants/"+slug+"/clients", `{"client_id":"shop","name":"Shop","token_endpoint_auth_method":"none","grant_types":["`+oauth.GrantSession+`"],"allowed_origins":["https://shop.example"]}`)
}

// send makes a request as the person's browser would and returns the answer.
func (p *person) send(method, path string, form url.Values, header ...string) *http.Response {
	p.t.Helper()
	request, err := http.NewRequest(method, p.http.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Host = p.host
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", "http://"+p.host)
	}
	if p.cookie != "" {
		request.Header.Set("Cookie", p.cookie)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Del(header[i])
		if header[i+1] != "" {
			request.Header.Set(header[i], header[i+1])
		}
	}
	response, err := p.roundTrip(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	p.page = string(body)
	if cookies := response.Cookies(); len(cookies) == 1 {
		p.cookie = cookies[0].Name + "=" + cookies[0].Value
	}
	if found := regexp.MustCompile(`name="form_token" value="([^"]+)"`).FindStringSubmatch(p.page); found != nil {
		p.form = html.UnescapeString(found[1])
	}
	return response
}

// visitor signs in at a tenant's host.
func (h *house) visitor(host, username string) *person {
	h.t.Helper()
	p := &person{house: h, host: host}
	if r := p.send("POST", "/sign-in", url.Values{"username": {username}, "password": {"correct horse"}}); r.StatusCode != http.StatusSeeOther {
		h.t.Fatalf("%s cannot sign in: %s %s", username, r.Status, p.page)
	}
	p.send("GET", "/device", nil)
	return p
}

// device asks for codes as the client tv.
func (p *person) device() (deviceCode, userCode string) {
	p.t.Helper()
	answer := p.json("/oauth2/device_authorization", url.Values{"client_id": {"tv"}})
	return fmt.Sprint(answer["device_code"]), fmt.Sprint(answer["user_code"])
}

// enter types a user code and returns the id of the request that the page shows.
func (p *person) enter(userCode string) (status int, request string) {
	p.t.Helper()
	response := p.send("POST", "/device", url.Values{"user_code": {userCode}, "form_token": {p.form}})
	if found := regexp.MustCompile(`name="request" value="([^"]+)"`).FindStringSubmatch(p.page); found != nil {
		request = found[1]
	}
	return response.StatusCode, request
}

func (p *person) decide(request, decision string) int {
	p.t.Helper()
	return p.send("POST", "/device/decision", url.Values{"request": {request}, "decision": {decision}, "form_token": {p.form}}).StatusCode
}

// redeem polls on any node of the tenant's.
func (p *person) redeem(node *house, deviceCode string) (int, string) {
	p.t.Helper()
	other := &person{house: node, host: p.host}
	response := other.send("POST", "/oauth2/token", url.Values{"grant_type": {oauth.GrantDeviceCode}, "client_id": {"tv"}, "device_code": {deviceCode}})
	return response.StatusCode, other.page
}

// Class L: five wrong codes of a session or an address are looked at, on all
// nodes together, also if the sixth is right.
func TestClassLUserCodesAreNotGuessed(t *testing.T) {
	a, b := twoHouses(t)
	a.tellies("tele", "tele.example")
	a.tellies("globex", "globex.example")
	b.poll()
	ann := a.visitor("tele.example", "ann")
	_, code := ann.device()
	for n, typed := range []string{"BBBB-BBBB", "AAAA-AAAA", "short", "", "BBBB-BBBC"} {
		if status, _ := ann.enter(typed); status != http.StatusBadRequest {
			t.Errorf("guess %d: %d", n+1, status)
		}
	}
	onB := *ann
	onB.house = b
	for _, p := range []*person{ann, &onB} {
		status, request := p.enter(code)
		if status != http.StatusTooManyRequests || request != "" {
			t.Errorf("the right code after five wrong ones: %d %s", status, p.page)
		}
	}
	// Another session does not help at the same address, another tenant is not touched.
	again := a.visitor("tele.example", "bob")
	if status, _ := again.enter(code); status != http.StatusTooManyRequests {
		t.Errorf("a new session at the same address: %d", status)
	}
	other := a.visitor("globex.example", "ann")
	_, elsewhere := other.device()
	if status, _ := other.enter(elsewhere); status != http.StatusOK {
		t.Errorf("at another tenant: %d", status)
	}
	a.clock.Advance(tenants.DeviceGuessesAfter)
	a.poll()
	_, code = ann.device()
	if status, _ := ann.enter(strings.ToLower(strings.ReplaceAll(code, "-", " "))); status != http.StatusOK {
		t.Errorf("after a while: %d %s", status, ann.page)
	}
}

// Class L (CVE-2026-45337): only the session that has entered a code decides, by
// a form of its own, once.
func TestClassLOnlyTheSessionThatEnteredTheCodeDecides(t *testing.T) {
	h := newHouse(t)
	h.tellies("acme", "acme.example")
	h.tellies("globex", "globex.example")
	ann, bob := h.visitor("acme.example", "ann"), h.visitor("acme.example", "bob")
	foreign := h.visitor("globex.example", "ann")
	deviceCode, userCode := ann.device()
	_, request := ann.enter(userCode)
	if request == "" {
		t.Fatalf("no request on the page: %s", ann.page)
	}
	if status, _ := bob.enter(userCode); status != http.StatusBadRequest {
		t.Errorf("a code that another one has entered: %d", status)
	}
	if status, _ := foreign.enter(userCode); status != http.StatusBadRequest {
		t.Errorf("at another tenant: %d", status)
	}
	for name, p := range map[string]*person{"another user": bob, "another tenant": foreign} {
		if status := p.decide(request, "approve"); status != http.StatusBadRequest {
			t.Errorf("%s approves: %d", name, status)
		}
	}
	second := h.visitor("acme.example", "ann")
	if status := second.decide(request, "approve"); status != http.StatusBadRequest {
		t.Errorf("another session of the user's approves: %d", status)
	}
	stolen := *ann
	stolen.form = bob.form
	if status := stolen.decide(request, "approve"); status != http.StatusForbidden {
		t.Errorf("the form token of another session: %d", status)
	}
	if r := ann.send("POST", "/device/decision", url.Values{"request": {request}, "decision": {"approve"}, "form_token": {ann.form}},
		"Origin", "https://evil.example"); r.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %s", r.Status)
	}
	if status, _ := ann.redeem(h, deviceCode); status != http.StatusBadRequest {
		t.Fatalf("a token without approval: %d", status)
	}
	ann.send("GET", "/device", nil)
	if status := ann.decide(request, "approve"); status != http.StatusSeeOther {
		t.Fatalf("approval: %d %s", status, ann.page)
	}
	for _, decision := range []string{"approve", "deny"} {
		ann.send("GET", "/device", nil)
		if status := ann.decide(request, decision); status != http.StatusBadRequest {
			t.Errorf("a second decision, %s: %d", decision, status)
		}
	}
	if status, page := ann.redeem(h, deviceCode); status != http.StatusOK {
		t.Errorf("after approval: %d %s", status, page)
	}
}

// Class C: an approved device_code is good for one token among 32 polls at once
// on two nodes.
func TestClassCDeviceCodeHasOneWinner(t *testing.T) {
	a, b := twoHouses(t)
	a.tellies("tele", "tele.example")
	b.poll()
	ann := a.visitor("tele.example", "ann")
	ann.redeemOnce(t, rounds(), []*house{a, b}, func() func(*house) (int, string) {
		a.clock.Advance(6 * time.Second) // for the next device of this address
		a.poll()
		b.poll()
		deviceCode, userCode := ann.device()
		_, request := ann.enter(userCode)
		if status := ann.decide(request, "approve"); status != http.StatusSeeOther {
			t.Fatalf("approval: %d %s", status, ann.page)
		}
		ann.send("GET", "/device", nil)
		return func(node *house) (int, string) { return ann.redeem(node, deviceCode) }
	})
}

// Class C: a proof of the session exchange is good for one token among 32 at
// once on two nodes.
func TestClassCSessionProofHasOneWinner(t *testing.T) {
	a, b := twoHouses(t)
	a.tellies("tele", "tele.example")
	b.poll()
	ann := a.visitor("tele.example", "ann")
	ann.redeemOnce(t, rounds(), []*house{a, b}, func() func(*house) (int, string) {
		proof := ann.json("/oauth2/session_proof", url.Values{"client_id": {"shop"}})["session_proof"]
		return func(node *house) (int, string) {
			p := &person{house: node, host: ann.host, cookie: ann.cookie}
			response := p.send("POST", "/oauth2/token", url.Values{"grant_type": {oauth.GrantSession}, "client_id": {"shop"}, "session_proof": {fmt.Sprint(proof)}})
			return response.StatusCode, p.page
		}
	})
}

// rounds is how often a race is run: on SQLite both nodes share one file, and
// writers wait for each other.
func rounds() int {
	if storetest.IsPostgres() {
		return 50
	}
	return 3
}

func (p *person) redeemOnce(t *testing.T, rounds int, nodes []*house, fresh func() func(*house) (int, string)) {
	t.Helper()
	for round := range rounds {
		redeem := fresh()
		var won, lost atomic.Int64
		var wait sync.WaitGroup
		for i := range 32 {
			wait.Go(func() {
				switch status, answer := redeem(nodes[i%len(nodes)]); {
				case status == http.StatusOK:
					won.Add(1)
				case status == http.StatusBadRequest && strings.Contains(answer, `"invalid_grant"`):
					lost.Add(1)
				default:
					t.Errorf("%d %s", status, answer)
				}
			})
		}
		wait.Wait()
		if won.Load() != 1 || lost.Load() != 31 {
			t.Fatalf("round %d: %d won, %d lost", round, won.Load(), lost.Load())
		}
	}
}

// Class K (CVE-2026-7507, CVE-2024-28197): the cookie that a browser had before
// signing in is worth nothing afterwards.
func TestClassKSessionIsRenewedAtSignIn(t *testing.T) {
	h := newHouse(t)
	h.tellies("acme", "acme.example")
	ann := h.visitor("acme.example", "ann")
	before := *ann
	fixed := "gatehouse-x=gatehouse_session_chosen"
	planted := &person{house: h, host: "acme.example", cookie: fixed}
	planted.send("POST", "/sign-in", url.Values{"username": {"ann"}, "password": {"correct horse"}})
	if planted.cookie == fixed {
		t.Error("a planted cookie is kept")
	}
	ann.send("POST", "/sign-in", url.Values{"username": {"bob"}, "password": {"correct horse"}})
	if ann.cookie == before.cookie {
		t.Error("the cookie is the same after signing in again")
	}
	if before.isIn() {
		t.Error("the old session lives on")
	}
	if !ann.isIn() {
		t.Error("the new session does not work")
	}
}

// isIn reports whether the cookie is that of somebody who is signed in.
func (p *person) isIn() bool {
	p.t.Helper()
	return p.send("GET", "/device", nil).StatusCode == http.StatusOK
}

func TestClassFSessionsEnd(t *testing.T) {
	h := newHouse(t)
	h.tellies("acme", "acme.example")
	h.tellies("globex", "globex.example")
	idle, busy := h.visitor("acme.example", "ann"), h.visitor("acme.example", "ann")
	foreign := *idle
	foreign.host = "globex.example"
	if foreign.isIn() {
		t.Error("a session works at another tenant")
	}
	for range 8 {
		h.clock.Advance(time.Hour - time.Second)
		h.poll()
		if !busy.isIn() {
			t.Fatal("a session in use ended")
		}
	}
	if !idle.isIn() {
		t.Error("a session ended before its time")
	}
	h.clock.Advance(tenants.SessionIdle)
	h.poll()
	if idle.isIn() || busy.isIn() {
		t.Error("an idle session lives on")
	}
	busy = h.visitor("acme.example", "ann")
	for range 23 {
		h.clock.Advance(time.Hour)
		h.poll()
		if !busy.isIn() {
			t.Fatal("a session in use ended")
		}
	}
	h.clock.Advance(time.Hour)
	h.poll()
	if busy.isIn() {
		t.Error("a session lives longer than a day")
	}
	off := h.visitor("acme.example", "bob")
	h.admin("PATCH", "tenants/acme/users/u-bob", `{"status":"disabled"}`)
	if off.isIn() {
		t.Error("the session of a disabled user lives on")
	}
	gone := h.visitor("acme.example", "ann")
	h.admin("DELETE", "tenants/acme/users/u-ann", "")
	if gone.isIn() {
		t.Error("the session of a deleted user lives on")
	}
}

// Class J: nothing that anybody sends or a tenant is called becomes markup, no
// page may be framed or read by another site, and nobody is sent elsewhere.
func TestClassJPagesHoldNothingForeign(t *testing.T) {
	h := newHouse(t)
	h.tellies("acme", "acme.example")
	h.admin("PATCH", "tenants/acme", `{"name":"</title><script>alert(1)</script>"}`)
	const evil = `"><script>alert(2)</script>`
	p := &person{house: h, host: "acme.example"}
	ann := h.visitor("acme.example", "ann")
	check := func(what string, r *http.Response, page string) {
		t.Helper()
		if strings.Contains(page, "<script") || strings.Contains(page, "evil.example") {
			t.Errorf("%s: %s", what, page)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY", "Access-Control-Allow-Origin": ""} {
			if r.StatusCode != http.StatusSeeOther && r.Header.Get(name) != want {
				t.Errorf("%s: %s is %q", what, name, r.Header.Get(name))
			}
		}
		policy := r.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %s", what, policy)
		}
		if to := r.Header.Get("Location"); to != "" && !regexp.MustCompile(`^/(sign-in|device)(\?[A-Za-z0-9=_&-]+)?$`).MatchString(to) {
			t.Errorf("%s: sent to %s", what, to)
		}
	}
	for _, to := range []string{"https://evil.example", "//evil.example", `\\evil.example`, "device/../..", "javascript:alert(1)", "device#x", evil} {
		query := url.Values{"to": {to}, "user_code": {evil}, "return_to": {to}, "next": {to}}
		check("sign-in page, to "+to, p.send("GET", "/sign-in?"+query.Encode(), nil, "Origin", "https://evil.example"), p.page)
		form := url.Values{"to": {to}, "user_code": {to}, "username": {evil}, "password": {"wrong"}}
		check("wrong password, to "+to, p.send("POST", "/sign-in", form), p.page)
		form.Set("username", "ann")
		form.Set("password", "correct horse")
		check("right password, to "+to, p.send("POST", "/sign-in", form), p.page)
		p.cookie = ""
		check("device page, not signed in", p.send("GET", "/device?"+url.Values{"user_code": {to}, "done": {evil}}.Encode(), nil), p.page)
		check("device page", ann.send("GET", "/device?"+url.Values{"user_code": {to}, "done": {evil}}.Encode(), nil), ann.page)
		check("wrong code", ann.send("POST", "/device", url.Values{"user_code": {evil}, "form_token": {ann.form}}), ann.page)
		ann.send("GET", "/device", nil)
	}
	if r := p.send("GET", "/sign-in", nil); r.StatusCode != http.StatusOK {
		t.Error(r.Status)
	}
	for _, color := range []string{"red", "#12345", "#1234567", "#12345g", "url(x)", "#123456;}", "</style>"} {
		response, _ := h.do("PATCH", "/admin/v1/tenants/acme", "application/json", `{"brand_color":"`+color+`"}`, h.token)
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("colour %s: %s", color, response.Status)
		}
	}
}

// Signing in from another site's page is refused, so that nobody is signed in as
// somebody else without noticing.
func TestClassJFormsOfOtherSitesAreRefused(t *testing.T) {
	h := newHouse(t)
	h.tellies("acme", "acme.example")
	p := &person{house: h, host: "acme.example"}
	form := url.Values{"username": {"ann"}, "password": {"correct horse"}}
	for _, header := range [][]string{
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
		{"Origin", "http://globex.example"},
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
	} {
		if r := p.send("POST", "/sign-in", form, header...); r.StatusCode != http.StatusForbidden || p.cookie != "" {
			t.Errorf("%s: %s", header, r.Status)
		}
	}
	ann := h.visitor("acme.example", "ann")
	if r := ann.send("POST", "/sign-out", nil); r.StatusCode != http.StatusForbidden || !ann.isIn() {
		t.Errorf("signed out without a form token: %s", r.Status)
	}
}

// Class M: who guesses at the page is slowed down by the same count as at the
// token endpoint, and by address.
func TestClassMPageAndPasswordGrantCountTogether(t *testing.T) {
	h := newHouse(t)
	h.people("people")
	h.admin("PATCH", "tenants/people", `{"hosts":["people.example"]}`)
	p := &person{house: h, host: "people.example"}
	for range tenants.AttemptsAllowed / 2 {
		h.signIn("people", "ann", "wrong horse")
		if r := p.send("POST", "/sign-in", url.Values{"username": {"ann"}, "password": {"wrong horse"}}); r.StatusCode != http.StatusBadRequest {
			t.Errorf("wrong password: %s", r.Status)
		}
	}
	r := p.send("POST", "/sign-in", url.Values{"username": {"ann"}, "password": {"correct horse"}})
	if r.StatusCode != http.StatusTooManyRequests || r.Header.Get("Retry-After") == "" || p.cookie != "" {
		t.Errorf("after %d failures: %s", tenants.AttemptsAllowed, r.Status)
	}
	for n := 0; n < 2*failuresOfAnAddress && r.StatusCode != 0; n++ {
		r = p.send("POST", "/sign-in", url.Values{"username": {fmt.Sprint("nobody", n)}, "password": {"wrong horse"}})
		if r.StatusCode == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("an address may try any number of names")
}

// json posts a form to an endpoint of the tenant's and returns its answer.
func (p *person) json(path string, form url.Values) map[string]any {
	p.t.Helper()
	response := p.send("POST", path, form)
	answer := decoded(p.t, p.page)
	if response.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %s %v", path, response.Status, answer)
	}
	return answer
}

func decoded(t testing.TB, text string) (answer map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return answer
}
