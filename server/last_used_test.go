package server_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

// lastUsed returns what the admin API shows of client 106 and of its only secret.
func (h *house) lastUsed() (client, secret any) {
	h.t.Helper()
	list := h.admin("GET", "tenants/acme/clients/106/secrets", "")["items"].([]any)
	return h.admin("GET", "tenants/acme/clients/106", "")["last_used_at"], list[0].(map[string]any)["last_used_at"]
}

func (h *house) flushUses() {
	h.t.Helper()
	if err := h.server.Clients.FlushUses(h.t.Context(), h.db); err != nil {
		h.t.Fatal(err)
	}
}

func TestUsesOfClientsAreShownAfterTheNextFlush(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.ask()
	h.flushUses()
	first := h.clock.Now().Format(time.RFC3339)
	if client, secret := h.lastUsed(); client != first || secret != first {
		t.Fatalf("client %v, secret %v, want %s", client, secret, first)
	}
	h.clock.Advance(time.Minute)
	h.poll()
	h.ask() // has everything in memory again
	before := h.db.Queries()
	for range 20 {
		h.ask()
	}
	if queries := h.db.Queries() - before; queries != 0 {
		t.Errorf("20 uses made %d queries", queries)
	}
	if client, _ := h.lastUsed(); client != first {
		t.Errorf("%v before the flush", client)
	}
	h.flushUses()
	second := h.clock.Now().Format(time.RFC3339)
	if client, secret := h.lastUsed(); client != second || secret != second {
		t.Errorf("client %v, secret %v, want %s", client, secret, second)
	}
	// Who guesses uses nothing.
	h.clock.Advance(time.Minute)
	h.poll()
	response, _ := h.post("/t/acme/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"106"}, "client_secret": {"wrong"}})
	if response.StatusCode != http.StatusUnauthorized {
		t.Fatal(response.Status)
	}
	h.admin("PATCH", "tenants/acme/clients/106", `{"status":"disabled"}`)
	h.ask()
	h.flushUses()
	if client, secret := h.lastUsed(); client != second || secret != second {
		t.Errorf("refused attempts count: client %v, secret %v", client, secret)
	}
}

func TestUsesAreKeptWhileTheDatabaseIsAway(t *testing.T) {
	h, db := newHouse(t), newHouse(t).db
	h.seed()
	h.ask()
	db.Close()
	if err := h.server.Clients.FlushUses(t.Context(), db); err == nil {
		t.Fatal("stored in a database that is away")
	}
	h.flushUses()
	if client, _ := h.lastUsed(); client == nil {
		t.Error("the use is lost")
	}
}

func TestUsesOfKeysAreShownAfterTheNextFlush(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.signer("")
	used := h.admin("POST", "tenants/acme/clients/signer/keys", `{"public_key":"`+base64Of(publicKeyDER("rsa"))+`"}`)
	h.admin("POST", "tenants/acme/clients/signer/keys", `{"jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}`)
	if status, _ := h.prove(h.fresh("rsa", "1")); status != http.StatusOK {
		t.Fatal(status)
	}
	h.flushUses()
	for _, list := range []string{"keys", "credentials"} {
		for _, item := range h.admin("GET", "tenants/acme/clients/signer/"+list, "")["items"].([]any) {
			one, want := item.(map[string]any), any(nil)
			if one["id"] == used["id"] {
				want = h.clock.Now().Format(time.RFC3339)
			}
			if one["last_used_at"] != want {
				t.Errorf("%s: last used %v, want %v", list, one["last_used_at"], want)
			}
		}
	}
}
