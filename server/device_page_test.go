package server_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Class J: a code is entered by a form of the session's own only, so that no
// other page binds a request to somebody's session; and what was refused has
// bound nothing.
func TestClassJUserCodesAreEnteredByFormsOfTheSession(t *testing.T) {
	h := newHouse(t)
	h.tellies("acme", "acme.example")
	ann, bob := h.visitor("acme.example", "ann"), h.visitor("acme.example", "bob")
	_, code := ann.device()
	own := ann.form
	for name, token := range map[string]string{"none": "", "another session's": bob.form, "a part": own[:len(own)-1]} {
		form := url.Values{"user_code": {code}}
		if token != "" {
			form.Set("form_token", token)
		}
		if r := ann.send("POST", "/device", form); r.StatusCode != http.StatusForbidden {
			t.Errorf("form token: %s: %s", name, r.Status)
		}
	}
	if status, request := bob.enter(code); status != http.StatusOK || request == "" {
		t.Errorf("another one enters the code afterwards: %d %s", status, bob.page)
	}
}

// Class L: who changes addresses guesses in one session no more codes for it.
func TestClassLUserCodesAreNotGuessedFromManyAddresses(t *testing.T) {
	h := newHouse(t)
	h.tellies("acme", "acme.example")
	ann, bob := h.visitor("acme.example", "ann"), h.visitor("acme.example", "bob")
	_, code := ann.device()
	addresses := []string{"192.0.2.1", "192.0.2.2", "198.51.100.1", "2001:db8:1::1", "2001:db8:2::1"}
	for n := range tenants.DeviceGuesses {
		h.behind = addresses[n]
		if status, _ := ann.enter("BBBB-BBBB"); status != http.StatusBadRequest {
			t.Errorf("guess %d: %d", n+1, status)
		}
	}
	h.behind = "203.0.113.5"
	if status, request := ann.enter(code); status != http.StatusTooManyRequests || request != "" {
		t.Errorf("the right code from a new address after %d wrong ones: %d %s", tenants.DeviceGuesses, status, ann.page)
	}
	if status, _ := bob.enter(code); status != http.StatusOK {
		t.Errorf("another session at that address: %d %s", status, bob.page)
	}
}

// Class F: the request of a client that is disabled by now is shown to nobody.
func TestClassFCodesOfADisabledClientHaveEnded(t *testing.T) {
	h := newHouse(t)
	h.tellies("acme", "acme.example")
	ann := h.visitor("acme.example", "ann")
	_, code := ann.device()
	h.admin("PATCH", "tenants/acme/clients/tv", `{"status":"disabled"}`)
	if status, request := ann.enter(code); status != http.StatusBadRequest || request != "" {
		t.Errorf("%d %s", status, ann.page)
	}
}
