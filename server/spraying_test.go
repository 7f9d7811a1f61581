package server_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Addresses of these tests: one from which somebody tries one password on many
// names, and one where people are at home.
const sprayer, home = "192.0.2.66", "198.51.100.7"

// How many wrong passwords of one address are looked at, and how many wrong secrets
// of a client.
const failuresOfAnAddress, failuresOfAClient = 100, 20

// doors are all ways by which a tenant's people give a password.
func (h *house) doors() map[string]func(address, username, password string) *http.Response {
	h.t.Helper()
	h.people("people")
	h.admin("PATCH", "tenants/people", `{"dialects":["dynamicweb-delivery","ocapi"]}`)
	h.admin("POST", "tenants/people/clients", `{"client_id":"spa","name":"SPA","token_endpoint_auth_method":"none","grant_types":["password"]}`)
	form := func(path string, with url.Values) func(address, username, password string) *http.Response {
		return func(address, username, password string) *http.Response {
			with := url.Values(http.Header(with).Clone())
			with.Set("username", username)
			with.Set("password", password)
			return h.from(address, http.MethodPost, path, "application/x-www-form-urlencoded", with.Encode())
		}
	}
	return map[string]func(address, username, password string) *http.Response{
		"a client with a secret": form("/oauth2/token", url.Values{"grant_type": {"password"}, "client_id": {"app"}, "client_secret": {"s3cret"}}),
		"a public client":        form("/oauth2/token", url.Values{"grant_type": {"password"}, "client_id": {"spa"}}),
		"the sign-in page":       form("/sign-in", url.Values{}),
		"ocapi":                  form("/dwsso/oauth2/access_token", url.Values{"grant_type": {"password"}, "client_id": {"app"}, "client_secret": {"s3cret"}}),
		"dynamicweb-delivery": func(address, username, password string) *http.Response {
			return h.from(address, http.MethodPost, "/dwapi/users/authenticate", "application/json", fmt.Sprintf(`{"username":%q,"password":%q}`, username, password))
		},
		"dynamicweb-delivery, GET": func(address, username, password string) *http.Response {
			query := url.Values{"userName": {username}, "password": {password}}
			return h.from(address, http.MethodGet, "/dwapi/users/authenticate?"+query.Encode(), "", "")
		},
	}
}

// from makes a request to the tenant people as one that comes from the address.
func (h *house) from(address, method, path, contentType, body string) *http.Response {
	request, err := http.NewRequest(method, h.http.URL+"/t/people"+path, strings.NewReader(body))
	if err != nil {
		h.t.Error(err)
		return &http.Response{}
	}
	request.Host = "gatehouse.example"
	request.Header.Set("X-Forwarded-For", address)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(proxyAddress)}}
	transport := &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		h.t.Error(err)
		return &http.Response{}
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response
}

// isIn reports whether an answer is that to a right password.
func isIn(r *http.Response) bool {
	return r.StatusCode == http.StatusOK || r.StatusCode == http.StatusSeeOther
}

// Class M: one password on many names is throttled by address, and nobody else
// has to wait for it.
func TestClassMSprayingIsThrottledByAddress(t *testing.T) {
	h := newHouse(t)
	door := h.doors()["a public client"]
	for n := range failuresOfAnAddress {
		if r := door(sprayer, fmt.Sprint("name", n), "Summer2026!"); r.StatusCode != http.StatusBadRequest {
			t.Fatalf("name %d: %s", n, r.Status)
		}
	}
	for _, username := range []string{"ann", "nobody", "ann@acme.example"} {
		r := door(sprayer, username, "correct horse")
		if r.StatusCode != http.StatusTooManyRequests || r.Header.Get("Retry-After") != "6" {
			t.Errorf("%s, after %d failures of other names: %s, Retry-After %s", username, failuresOfAnAddress, r.Status, r.Header.Get("Retry-After"))
		}
	}
	slot, err := h.hasher.Acquire(t.Context()) // the only one
	if err != nil {
		t.Fatal(err)
	}
	if r := door(sprayer, "nobody", "Summer2026!"); r.StatusCode != http.StatusTooManyRequests {
		t.Errorf("who has to wait takes a slot: %s", r.Status)
	}
	slot.Release()
	if !isIn(door(home, "ann", "correct horse")) {
		t.Error("ann has to wait at home")
	}
	h.clock.Advance(6 * time.Second)
	if r := door(sprayer, "one more", "Summer2026!"); r.StatusCode != http.StatusBadRequest {
		t.Errorf("no name is looked at after the wait: %s", r.Status)
	}
	if r := door(sprayer, "and one more", "Summer2026!"); r.StatusCode != http.StatusTooManyRequests {
		t.Errorf("two names are looked at after the wait for one: %s", r.Status)
	}
}

// Class M: all doors count together, and all refuse.
func TestClassMSprayingAtAllDoorsIsOneCount(t *testing.T) {
	h := newHouse(t)
	doors := h.doors()
	for n := 0; n < failuresOfAnAddress; {
		for _, door := range doors {
			if n++; n <= failuresOfAnAddress {
				door(sprayer, fmt.Sprint("name", n), "Summer2026!")
			}
		}
	}
	for name, door := range doors {
		if r := door(sprayer, "nobody", "Summer2026!"); r.StatusCode != http.StatusTooManyRequests {
			t.Errorf("%s: %s", name, r.Status)
		}
		if !isIn(door(home, "ann", "correct horse")) {
			t.Errorf("%s: ann has to wait at home", name)
		}
	}
}

// Class M: whoever sprays locks out nobody who shares the address, nor another
// tenant's people; and guesses on the account of such a one stay few.
func TestClassMSprayingLocksNobodyOut(t *testing.T) {
	h := newHouse(t)
	door := h.doors()["a public client"]
	h.people("other")
	h.admin("POST", "tenants/people/users", `{"id":"u2","username":"new","password":"correct horse"}`)
	if !isIn(door(home, "ann", "correct horse")) {
		t.Fatal("ann cannot sign in")
	}
	for n := range failuresOfAnAddress + 1 {
		door(home, fmt.Sprint("name", n), "Summer2026!")
	}
	if !isIn(door(home, "ann", "correct horse")) {
		t.Error("ann has to wait where she has signed in before")
	}
	if r := door(home, "new", "correct horse"); r.StatusCode != http.StatusTooManyRequests {
		t.Errorf("who was never there: %s", r.Status)
	}
	if !isIn(door("198.51.100.8", "new", "correct horse")) {
		t.Error("elsewhere somebody has to wait")
	}
	h.behind = home
	if r, _ := h.signIn("other", "ann", "correct horse"); r.StatusCode != http.StatusOK {
		t.Errorf("the other tenant's ann: %s", r.Status)
	}
	for range tenants.AttemptsAllowed { // which are told from guesses on others by nothing
		started := time.Now()
		guess, other := door(home, "ann", "Summer2026!"), door(home, "nobody", "Summer2026!")
		if guess.StatusCode != http.StatusTooManyRequests || other.StatusCode != guess.StatusCode || guess.Header.Get("Retry-After") != other.Header.Get("Retry-After") {
			t.Errorf("a guess on ann: %s, %s; on nobody: %s, %s", guess.Status, guess.Header.Get("Retry-After"), other.Status, other.Header.Get("Retry-After"))
		}
		if took := time.Since(started); took < 2*failureFloor {
			t.Errorf("the two are answered within %s", took)
		}
	}
	r, other := door(home, "ann", "correct horse"), door(home, "nobody", "Summer2026!")
	if r.StatusCode != http.StatusTooManyRequests || r.Header.Get("Retry-After") != other.Header.Get("Retry-After") {
		t.Errorf("after %d guesses on ann she is answered %s, %s; nobody %s", tenants.AttemptsAllowed, r.Status, r.Header.Get("Retry-After"), other.Header.Get("Retry-After"))
	}
}

// Class M: whoever guesses at a person without a break cannot keep that person out
// of a new place, and an administrator can end the wait at once.
func TestClassMOnePollingAddressKeepsNobodyOut(t *testing.T) {
	h := newHouse(t)
	door := h.doors()["a public client"]
	guess := func(siege time.Duration) {
		for end := h.clock.Now().Add(siege); h.clock.Now().Before(end); {
			h.clock.Advance(10 * time.Second)
			h.poll()
			door(sprayer, "ann", "Summer2026!")
		}
	}
	guess(20 * time.Minute)
	if r := door(sprayer, "ann", "correct horse"); r.StatusCode != http.StatusTooManyRequests {
		t.Errorf("who guessed is answered %s", r.Status)
	}
	waited := time.Duration(0)
	for ; !isIn(door(home, "ann", "correct horse")); waited += 10 * time.Second {
		if waited > tenants.LongestBlock {
			t.Fatal("ann never gets in")
		}
		guess(10 * time.Second) // always before ann
	}
	for range tenants.AttemptsAllowed {
		door("198.51.100.8", "ann", "Summer2026!")
	}
	if r := door("198.51.100.9", "ann", "correct horse"); r.StatusCode != http.StatusTooManyRequests {
		t.Errorf("after %d guesses: %s", tenants.AttemptsAllowed, r.Status)
	}
	h.admin("POST", "tenants/people/users/u1/unlock", "{}")
	if !isIn(door("198.51.100.9", "ann", "correct horse")) {
		t.Error("ann has to wait after an administrator unlocked her")
	}
}

// Class M: names at once cannot outrun the count.
func TestClassMParallelSprayingIsBounded(t *testing.T) {
	h := newHouse(t)
	door := h.doors()["a public client"]
	var looked atomic.Int32
	var wg sync.WaitGroup
	for i := range failuresOfAnAddress + 50 {
		wg.Go(func() {
			for {
				switch r := door(sprayer, fmt.Sprint("name", i), "Summer2026!"); r.StatusCode {
				case http.StatusServiceUnavailable: // too many at once, or too slow
					continue
				case http.StatusBadRequest:
					looked.Add(1)
				case http.StatusTooManyRequests:
				default:
					t.Error(r.Status)
				}
				return
			}
		})
	}
	wg.Wait()
	// On a slow machine some are looked at whose answer comes too late.
	if n := looked.Load(); n > failuresOfAnAddress || n < failuresOfAnAddress/2 {
		t.Errorf("%d names were looked at", n)
	}
}

// Passwords that are right, and attempts on accounts that wait anyway, use up
// nothing of an address's.
func TestOnlyWrongPasswordsOfAnAddressCount(t *testing.T) {
	h := newHouse(t)
	door := h.doors()["a public client"]
	for range failuresOfAnAddress + 1 {
		if !isIn(door(home, "ann", "correct horse")) {
			t.Fatal("ann cannot sign in")
		}
	}
	for range failuresOfAnAddress + 1 { // of which tenants.AttemptsAllowed are looked at
		door(home, "nobody", "Summer2026!")
	}
	for n := range failuresOfAnAddress - tenants.AttemptsAllowed {
		if r := door(home, fmt.Sprint("name", n), "Summer2026!"); r.StatusCode != http.StatusBadRequest {
			t.Fatalf("failure %d: %s", tenants.AttemptsAllowed+n+1, r.Status)
		}
	}
	if r := door(home, "another", "Summer2026!"); r.StatusCode != http.StatusTooManyRequests {
		t.Errorf("failure %d: %s", failuresOfAnAddress+1, r.Status)
	}
}

// Class M: wrong API keys are throttled by address, and right ones never wait.
func TestClassMAPIKeysAreThrottledByAddress(t *testing.T) {
	h := newHouse(t)
	h.people("people")
	h.admin("POST", "tenants/people/clients", `{"client_id":"spa","name":"SPA","token_endpoint_auth_method":"none","grant_types":["urn:gatehouse:params:oauth:grant-type:api-key"]}`)
	key := fmt.Sprint(h.admin("POST", "tenants/people/users/u1/api-keys", `{"name":"k","prefix":"CLI"}`)["key"])
	try := func(address, client, key string) int {
		form := url.Values{"grant_type": {"urn:gatehouse:params:oauth:grant-type:api-key"}, "client_id": {client}, "api_key": {key}}
		if client == "app" {
			form.Set("client_secret", "s3cret")
		}
		return h.from(address, http.MethodPost, "/oauth2/token", "application/x-www-form-urlencoded", form.Encode()).StatusCode
	}
	for n := range failuresOfAnAddress {
		if status := try(sprayer, []string{"spa", "app"}[n%2], fmt.Sprint("CLI.wrong", n)); status != http.StatusBadRequest {
			t.Fatalf("key %d: %d", n, status)
		}
	}
	for _, client := range []string{"spa", "app"} {
		if status := try(sprayer, client, "CLI.wrong"); status != http.StatusTooManyRequests {
			t.Errorf("%s, after %d wrong keys: %d", client, failuresOfAnAddress, status)
		}
	}
	for address, key := range map[string]string{sprayer: key, home: key} {
		if status := try(address, "spa", key); status != http.StatusOK {
			t.Errorf("the right key from %s: %d", address, status)
		}
	}
	if status := try(home, "spa", "CLI.wrong"); status != http.StatusBadRequest {
		t.Errorf("a wrong key from elsewhere: %d", status)
	}
}
