package server_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// introspected asks as a client about a token, and returns what is told.
func (h *house) introspected(slug, clientID, token string) map[string]any {
	h.t.Helper()
	_, answer := h.post("/t/"+slug+"/oauth2/introspect", url.Values{"token": {token}, "client_id": {clientID}, "client_secret": {"s3cret"}})
	if answer["active"] != true {
		h.t.Fatalf("not active: %v", answer)
	}
	return answer
}

// Class E: a reserved claim that has got into the database past every check does
// not get into a token.
func TestClassEReservedClaimsAreIgnoredWhenATokenIsMade(t *testing.T) {
	h := newHouse(t)
	h.seed()
	tenant, err := h.db.Tenant(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	plain := h.introspected("acme", "106", h.issued())
	forged := tenants.Claims{"fine": {Value: "x"}}
	for _, name := range []string{
		"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "act", "client_id", "scope", "may_act", "cnf", "grant_id", "auth_time", "amr", "acr",
		"exchanged", "renew_until", "Sub", "ſub", "iſs", "Act", "MAY_ACT", "GRANT_ID", "Exchanged", "Renew_Until", "ſcope",
	} {
		forged[name] = tenants.Claim{Value: "forged"}
	}
	client, err := h.db.Client(t.Context(), tenant.ID, "106")
	if err != nil {
		t.Fatal(err)
	}
	client.Claims = forged
	if err := h.db.UpdateClient(t.Context(), client, tenants.AuditEvent{Actor: "test", Action: "client.update"}); err != nil {
		t.Fatal(err)
	}
	api, err := h.db.API(t.Context(), tenant.ID, "https://api.acme.example")
	if err != nil {
		t.Fatal(err)
	}
	api.Claims = forged
	if err := h.db.UpdateAPI(t.Context(), api, tenants.AuditEvent{Actor: "test", Action: "api.update"}); err != nil {
		t.Fatal(err)
	}
	got := h.introspected("acme", "106", h.issued())
	if got["fine"] != "x" {
		t.Error("the claim that is allowed is missing")
	}
	delete(got, "fine")
	got["jti"] = plain["jti"] // of another token
	if !reflect.DeepEqual(got, plain) {
		t.Errorf("got %v, want %v", got, plain)
	}
}

// Claims that come from the user are the user's, also when a client's differ.
func TestClaimsOfThePersonWhoSignedIn(t *testing.T) {
	h := newHouse(t)
	h.people("acme")
	h.admin("POST", "tenants/acme/groups", `{"name":"staff","permissions":["read"]}`)
	h.admin("PATCH", "tenants/acme/users/u1", `{"name":"Ann","groups":["staff"],"profile":{"city":"Ulm","seats":[1,2]}}`)
	h.admin("PATCH", "tenants/acme/clients/app", `{"claims":{"who":{"from":"user.username"},"mail":{"from":"user.email"},"name":{"from":"user.name"},
		"groups":{"from":"user.groups"},"may":{"from":"user.permissions"},"https://acme.example/city":{"from":"user.profile.city"},"seats":{"from":"user.profile.seats"},"zip":{"from":"user.profile.zip"}}}`)
	response, answer := h.signIn("acme", "ann", "correct horse")
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s %v", response.Status, answer)
	}
	got := h.introspected("acme", "app", answer["access_token"].(string))
	for name, want := range map[string]any{
		"sub": "u1", "username": "Ann", "who": "Ann", "mail": "ann@acme.example", "name": "Ann", "groups": []any{"staff"}, "may": []any{"read"},
		"https://acme.example/city": "Ulm", "seats": []any{1.0, 2.0}, "zip": nil,
	} {
		if !reflect.DeepEqual(got[name], want) {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	_, there := got["zip"]
	if there {
		t.Error("what the user does not have is in the token")
	}
	_, own := h.post("/t/acme/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {"s3cret"}})
	got = h.introspected("acme", "app", own["access_token"].(string))
	if got["who"] != "oauth_app" || got["username"] != nil || got["mail"] != nil {
		t.Errorf("of the client itself: %v", got)
	}
}

// A token must fit into a header: what is configured cannot make it too large, nor
// this server look broken.
func TestConfiguredClaimsAreBounded(t *testing.T) {
	h := newHouse(t)
	h.people("acme")
	h.admin("PATCH", "tenants/acme/users/u1", `{"profile":{"story":"`+strings.Repeat("x", 9000)+`"}}`)
	h.admin("PATCH", "tenants/acme/clients/app", `{"claims":{"story":{"from":"user.profile.story"}}}`)
	response, answer := h.signIn("acme", "ann", "correct horse")
	if response.StatusCode != http.StatusBadRequest || answer["error"] != "invalid_request" {
		t.Errorf("%s %v", response.Status, answer)
	}
}

// What a token is signed with is what its API says, or else its tenant.
func TestTokensAreSignedAsTheirAPIOrTenantSays(t *testing.T) {
	for _, c := range []struct{ tenant, api, want string }{
		{"RS256", "", "RS256"}, {"RS256", "EdDSA", "EdDSA"}, {"ES256", "PS256", "PS256"}, {"ES256", "", "ES256"},
	} {
		h := newHouse(t)
		h.admin("POST", "tenants", `{"slug":"acme","name":"Acme","signing_alg":"`+c.tenant+`"}`)
		h.admin("POST", "tenants/acme/apis", `{"identifier":"https://api.acme.example","name":"API","signing_alg":"`+c.api+`"}`)
		h.admin("POST", "tenants/acme/clients", `{"client_id":"106","client_secret":"s3cret","name":"ERP","grant_types":["client_credentials"],"apis":[{"identifier":"https://api.acme.example"}]}`)
		token := h.issued()
		head, _, _ := strings.Cut(token, ".")
		header, err := base64.RawURLEncoding.DecodeString(head)
		if err != nil || !strings.Contains(string(header), `"alg":"`+c.want+`"`) || !h.active(token) {
			t.Errorf("%v: %s, active: %v", c, header, h.active(token))
		}
	}
}

// A node whose clock lags behind the one that made a user and an API makes tokens
// that live all the same.
func TestTokensOfALaggingClockLive(t *testing.T) {
	h := newHouse(t)
	h.admin("POST", "tenants", `{"slug":"acme","name":"Acme"}`)
	h.admin("POST", "tenants/acme/apis", `{"identifier":"https://old.example","name":"Old"}`)
	h.admin("POST", "tenants/acme/clients", `{"client_id":"106","client_secret":"s3cret","name":"ERP","grant_types":["client_credentials","`+oauth.GrantAPIKey+`"],"apis":[{"identifier":"https://old.example"}]}`)
	h.clock.Advance(5 * time.Second)
	h.admin("POST", "tenants/acme/apis", `{"identifier":"https://new.example","name":"New"}`)
	h.admin("POST", "tenants/acme/users", `{"id":"ann","username":"ann"}`)
	h.admin("PATCH", "tenants/acme/clients/106", `{"apis":[{"identifier":"https://old.example"},{"identifier":"https://new.example"}]}`)
	key := fmt.Sprint(h.admin("POST", "tenants/acme/users/ann/api-keys", `{"name":"k"}`)["key"])
	h.clock.Advance(-5 * time.Second)
	if !h.active(h.issued("audience", "https://new.example")) {
		t.Error("one for the new API is dead")
	}
	if !h.active(h.issued("grant_type", oauth.GrantAPIKey, "api_key", key, "audience", "https://old.example")) {
		t.Error("one of the new user is dead")
	}
}
