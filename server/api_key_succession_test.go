package server_test

import (
	"net/http"
	"net/url"
	"testing"
)

// Class F: an API key ends with whom it speaks for, also where another user or
// client gets the same id at once, and on nodes that have used the key.
func TestClassFAPIKeysEndWithWhomTheySpeakFor(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.admin("PATCH", "tenants/acme/clients/106", `{"grant_types":["urn:gatehouse:params:oauth:grant-type:api-key"]}`)
	for _, of := range []struct{ list, one, made, user string }{
		{"users", "users/u9", `{"id":"u9","username":"nina"}`, "u9"},
		{"clients", "clients/robot", `{"client_id":"robot","client_secret":"s3cret","name":"Robot"}`, "oauth_robot"},
	} {
		h.admin("POST", "tenants/acme/"+of.list, of.made)
		key, _ := h.admin("POST", "tenants/acme/users/"+of.user+"/api-keys", `{"name":"k"}`)["key"].(string)
		use := func() int {
			response, _ := h.post("/t/acme/oauth2/token", url.Values{
				"grant_type": {"urn:gatehouse:params:oauth:grant-type:api-key"}, "client_id": {"106"}, "client_secret": {"s3cret"}, "api_key": {key},
			})
			return response.StatusCode
		}
		if status := use(); status != http.StatusOK {
			t.Fatalf("%s: %d", of.one, status)
		}
		h.admin("DELETE", "tenants/acme/"+of.one, "")
		h.admin("POST", "tenants/acme/"+of.list, of.made)
		if status := use(); status != http.StatusBadRequest {
			t.Errorf("the key of the %s before: %d", of.one, status)
		}
	}
}
