package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// useKey exchanges an API key at a tenant made by people.
func (h *house) useKey(key string) (int, map[string]any) {
	h.t.Helper()
	response, answer := h.post("/t/acme/oauth2/token", url.Values{
		"grant_type": {"urn:gatehouse:params:oauth:grant-type:api-key"}, "client_id": {"app"}, "client_secret": {"s3cret"}, "api_key": {key},
	})
	return response.StatusCode, answer
}

func TestAPIKeyEndsWhenItShouldAndSoDoItsTokens(t *testing.T) {
	h := newHouse(t)
	h.people("acme")
	ends := h.clock.Now().Add(10 * time.Minute)
	made := h.admin("POST", "tenants/acme/users/u1/api-keys", fmt.Sprintf(`{"name":"CI","expires_at":%q}`, ends.Format(time.RFC3339)))
	key := made["key"].(string)
	status, answer := h.useKey(key)
	if status != http.StatusOK || answer["expires_in"] != 600.0 {
		t.Errorf("got %d %v", status, answer)
	}
	h.clock.Advance(10*time.Minute - time.Second)
	h.poll()
	if status, _ := h.useKey(key); status != http.StatusOK {
		t.Errorf("shortly before its end: %d", status)
	}
	h.clock.Advance(time.Second)
	h.poll()
	if status, answer := h.useKey(key); status != http.StatusBadRequest || answer["error"] != "invalid_grant" {
		t.Errorf("at its end: %d %v", status, answer)
	}
	h.admin("PATCH", "tenants/acme/users/u1/api-keys/"+made["id"].(string), `{"expires_at":null}`)
	if status, _ := h.useKey(key); status != http.StatusOK {
		t.Errorf("without an end: %d", status)
	}
}

func TestServiceAccountsKeyLivesAsLongAsItsClient(t *testing.T) {
	h := newHouse(t)
	h.people("acme")
	h.admin("POST", "tenants/acme/clients", `{"client_id":"erp","client_secret":"s3cret","name":"ERP"}`)
	key := h.admin("POST", "tenants/acme/users/oauth_erp/api-keys", `{"name":"Key"}`)["key"].(string)
	status, answer := h.useKey(key)
	token, _ := answer["access_token"].(string)
	if claims := h.claims(token); status != http.StatusOK || claims["sub"] != "oauth_erp" || claims["client_id"] != "app" {
		t.Fatalf("got %d %v", status, claims)
	}
	for _, step := range []struct {
		method, body string
		want         int
	}{{"PATCH", `{"status":"disabled"}`, 400}, {"PATCH", `{"status":"active"}`, 200}, {"PATCH", `{"expires_at":"2001-01-01T00:00:00Z"}`, 400}, {"PATCH", `{"expires_at":null}`, 200}, {"DELETE", "", 400}} {
		h.admin(step.method, "tenants/acme/clients/erp", step.body)
		if status, answer := h.useKey(key); status != step.want {
			t.Errorf("after %s %s: %d %v", step.method, step.body, status, answer)
		}
	}
}

// Class N: keys that were cut, extended or changed are none, and cost no query.
func TestClassNChangedAPIKeysAreRefusedUnseen(t *testing.T) {
	h := newHouse(t)
	h.people("acme")
	key := h.admin("POST", "tenants/acme/users/u1/api-keys", `{"name":"CI"}`)["key"].(string)
	h.useKey(key)
	before := h.db.Queries()
	for _, changed := range []string{
		key[:len(key)-1], key[1:], key + "0", strings.ToUpper(key), strings.Replace(key, ".", "", 1), key[:20], strings.Repeat("x", 5000), "acme.", ".", "'; --",
	} {
		if status, answer := h.useKey(changed); status != http.StatusBadRequest || answer["error"] != "invalid_grant" {
			t.Errorf("%.60q: %d %v", changed, status, answer)
		}
	}
	if h.db.Queries() != before {
		t.Errorf("they cost %d queries", h.db.Queries()-before)
	}
}

// A warm key of a service account costs no query but the count of its uses,
// which is stored once for all.
func TestUsesOfAPIKeysAreSampled(t *testing.T) {
	h := newHouse(t)
	h.people("acme")
	made := h.admin("POST", "tenants/acme/users/oauth_app/api-keys", `{"name":"CI"}`)
	key, path := made["key"].(string), "/admin/v1/tenants/acme/users/oauth_app/api-keys/"+made["id"].(string)
	h.useKey(key)
	h.clock.Advance(time.Second)
	h.useKey(key) // has everything in memory again: the second may begin an hour, whose first token is written down
	before := h.db.Queries()
	for range 20 {
		if status, answer := h.useKey(key); status != http.StatusOK {
			t.Fatal(status, answer)
		}
	}
	if used := h.db.Queries() - before; used != 0 {
		t.Errorf("20 uses cost %d queries", used)
	}
	if _, shown := h.do("GET", path, "", "", h.token); shown["last_used_at"] != nil {
		t.Errorf("stored too early: %v", shown)
	}
	if err := h.keyUses.Flush(t.Context(), h.db.UseAPIKeys); err != nil {
		t.Fatal(err)
	}
	_, shown := h.do("GET", path, "", "", h.token)
	if want := h.clock.Now().UTC().Format(time.RFC3339); shown["last_used_at"] != want {
		t.Errorf("last used at %v, want %v", shown["last_used_at"], want)
	}
}

// The key is revoked on the other node after its next poll.
func TestClassFDeletedAPIKeyIsRefusedOnBothNodes(t *testing.T) {
	a, b := twoHouses(t)
	a.admin("PATCH", "tenants/acme/clients/106", `{"grant_types":["client_credentials","urn:gatehouse:params:oauth:grant-type:api-key"]}`)
	made := a.admin("POST", "tenants/acme/users/oauth_106/api-keys", `{"name":"Key"}`)
	b.poll()
	use := func(h *house) int {
		response, _ := h.post("/t/acme/oauth2/token", url.Values{
			"grant_type": {"urn:gatehouse:params:oauth:grant-type:api-key"}, "client_id": {"106"}, "client_secret": {"s3cret"}, "api_key": {made["key"].(string)},
		})
		return response.StatusCode
	}
	if use(a) != http.StatusOK || use(b) != http.StatusOK {
		t.Fatal("the key does not work")
	}
	a.admin("DELETE", "tenants/acme/users/oauth_106/api-keys/"+made["id"].(string), "")
	if use(a) != http.StatusBadRequest {
		t.Error("the node that deleted it takes it still")
	}
	b.poll()
	if use(b) != http.StatusBadRequest {
		t.Error("the other node takes it still")
	}
}

// People get admin scopes only as far as they are permitted them; a client that
// may ask for all gives nobody more.
func TestPeopleAdministerOnlyWhatTheyArePermitted(t *testing.T) {
	h := newHouse(t)
	h.people("acme")
	h.admin("PATCH", "tenants/acme/clients/app", `{"apis":[{"identifier":"urn:gatehouse:admin","scopes":["users:read","clients:read"]}]}`)
	_, answer := h.signIn("acme", "ann", "correct horse")
	if scope := answer["scope"]; scope != nil {
		t.Errorf("without a permission ann gets %v", scope)
	}
	h.admin("PATCH", "tenants/acme/users/u1", `{"permissions":["users:read","users:write"]}`)
	_, answer = h.signIn("acme", "ann", "correct horse")
	if answer["scope"] != "users:read" {
		t.Errorf("with a permission ann gets %v", answer["scope"])
	}
	token := answer["access_token"].(string)
	if response, _ := h.do("GET", "/admin/v1/tenants/acme/users", "", "", token); response.StatusCode != http.StatusOK {
		t.Errorf("users: %s", response.Status)
	}
	if response, _ := h.do("GET", "/admin/v1/tenants/acme/clients", "", "", token); response.StatusCode != http.StatusForbidden {
		t.Errorf("clients: %s", response.Status)
	}
	if response, _ := h.do("GET", "/admin/v1/tenants/operator/users", "", "", token); response.StatusCode != http.StatusNotFound {
		t.Errorf("another tenant's users: %s", response.Status)
	}
	h.admin("PATCH", "tenants/acme/users/u1", `{"permissions":[]}`)
	if response, _ := h.do("GET", "/admin/v1/tenants/acme/users", "", "", token); response.StatusCode != http.StatusForbidden {
		t.Errorf("users, with the permission withdrawn: %s", response.Status)
	}
	h.admin("PATCH", "tenants/acme/users/u1", `{"status":"disabled","permissions":["users:read"]}`)
	if response, _ := h.do("GET", "/admin/v1/tenants/acme/users", "", "", token); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("users, by a disabled user: %s", response.Status)
	}
}
