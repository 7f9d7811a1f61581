package server_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Class O: that something does not exist is remembered, but not what was sent to
// find that out: whoever guesses at any door fills no memory.
func TestClassOGuessesFillNoMemory(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.ask()
	rs256 := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`))
	body, line := strings.Repeat("a", 60_000), strings.Repeat("a", 10_000)
	bearer := func(i int) string {
		return "e30." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"iss":"https://%d.example/%s"}`, i, line[:5_000])) + ".c2ln"
	}
	const token, jwks = "/oauth2/token", "/.well-known/jwks.json"
	for _, door := range []struct {
		name string
		send func(i int) (host, path, form, bearer string)
		want int
	}{
		{"issuer of a bearer token", func(i int) (string, string, string, string) {
			return "", "/admin/v1/tenants", "", bearer(i)
		}, 401},
		{"client_id beside much else", func(i int) (string, string, string, string) {
			return "", "/t/acme" + token, fmt.Sprintf("grant_type=client_credentials&client_id=x%d&client_secret=y&z=%s", i, body), ""
		}, 401},
		{"long client_id", func(i int) (string, string, string, string) {
			return "", "/t/acme" + token, fmt.Sprintf("grant_type=client_credentials&client_id=y%d%s&client_secret=y", i, body), ""
		}, 401},
		{"audience beside much else", func(i int) (string, string, string, string) {
			return "", token, fmt.Sprintf("grant_type=client_credentials&client_id=x&client_secret=y&audience=x%d&z=%s", i, body), ""
		}, 400},
		{"long audience", func(i int) (string, string, string, string) {
			return "", token, fmt.Sprintf("grant_type=client_credentials&client_id=x&client_secret=y&audience=y%d%s", i, body), ""
		}, 400},
		{"long audience at a tenant", func(i int) (string, string, string, string) {
			return "", "/t/acme" + token, fmt.Sprintf("grant_type=client_credentials&client_id=z%d&client_secret=y&audience=z%d%s", i, i, body), ""
		}, 401},
		{"long issuer of an assertion", func(i int) (string, string, string, string) {
			_, unsigned, _ := strings.Cut(bearer(i), ".")
			return "", "/t/acme" + token, "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=" + rs256 + "." + unsigned, ""
		}, 400},
		{"path before a long query", func(i int) (string, string, string, string) {
			return "", fmt.Sprintf("/t/x%d%s?%s", i, jwks, line), "", ""
		}, 404},
		{"long path", func(i int) (string, string, string, string) {
			return "", fmt.Sprintf("/t/y%d%s%s", i, line, jwks), "", ""
		}, 404},
		{"long host", func(i int) (string, string, string, string) {
			return fmt.Sprintf("x%d.%s", i, line), jwks, "", ""
		}, 404},
		{"document by many spellings of its host", func(i int) (string, string, string, string) {
			return fmt.Sprintf("gatehouse.example:%d", i+1), jwksPath + "?" + line, "", ""
		}, 200},
	} {
		before, sent := h.held(), uint64(0)
		for i := 0; sent < 4<<20; i++ {
			host, path, form, bearer := door.send(i)
			sent += uint64(len(host) + len(path) + len(form) + len(bearer))
			if status := h.callOn(host, path, form, bearer); status != door.want {
				t.Fatalf("%s: %d", door.name, status)
			}
		}
		if after := h.held(); after > before+sent/4 {
			t.Errorf("%s: %d octets were sent, and %d are held", door.name, sent, after-before)
		}
	}
}

// Class O: anybody can have a device asked for in the name of a public client, and
// each time something is stored: an address may do so only so often.
func TestClassODevicesOfOneAddressAreCounted(t *testing.T) {
	h := newHouse(t)
	h.seed()
	for _, client := range []string{"tv", "radio"} {
		h.admin("POST", "tenants/acme/clients", `{"client_id":"`+client+`","name":"x","token_endpoint_auth_method":"none","grant_types":["urn:ietf:params:oauth:grant-type:device_code"]}`)
	}
	h.admin("PATCH", "tenants/acme/clients/106", `{"grant_types":["urn:ietf:params:oauth:grant-type:device_code"]}`)
	ask := func(form url.Values) int {
		response, _ := h.post("/t/acme/oauth2/device_authorization", form)
		if throttled := response.StatusCode == http.StatusTooManyRequests; throttled != (response.Header.Get("Retry-After") != "") {
			t.Errorf("%s with Retry-After %q", response.Status, response.Header.Get("Retry-After"))
		}
		return response.StatusCode
	}
	var wait sync.WaitGroup
	for range 32 { // of an office, say, at once
		wait.Go(func() {
			if status := ask(url.Values{"client_id": {"tv"}}); status != http.StatusOK {
				t.Errorf("one of 32 at once: %d", status)
			}
		})
	}
	wait.Wait()
	refused := 0
	for i := range failuresOfAnAddress - 32 + 10 {
		if ask(url.Values{"client_id": {[]string{"tv", "radio"}[i%2]}}) == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("%d were refused, want 10", refused)
	}
	if status := ask(url.Values{"client_id": {"106"}, "client_secret": {"s3cret"}}); status != http.StatusOK {
		t.Errorf("a client that proves itself: %d", status)
	}
	h.clock.Advance(7 * time.Second)
	if status := ask(url.Values{"client_id": {"tv"}}); status != http.StatusOK {
		t.Errorf("after a while: %d", status)
	}
	h.behind = "192.0.2.7"
	if status := ask(url.Values{"client_id": {"tv"}}); status != http.StatusOK {
		t.Errorf("elsewhere: %d", status)
	}
}

// Class O: where one tenant has all hosts, a document is remembered by none that is
// longer than hosts are.
func TestClassOLongHostsFillNoMemory(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.ask()
	h.server.Resolver = tenants.NewResolver(tenants.NewDirectory(h.db, 1000), h.server.PublicURL, "acme")
	before, sent, line := h.held(), 0, strings.Repeat("a", 10_000)
	for i := range 400 {
		host := fmt.Sprintf("%d.%s", i, line)
		sent += len(host)
		if status := h.callOn(host, "/.well-known/jwks.json", "", ""); status != http.StatusOK {
			t.Fatal(status)
		}
	}
	if after := h.held(); after > before+uint64(sent/4) {
		t.Errorf("%d octets were sent, and %d are held", sent, after-before)
	}
}

// Class O: what is counted of requests that succeed keeps no more of them.
func TestClassOCountsHoldNoRequests(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.admin("PATCH", "tenants/acme", `{"dialects":["dealcloud"]}`)
	const clients = 70
	for i := range clients {
		h.admin("POST", "tenants/acme/clients", fmt.Sprintf(`{"client_id":"c%d","client_secret":"s3cret","name":"x","grant_types":["client_credentials"],"apis":[{"identifier":"https://api.acme.example"}]}`, i))
	}
	rest := strings.Repeat("a", 60_000)
	ask := func(path, more string) {
		for i := range clients {
			form := fmt.Sprintf("grant_type=client_credentials&client_id=c%d&client_secret=s3cret&%s&z=%s", i, more, rest)
			if status := h.callOn("", path, form, ""); status != http.StatusOK {
				t.Fatalf("%s: %d", path, status)
			}
		}
	}
	for _, path := range []string{"/t/acme/oauth2/token", "/t/acme/api/rest/v1/oauth/token"} {
		before := h.held()
		ask(path, "audience=https://api.acme.example")
		if after := h.held(); after > before+clients*60_000/3 {
			t.Errorf("%s: %d octets were sent, and %d are held", path, clients*60_000, after-before)
		}
	}
}

// held returns how many octets are in memory that something needs.
func (h *house) held() uint64 {
	h.logs.TakeAll()
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// callOn sends a form, or else a GET, and returns the status.
func (h *house) callOn(host, path, form, bearer string) int {
	h.t.Helper()
	method := http.MethodGet
	if form != "" {
		method = http.MethodPost
	}
	request, err := http.NewRequest(method, h.http.URL+path, strings.NewReader(form))
	if err != nil {
		h.t.Fatal(err)
	}
	if request.Host = host; host == "" {
		request.Host = "gatehouse.example"
	}
	if form != "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := h.http.Client().Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		h.t.Fatal(err)
	}
	return response.StatusCode
}
