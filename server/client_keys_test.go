package server_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// A key that is valid later proves its client only then, and who has it is told.
func TestClientKeysWaitForTheirTime(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.signer("")
	h.admin("POST", "tenants/acme/clients/signer/keys", `{"certificate":"`+base64Of(certificateDER("rsa", h.clock.Now().Add(time.Hour)))+`"}`)
	response, answer := h.post("/t/acme/oauth2/token", url.Values{
		"grant_type": {"client_credentials"}, "client_assertion_type": {oauth.ClientAssertionJWT}, "client_assertion": {h.fresh("rsa", "early")},
	})
	if response.StatusCode != http.StatusUnauthorized || answer["error_description"] != "the client's key is not valid yet" {
		t.Errorf("too early: %s %v", response.Status, answer)
	}
	h.clock.Advance(time.Hour)
	h.poll()
	if status, _ := h.prove(h.fresh("rsa", "in time")); status != http.StatusOK {
		t.Errorf("in time: %d", status)
	}
}
