package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Class F: whatever ends, what it ends works no longer on the node that ended it
// nor on the other after its next poll, whichever way it is used; and what it
// does not end goes on.
func TestClassFWhatHasEndedWorksNowhere(t *testing.T) {
	a, b := pair(t, func(*house) {})
	hash := hashOf(t, "correct horse")
	every := []string{"api_key", "assertion", "bearer", "client_secret", "device_code", "exchange", "introspection", "key_token", "password", "person", "refresh_token", "session"}
	but := func(names ...string) []string {
		return slices.DeleteFunc(slices.Clone(every), func(name string) bool { return slices.Contains(names, name) })
	}
	then := map[string][3]string{ // method, path and body of what follows at once
		"deleted user whose id is given again": {"POST", "/users", `{"id":"u-ann","username":"ann","password_hash":"` + hash + `"}`},
		"user disabled for a while":            {"PATCH", "/users/u-ann", `{"status":"active"}`},
	}
	for i, ending := range []struct {
		name               string
		method, path, body string
		refused            []string
	}{
		{"nothing", "", "", "", nil},
		{"suspended tenant", "PATCH", "", `{"status":"suspended"}`, every},
		{"deleted tenant", "DELETE", "", "", every},
		{"disabled client", "PATCH", "/clients/app", `{"status":"disabled"}`, every},
		{"expired client", "PATCH", "/clients/app", `{"expires_at":"` + a.clock.Now().Add(-time.Second).Format(time.RFC3339) + `"}`, every},
		{"deleted client", "DELETE", "/clients/app", "", every},
		{"revoked secret", "DELETE", "/clients/app/secrets/{secret}", "", but("introspection", "bearer", "key_token")},
		{"withdrawn grants", "PATCH", "/clients/app", `{"grant_types":[]}`, but("introspection", "bearer", "key_token")},
		{"withdrawn API", "PATCH", "/clients/app", `{"apis":[]}`, []string{"bearer", "device_code", "exchange", "introspection", "key_token", "refresh_token"}},
		{"disabled user", "PATCH", "/users/u-ann", `{"status":"disabled"}`, but("client_secret")},
		{"deleted user", "DELETE", "/users/u-ann", "", but("client_secret")},
		{"deleted user whose id is given again", "DELETE", "/users/u-ann", "", but("client_secret", "password", "person")},
		{"user disabled for a while", "PATCH", "/users/u-ann", `{"status":"disabled"}`, []string{"device_code", "session"}},
		{"new password", "PATCH", "/users/u-ann", `{"password":"another horse"}`, []string{"device_code", "password", "person", "refresh_token", "session"}},
		{"ended sessions", "DELETE", "/users/u-ann/sessions", "", []string{"device_code", "session"}},
		{"an ended session", "DELETE", "/users/u-ann/sessions/{session}", "", []string{"device_code", "session"}},
		{"deleted API key", "DELETE", "/users/u-ann/api-keys/{key}", "", []string{"api_key", "key_token"}},
		{"revoked tokens of the user", "POST", "/tokens/revoke", `{"user_id":"u-ann"}`, []string{"bearer", "device_code", "exchange", "introspection", "key_token", "refresh_token"}},
		{"revoked tokens of the client", "POST", "/tokens/revoke", `{"client_id":"app"}`, []string{"bearer", "device_code", "exchange", "introspection", "key_token", "refresh_token"}},
		{"all tokens revoked", "POST", "/tokens/revoke", `{"all":true}`, []string{"bearer", "device_code", "exchange", "introspection", "key_token", "refresh_token"}},
		{"revoked signing key", "POST", "/signing-keys/{kid}/revoke", "", []string{"bearer", "exchange", "introspection", "key_token"}},
	} {
		t.Run(ending.name, func(t *testing.T) {
			slug := fmt.Sprint("t", i)
			a.furnishAll(slug, "s3cret", hash)
			wallet := a.wallet(slug, "s3cret")
			b.poll()
			b.earns(slug, "s3cret", "client_credentials") // so that it has things in memory
			if ending.method != "" {
				a.admin(ending.method, "tenants/"+slug+a.named(slug, ending.path), ending.body)
			}
			if next, ok := then[ending.name]; ok {
				a.admin(next[0], "tenants/"+slug+next[1], next[2])
			}
			b.poll()
			var refused []string
			for _, name := range every {
				if !wallet[name](b, slug, "s3cret") {
					refused = append(refused, name)
				}
			}
			if !slices.Equal(refused, ending.refused) {
				t.Errorf("the other node refuses %v, want %v", refused, ending.refused)
			}
			for _, name := range ending.refused {
				if wallet[name](a, slug, "s3cret") {
					t.Errorf("the node that ended it takes %s", name)
				}
			}
		})
	}
}

// Class F: what was given for an API ends with it, and is not for another one that
// gets its identifier.
func TestClassFNothingIsForTheNextAPIOfAnIdentifier(t *testing.T) {
	a, b := pair(t, func(*house) {})
	a.furnishAll("acme", "s3cret", hashOf(t, "correct horse"))
	wallet := a.wallet("acme", "s3cret")
	again := a.wallet("acme", "s3cret")
	bound := []string{"bearer", "device_code", "exchange", "introspection", "refresh_token"}
	for _, name := range bound {
		if !wallet[name](a, "acme", "s3cret") {
			t.Errorf("before: %s is refused", name)
		}
	}
	a.admin("PATCH", "tenants/acme/clients/app", `{"apis":[]}`)
	a.admin("PATCH", "tenants/acme/clients/rs", `{"resource_server_for":[]}`)
	a.admin("DELETE", "tenants/acme"+a.named("acme", "/apis/{api}"), "")
	a.clock.Advance(time.Second)
	a.admin("POST", "tenants/acme/apis", `{"identifier":"https://api.example","name":"API","shared_host":false,"scopes":[{"name":"data"}]}`)
	a.admin("PATCH", "tenants/acme/clients/app", `{"apis":[{"identifier":"https://api.example"}]}`)
	a.admin("PATCH", "tenants/acme/clients/rs", `{"resource_server_for":["https://api.example"]}`)
	b.poll()
	for _, node := range []*house{a, b} {
		for _, name := range bound {
			if again[name](node, "acme", "s3cret") {
				t.Errorf("%s is good for the next API", name)
			}
		}
		if !node.earns("acme", "s3cret", "client_credentials") {
			t.Error("nothing can be had for the next API")
		}
	}
}

// named fills in the ids of a path below a tenant made by furnishAll.
func (h *house) named(slug, path string) string {
	h.t.Helper()
	for part, list := range map[string]string{"{secret}": "/clients/app/secrets", "{api}": "/apis", "{key}": "/users/u-ann/api-keys", "{session}": "/users/u-ann/sessions", "{kid}": "/signing-keys"} {
		before, after, found := strings.Cut(path, part)
		if !found {
			continue
		}
		one := h.admin("GET", "tenants/"+slug+list, "")["items"].([]any)[0].(map[string]any)
		if part == "{kid}" {
			return before + one["kid"].(string) + after
		}
		return before + one["id"].(string) + after
	}
	return path
}
