package server_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// endings are what can happen to a token, and ends what it earned.
func endings(h *house) map[string]func(token string) {
	return map[string]func(string){
		"revoked": func(token string) {
			h.post("/t/acme/oauth2/revoke", url.Values{"token": {token}, "client_id": {"desk"}, "client_secret": {"s"}})
		},
		"user disabled":      func(string) { h.admin("PATCH", "tenants/acme/users/ann", `{"status":"disabled"}`) },
		"user deleted":       func(string) { h.admin("DELETE", "tenants/acme/users/ann", "") },
		"user's revoked":     func(string) { h.admin("POST", "tenants/acme/tokens/revoke", `{"user_id":"ann"}`) },
		"client's revoked":   func(string) { h.admin("POST", "tenants/acme/tokens/revoke", `{"client_id":"desk"}`) },
		"tenant's revoked":   func(string) { h.admin("POST", "tenants/acme/tokens/revoke", `{"all":true}`) },
		"client disabled":    func(string) { h.admin("PATCH", "tenants/acme/clients/desk", `{"status":"disabled"}`) },
		"client deleted":     func(string) { h.admin("DELETE", "tenants/acme/clients/desk", "") },
		"tenant's key taken": func(token string) { h.admin("POST", "tenants/acme/signing-keys/"+kidIn(h.t, token)+"/revoke", `{}`) },
	}
}

// kidIn returns the kid of a JWT.
func kidIn(t testing.TB, token string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	if err != nil {
		t.Fatal(err)
	}
	var header struct{ Kid string }
	if err := json.Unmarshal(text, &header); err != nil {
		t.Fatal(err)
	}
	return header.Kid
}

// Class F: what ends a token ends what it earned, on the other node after its next
// poll, also what that earned in turn.
func TestClassFWhatATokenEarnedEndsWithIt(t *testing.T) {
	for name := range endings(nil) {
		t.Run(name, func(t *testing.T) {
			a, b := twoHousesOf(t, (*house).desks)
			ann := a.as("ann")
			a.clock.Advance(2 * time.Second) // later than the mark of a revocation would be that hits ann's alone
			b.clock = a.clock
			if name == "tenant's key taken" { // what was earned is not signed by the key that is taken
				a.admin("POST", "tenants/acme/signing-keys/rotate", `{"immediately":true,"force":true}`)
				b.poll()
			}
			earned := map[string]string{"carl by ann": a.earned("desk", ann, "requested_subject", "carl"), "a narrower one": a.earned("desk", ann, "scope", "read")}
			earned["one for another API"] = b.earned("shop", ann)
			earned["one by carl by ann"] = b.earned("shop", earned["carl by ann"])
			earned["opaque"] = func() string {
				a.admin("PATCH", "tenants/acme/clients/shop", `{"token_format":"opaque"}`)
				return a.earned("shop", earned["carl by ann"])
			}()
			b.poll()
			if name == "tenant's key taken" && kidIn(t, earned["carl by ann"]) == kidIn(t, ann) {
				t.Fatal("one key signed both: the test shows nothing")
			}
			for what, token := range earned {
				if !a.live(token) || !b.live(token) {
					t.Fatalf("%s is dead from the start", what)
				}
			}
			endings(a)[name](ann)
			b.poll()
			for what, token := range earned {
				if a.live(token) || b.live(token) {
					t.Errorf("%s is live on this node: %v, on the other: %v", what, a.live(token), b.live(token))
				}
				if status, answer := b.exchange("shop", token); status == http.StatusOK {
					t.Errorf("%s earned more: %v", what, answer)
				}
			}
		})
	}
}

// twoHousesOf opens two nodes of one database, and furnishes it.
func twoHousesOf(t *testing.T, furnish func(*house)) (a, b *house) {
	t.Helper()
	a, b = twoHouses(t)
	a.admin("DELETE", "tenants/acme", "") // twoHouses has one of its own
	furnish(a)
	b.poll()
	return a, b
}

// Class F: a family of refresh tokens that ends takes along what its tokens earned.
func TestClassFWhatAFamilyEarnedEndsWithIt(t *testing.T) {
	h := newHouse(t)
	h.desks()
	h.admin("PATCH", "tenants/acme/users/ann", `{"password":"correct horse"}`)
	h.admin("PATCH", "tenants/acme/clients/desk", `{"grant_types":["password","refresh_token","`+exchangeGrant+`"]}`)
	_, first := h.grant("desk", "grant_type", "password", "username", "ann", "password", "correct horse")
	carl := h.earned("desk", first["access_token"].(string), "requested_subject", "carl")
	_, second := h.grant("desk", "grant_type", "refresh_token", "refresh_token", first["refresh_token"].(string))
	cora := h.earned("desk", second["access_token"].(string), "requested_subject", "cora")
	if !h.live(carl) || !h.live(cora) {
		t.Fatal("dead from the start")
	}
	h.post("/t/acme/oauth2/revoke", url.Values{"token": {second["refresh_token"].(string)}, "client_id": {"desk"}, "client_secret": {"s"}})
	if h.live(carl) || h.live(cora) {
		t.Errorf("by the first token: %v, by the second: %v", h.live(carl), h.live(cora))
	}
}

// Class F: a change of rules, groups or people decides on the other node after its
// next poll.
func TestClassFRulesAreInForceOnTheOtherNodeAfterItsNextPoll(t *testing.T) {
	a, b := twoHousesOf(t, (*house).desks)
	ann := a.as("ann")
	rule := a.admin("GET", "tenants/acme/impersonation-rules", "")["items"].([]any)[0].(map[string]any)["id"].(string)
	may := func() bool {
		t.Helper()
		status, answer := b.exchange("desk", ann, "requested_subject", "carl", "reason", "r")
		if status != http.StatusOK && answer["error"] != "invalid_target" {
			t.Fatal(status, answer)
		}
		return status == http.StatusOK
	}
	for _, c := range []struct {
		name, method, path, body string
		want                     bool
	}{
		{"at first", "GET", "tenants/acme", "", true},
		{"the rule is off", "PATCH", "impersonation-rules/" + rule, `{"status":"disabled"}`, false},
		{"and on", "PATCH", "impersonation-rules/" + rule, `{"status":"active"}`, true},
		{"the target leaves its group", "PATCH", "users/carl", `{"groups":[]}`, false},
		{"and comes back", "PATCH", "users/carl", `{"groups":["customers"]}`, true},
		{"the actor leaves its group", "PATCH", "users/ann", `{"groups":[]}`, false},
		{"and comes back", "PATCH", "users/ann", `{"groups":["support"]}`, true},
		{"the target may more than the actor", "PATCH", "users/carl", `{"permissions":["fire-people"]}`, false},
		{"and no more", "PATCH", "users/carl", `{"permissions":[]}`, true},
		{"the group may more", "PATCH", "groups/customers", `{"permissions":["fire-people"]}`, false},
		{"and no more", "PATCH", "groups/customers", `{"permissions":[]}`, true},
		{"the group has another name", "PATCH", "groups/customers", `{"name":"buyers"}`, true},
		{"the target is disabled", "PATCH", "users/carl", `{"status":"disabled"}`, false},
		{"and not any more", "PATCH", "users/carl", `{"status":"active"}`, true},
		{"the group is gone", "DELETE", "groups/buyers", "", false},
		{"a rule for both by name", "POST", "impersonation-rules", `{"actor":{"user":"ann"},"target":{"user":"carl"}}`, true},
		{"the target is gone", "DELETE", "users/carl", "", false},
		{"another one has its id", "POST", "users", `{"id":"carl","username":"carl"}`, false},
	} {
		path := c.path
		if c.method != "GET" {
			path = "tenants/acme/" + path
		}
		a.admin(c.method, path, c.body)
		b.poll()
		if got := may(); got != c.want {
			t.Errorf("%s: ann may become carl: %v, want %v", c.name, got, c.want)
		}
	}
}
