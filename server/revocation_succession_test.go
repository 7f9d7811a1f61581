package server_test

import (
	"net/url"
	"testing"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// A token that was issued right after a revocation ends with the next one, also
// where all of that is in one second.
func TestRevocationsThatFollowEachOtherAtOnceEachEndWhatThereIs(t *testing.T) {
	h := newHouse(t)
	h.seed()
	for _, order := range []string{`{"client_id":"106"}`, `{"client_id":"106"}`, `{"all":true}`, `{"client_id":"106"}`, `{"all":true}`} {
		token := h.issued()
		if !h.active(token) {
			t.Fatalf("before %s the token is dead already", order)
		}
		h.admin("POST", "tenants/acme/tokens/revoke", order)
		if h.active(token) {
			t.Errorf("%s ends nothing of what was issued in its second", order)
		}
	}
}

// Class F: nobody inherits tokens by an id, also where all of that is in one second.
func TestTokensOfWhoIsDeletedStayDead(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.admin("POST", "tenants/acme/clients", `{"client_id":"rs","client_secret":"s3cret","name":"RS","grant_types":["client_credentials"],"apis":[{"identifier":"https://api.acme.example"}],"resource_server_for":["https://api.acme.example"]}`)
	active := func(token string) bool {
		_, answer := h.post("/t/acme/oauth2/introspect", url.Values{"token": {token}, "client_id": {"rs"}, "client_secret": {"s3cret"}})
		return answer["active"] == true
	}
	made := `{"client_id":"again","client_secret":"s3cret","name":"Again","grant_types":["client_credentials","password"],"apis":[{"identifier":"https://api.acme.example"}]}`
	h.admin("POST", "tenants/acme/clients", `{"client_id":"gateway","client_secret":"s3cret","name":"G","grant_types":["`+oauth.GrantAPIKey+`"],"apis":[{"identifier":"https://api.acme.example"}]}`)
	const ann = `{"id":"u-ann","username":"ann","password":"correct horse"}`
	ask := func(client string, form url.Values) string {
		form.Set("client_id", client)
		form.Set("client_secret", "s3cret")
		_, answer := h.post("/t/acme/oauth2/token", form)
		token, _ := answer["access_token"].(string)
		if !active(token) {
			t.Fatalf("a new token is dead: %v", answer)
		}
		return token
	}
	var old []string
	for range 2 {
		h.admin("POST", "tenants/acme/clients", made)
		h.admin("POST", "tenants/acme/users", ann)
		key, _ := h.admin("POST", "tenants/acme/users/oauth_again/api-keys", `{"name":"Key"}`)["key"].(string)
		old = append(old, ask("again", url.Values{"grant_type": {"client_credentials"}}), ask("gateway", url.Values{"grant_type": {oauth.GrantAPIKey}, "api_key": {key}}),
			ask("again", url.Values{"grant_type": {"password"}, "username": {"ann"}, "password": {"correct horse"}}))
		h.admin("DELETE", "tenants/acme/users/u-ann", "")
		h.admin("POST", "tenants/acme/users", ann)
		if active(old[len(old)-1]) {
			t.Error("a user who is made again has the tokens of the one before")
		}
		h.admin("DELETE", "tenants/acme/users/u-ann", "")
		h.admin("DELETE", "tenants/acme/clients/again", "")
	}
	h.admin("POST", "tenants/acme/clients", made)
	h.admin("POST", "tenants/acme/users", ann)
	for i, token := range old {
		if active(token) {
			t.Errorf("token %d lives on with those who have the same ids", i)
		}
	}
}
