package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Class G: what one tenant gave is nothing at another one where all ids are the
// same, and is not used up by being tried there.
func TestClassGCredentialsAreTheirTenantsOwn(t *testing.T) {
	h := newHouse(t)
	h.furnishAll("acme", "secret-of-acme", hashOf(t, "correct horse"))
	h.furnishAll("globex", "secret-of-globex", hashOf(t, "another horse"))
	for name, credential := range h.wallet("acme", "secret-of-acme") {
		if credential(h, "globex", "secret-of-globex") {
			t.Errorf("%s is good at another tenant", name)
		}
		if !credential(h, "acme", "secret-of-acme") {
			t.Errorf("%s is not good at its own tenant: the test would show nothing", name)
		}
	}
}

// Class S: who a token has nothing to do with is told nothing about it, and ends
// nothing by revoking it.
func TestClassSTokensAreToldOfAndEndedByWhoHasToDoWithThem(t *testing.T) {
	h := newHouse(t)
	h.renewable()
	h.admin("POST", "tenants", `{"slug":"globex","name":"Globex"}`)
	h.admin("POST", "tenants/globex/clients", `{"client_id":"app","client_secret":"s3cret","name":"App","grant_types":[]}`)
	h.admin("POST", "tenants/acme/clients", `{"client_id":"rs","client_secret":"s3cret","name":"RS","grant_types":[],"resource_server_for":["https://api.acme.example"]}`)
	h.admin("POST", "tenants/acme/clients", `{"client_id":"stranger","client_secret":"s3cret","name":"S","grant_types":[],"apis":[{"identifier":"https://api.acme.example"}]}`)
	ask := func(operation, slug, client, token string) map[string]any {
		t.Helper()
		response, answer := h.post("/t/"+slug+"/oauth2/"+operation, url.Values{"token": {token}, "client_id": {client}, "client_secret": {"s3cret"}})
		if response.StatusCode != http.StatusOK || response.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s by %s: %s", operation, client, response.Status)
		}
		return answer
	}
	for _, format := range []string{"jwt", "opaque"} {
		h.admin("PATCH", "tenants/acme/clients/app", `{"token_format":"`+format+`"}`)
		_, answer := h.signIn("acme", "ann", "correct horse")
		access, refresh := answer["access_token"].(string), answer["refresh_token"].(string)
		for _, who := range [][2]string{{"acme", "stranger"}, {"globex", "app"}} {
			for _, token := range []string{access, refresh} {
				if told := fmt.Sprint(ask("introspect", who[0], who[1], token)); told != "map[active:false]" {
					t.Errorf("%s: %s of %s is told %s", format, who[1], who[0], told)
				}
				ask("revoke", who[0], who[1], token)
			}
		}
		ask("revoke", "acme", "rs", access)
		for _, client := range []string{"app", "rs"} {
			if ask("introspect", "acme", client, access)["active"] != true {
				t.Errorf("%s: %s is told that the token is dead", format, client)
			}
		}
		ask("revoke", "acme", "app", access)
		for _, client := range []string{"app", "rs"} {
			if told := fmt.Sprint(ask("introspect", "acme", client, access)); told != "map[active:false]" {
				t.Errorf("%s: %s is told %s of a revoked token", format, client, told)
			}
		}
	}
}

// Class T: an answer that may be kept is the tenant's that was asked, by
// whichever way, and no other one may be kept.
func TestClassTAnswersOfTenantsAreNotMixed(t *testing.T) {
	h := newHouse(t)
	h.tellies("acme", "acme.example")
	h.tellies("globex", "globex.example")
	kids := map[string]any{}
	for range 2 { // the second time from memory
		for _, slug := range []string{"acme", "globex"} {
			p := &person{house: h, host: slug + ".example"}
			byPath := &person{house: h, host: "gatehouse.example"}
			other := map[string]string{"acme": "globex", "globex": "acme"}[slug]
			for path, seconds := range map[string]int{
				"/.well-known/jwks.json": 300, "/.well-known/openid-configuration": 300, "/.well-known/oauth-authorization-server": 300, "/.well-known/key-schedule.json": 30,
			} {
				response := p.send("GET", path, nil)
				if response.StatusCode != http.StatusOK || response.Header.Get("Cache-Control") != fmt.Sprint("public, max-age=", seconds) {
					t.Errorf("%s%s: %s, %s", p.host, path, response.Status, response.Header.Get("Cache-Control"))
				}
				if byPath.send("GET", "/t/"+slug+path, nil); byPath.page != p.page {
					t.Errorf("%s is another one by path: %s, %s", path, p.page, byPath.page)
				}
				if strings.Contains(p.page, other) {
					t.Errorf("%s%s tells of %s: %s", p.host, path, other, p.page)
				}
				elsewhere := &person{house: h, host: other + ".example"}
				if tag := response.Header.Get("Etag"); elsewhere.send("GET", path, nil, "If-None-Match", tag).StatusCode != http.StatusOK {
					t.Errorf("%s: the copy of %s counts at %s", path, slug, other)
				}
				if path == "/.well-known/jwks.json" {
					var set struct{ Keys []map[string]any }
					if err := json.Unmarshal([]byte(p.page), &set); err != nil || len(set.Keys) == 0 {
						t.Fatalf("%s: %v", p.page, err)
					}
					kids[slug] = set.Keys[0]["kid"]
				}
			}
		}
	}
	if kids["acme"] == kids["globex"] {
		t.Errorf("one key for both: %v", kids)
	}
	ann := h.visitor("acme.example", "ann")
	for _, path := range []string{"/device", "/sign-in", "/oauth2/token", "/oauth2/nothing", "/admin/v1/tenants", "/t/nobody/.well-known/jwks.json"} {
		if control := ann.send("GET", path, nil).Header.Get("Cache-Control"); control != "no-store" {
			t.Errorf("%s may be kept: %q", path, control)
		}
	}
	ann.send("GET", "/device", nil)
	for _, path := range []string{"/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/device_authorization", "/oauth2/session_proof"} {
		response := ann.send("POST", path, url.Values{"grant_type": {oauth.GrantSession}, "client_id": {"tv"}, "token": {"x"}})
		if control := response.Header.Get("Cache-Control"); control != "no-store" {
			t.Errorf("%s may be kept: %q", path, control)
		}
	}
}
