package server_test

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

const (
	exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessType    = "urn:ietf:params:oauth:token-type:access_token"
	shopAPI       = "https://shop.example"
	stockAPI      = "https://stock.example"
)

// at returns the slug of the tenant that exchanges are asked of.
func (h *house) at() string { return cmp.Or(h.slug, "acme") }

// desks furnishes a tenant in which ann of the support may become carl, a
// customer, through the client desk. shop is a resource server that calls stock.
func (h *house) desks() {
	h.t.Helper()
	for _, line := range []string{
		`POST tenants {"slug":"acme","name":"Acme"}`,
		`POST tenants/acme/apis {"identifier":"https://shop.example","name":"Shop","shared_host":false,"scopes":[{"name":"read"},{"name":"buy"}]}`,
		`POST tenants/acme/apis {"identifier":"https://stock.example","name":"Stock","shared_host":false,"scopes":[{"name":"read"},{"name":"order"}]}`,
		`POST tenants/acme/groups {"name":"support","permissions":["see-orders"]}`,
		`POST tenants/acme/groups {"name":"customers"}`,
		`POST tenants/acme/users {"id":"ann","username":"ann","groups":["support"]}`,
		`POST tenants/acme/users {"id":"carl","username":"carl","groups":["customers"]}`,
		`POST tenants/acme/users {"id":"cora","username":"cora","groups":["customers"],"permissions":["see-orders"]}`,
		`POST tenants/acme/users {"id":"boss","username":"boss","groups":["customers"],"permissions":["fire-people"]}`,
		`POST tenants/acme/clients {"client_id":"desk","client_secret":"s","name":"Desk","grant_types":["client_credentials","urn:gatehouse:params:oauth:grant-type:api-key","` + exchangeGrant + `"],"apis":[{"identifier":"https://shop.example","scopes":["read","buy"]}]}`,
		`POST tenants/acme/clients {"client_id":"shop","client_secret":"s","name":"Shop","grant_types":["client_credentials","` + exchangeGrant + `"],"apis":[{"identifier":"https://stock.example","scopes":["read","order"]}],"resource_server_for":["https://shop.example"]}`,
		`POST tenants/acme/clients {"client_id":"other","client_secret":"s","name":"Other","grant_types":["client_credentials","` + exchangeGrant + `"],"apis":[{"identifier":"https://shop.example","scopes":["read"]}]}`,
		`POST tenants/acme/impersonation-rules {"actor":{"group":"support"},"target":{"group":"customers"}}`,
	} {
		method, rest, _ := strings.Cut(strings.ReplaceAll(line, "acme", h.at()), " ")
		path, body, _ := strings.Cut(rest, " ")
		h.admin(method, path, body)
	}
}

// grant asks the token endpoint.
func (h *house) grant(client string, more ...string) (int, map[string]any) {
	h.t.Helper()
	form := url.Values{"client_id": {client}, "client_secret": {"s"}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	response, answer := h.post("/t/"+h.at()+"/oauth2/token", form)
	return response.StatusCode, answer
}

// as returns a token that speaks for the user, issued to desk.
func (h *house) as(user string, more ...string) string {
	h.t.Helper()
	key := h.admin("POST", "tenants/"+h.at()+"/users/"+user+"/api-keys", `{"name":"test"}`)["key"].(string)
	status, answer := h.grant("desk", append([]string{"grant_type", oauth.GrantAPIKey, "api_key", key}, more...)...)
	if status != http.StatusOK {
		h.t.Fatal(status, answer)
	}
	return answer["access_token"].(string)
}

// own returns a token that speaks for the client.
func (h *house) own(client string, more ...string) string {
	h.t.Helper()
	status, answer := h.grant(client, append([]string{"grant_type", "client_credentials"}, more...)...)
	if status != http.StatusOK {
		h.t.Fatal(status, answer)
	}
	return answer["access_token"].(string)
}

// exchange has the client exchange a token.
func (h *house) exchange(client, token string, more ...string) (int, map[string]any) {
	h.t.Helper()
	return h.grant(client, append([]string{"grant_type", exchangeGrant, "subject_token", token, "subject_token_type", accessType}, more...)...)
}

// earned is exchange that must succeed, and returns the token.
func (h *house) earned(client, token string, more ...string) string {
	h.t.Helper()
	status, answer := h.exchange(client, token, more...)
	if status != http.StatusOK {
		h.t.Fatal(status, answer)
	}
	if answer["refresh_token"] != nil {
		h.t.Errorf("an exchange gave a refresh token: %v", answer)
	}
	return answer["access_token"].(string)
}

// refused wants an exchange to be refused with that error.
func (h *house) refused(want oauth.Code, client, token string, more ...string) {
	h.t.Helper()
	status, answer := h.exchange(client, token, more...)
	if wanted := map[bool]int{true: 403, false: 400}[want == oauth.AccessDenied]; status != wanted || answer["error"] != string(want) {
		h.t.Errorf("got %d %v, want %s", status, answer, want)
	}
}

// live asks, as desk's and shop's introspection would, whether a token is good.
func (h *house) live(token string) bool {
	h.t.Helper()
	for _, client := range []string{"desk", "shop"} {
		response, answer := h.post("/t/acme/oauth2/introspect", url.Values{"token": {token}, "client_id": {client}, "client_secret": {"s"}})
		if response.StatusCode != http.StatusOK {
			continue // the client itself cannot ask any more
		}
		if answer["active"] == true {
			return true
		}
	}
	return false
}

// claimsOf returns the claims of a JWT.
func claimsOf(t testing.TB, token string) map[string]any {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// signed returns a JWT of the tenant's with these claims in place of those of a
// good token.
func (h *house) signed(typ, good string, claims map[string]any) string {
	h.t.Helper()
	tenant, err := h.service.Tenant(h.t.Context(), admin.Actor{Scopes: admin.AllScopes()}, "acme")
	if err != nil {
		h.t.Fatal(err)
	}
	all := claimsOf(h.t, good)
	for name, value := range claims {
		all[name] = value
	}
	token, _, err := h.rings.Sign(h.t.Context(), tenant.ID, "RS256", typ, all)
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

// Class E: only a good access token of this tenant that the client has to do with
// is exchanged, and every other one is answered alike.
func TestClassEOnlyGoodTokensAreExchanged(t *testing.T) {
	h := newHouse(t)
	h.desks()
	h.admin("POST", "tenants", `{"slug":"globex","name":"Globex"}`)
	h.admin("POST", "tenants/globex/clients", `{"client_id":"desk","client_secret":"s","name":"Desk","grant_types":["client_credentials"]}`)
	_, foreign := h.post("/t/globex/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"desk"}, "client_secret": {"s"}})
	h.admin("POST", "tenants/acme/users", `{"id":"gone","username":"gone"}`)
	h.admin("POST", "tenants/acme/users", `{"id":"off","username":"off"}`)
	good, gone, off := h.as("ann"), h.as("gone"), h.as("off")
	h.admin("DELETE", "tenants/acme/users/gone", "")
	h.admin("PATCH", "tenants/acme/users/off", `{"status":"disabled"}`)
	revoked := h.as("ann")
	h.post("/t/acme/oauth2/revoke", url.Values{"token": {revoked}, "client_id": {"desk"}, "client_secret": {"s"}})
	h.admin("PATCH", "tenants/acme/clients/desk", `{"token_format":"opaque"}`)
	opaque := h.as("ann")
	h.post("/t/acme/oauth2/revoke", url.Values{"token": {opaque}, "client_id": {"desk"}, "client_secret": {"s"}})
	h.admin("PATCH", "tenants/acme/clients/desk", `{"token_format":null}`)
	past := h.clock.Now().Add(-time.Second).Unix()
	bad := map[string]string{
		"nonsense":                    "nonsense",
		"one of another tenant":       foreign["access_token"].(string),
		"one of another client":       h.own("other"),
		"of a deleted user":           gone,
		"of a disabled user":          off,
		"revoked":                     revoked,
		"revoked and opaque":          opaque,
		"expired, within the skew":    h.signed(oauth.TypeAccessToken, good, map[string]any{"exp": past}),
		"an ID token":                 h.signed("JWT", good, map[string]any{"nonce": "n"}),
		"an assertion":                h.signed("client-authentication+jwt", good, nil),
		"of another issuer":           h.signed(oauth.TypeAccessToken, good, map[string]any{"iss": "https://elsewhere.example"}),
		"whose signature was changed": good[:len(good)-4] + "AAAA",
		"whose API is gone":           h.signed(oauth.TypeAccessToken, good, map[string]any{"aud": "https://gone.example"}),
		"whose user never was":        h.signed(oauth.TypeAccessToken, good, map[string]any{"sub": "nobody"}),
		"whose actor never was":       h.signed(oauth.TypeAccessToken, good, map[string]any{"act": map[string]any{"sub": "nobody"}}),
		"an API key":                  h.admin("POST", "tenants/acme/users/ann/api-keys", `{"name":"k"}`)["key"].(string),
	}
	for name, token := range bad {
		t.Run(name, func(t *testing.T) {
			for _, more := range [][]string{{}, {"requested_subject", "carl"}} {
				status, answer := h.exchange("desk", token, more...)
				if status != 400 || answer["error"] != "invalid_request" || answer["error_description"] != "subject_token is no access token that this client may exchange" {
					t.Errorf("as the subject token: %d %v", status, answer)
				}
			}
			status, answer := h.exchange("desk", good, "actor_token", token, "actor_token_type", accessType)
			if status != 400 || answer["error"] != "invalid_request" || answer["error_description"] != "actor_token is no access token that this client may exchange" {
				t.Errorf("as the actor token: %d %v", status, answer)
			}
		})
	}
	h.earned("desk", good) // so that what was wrong above is the token
	h.earned("desk", good, "requested_subject", "carl")
}

// Class E: no exchange gives more than was brought.
func TestClassENothingIsGainedByAnExchange(t *testing.T) {
	h := newHouse(t)
	h.desks()
	ann := h.as("ann", "scope", "read", "expires_in", "100")
	h.clock.Advance(10 * time.Second)
	end := claimsOf(t, ann)["exp"].(float64)
	for name, token := range map[string]string{
		"impersonation":           h.earned("desk", ann, "requested_subject", "carl"),
		"delegation":              h.earned("desk", ann),
		"delegation to an API":    h.earned("shop", ann),
		"a longer life asked for": h.earned("desk", ann, "expires_in", "800"),
	} {
		claims := claimsOf(t, token)
		if claims["scope"] != "read" || claims["exp"].(float64) > end {
			t.Errorf("%s: scope %v, expiry %v, brought were read and %v", name, claims["scope"], claims["exp"], end)
		}
	}
	if claims := claimsOf(t, h.earned("desk", ann, "expires_in", "5", "requested_subject", "carl")); claims["exp"].(float64) > end-80 {
		t.Errorf("less life was asked for: %v of %v", claims["exp"], end)
	}
	for _, more := range [][]string{{}, {"requested_subject", "carl"}} {
		h.refused(oauth.InvalidScope, "desk", ann, append([]string{"scope", "buy"}, more...)...)
		h.refused(oauth.InvalidScope, "desk", ann, append([]string{"scope", "read buy"}, more...)...)
		h.refused(oauth.InvalidTarget, "desk", ann, append([]string{"audience", stockAPI}, more...)...)
		h.refused(oauth.InvalidTarget, "shop", ann, append([]string{"audience", shopAPI}, more...)...)
	}
	h.refused(oauth.InvalidScope, "shop", h.as("ann", "scope", "buy")) // stock has no scope of that name
	h.refused(oauth.InvalidScope, "shop", ann, "scope", "order")
	// A client's own token is for what it was asked for, though the client may have more.
	h.admin("PATCH", "tenants/acme/clients/desk", `{"apis":[{"identifier":"https://shop.example","scopes":["read","buy"]},{"identifier":"https://stock.example","scopes":["read"]}]}`)
	if audience := claimsOf(t, h.earned("desk", ann))["aud"]; audience != shopAPI {
		t.Errorf("a token for the shop earned one for %v", audience)
	}
	h.refused(oauth.InvalidTarget, "desk", ann, "audience", stockAPI)
	h.refused(oauth.InvalidTarget, "desk", ann, "resource", stockAPI, "requested_subject", "carl")
	// A token without scopes earns one without.
	none := h.signed(oauth.TypeAccessToken, ann, map[string]any{"scope": ""})
	if scope := claimsOf(t, h.earned("desk", none))["scope"]; scope != nil {
		t.Errorf("a token without scopes earned %v", scope)
	}
	list := h.signed(oauth.TypeAccessToken, ann, map[string]any{"scope": []string{"read"}}) // as a dialect writes it
	if scope := claimsOf(t, h.earned("desk", list))["scope"]; scope != "read" {
		t.Errorf("a list of scopes earned %v", scope)
	}
	// A scope that the client has lost meanwhile is not had again.
	both := h.as("ann", "audience", shopAPI)
	h.admin("PATCH", "tenants/acme/clients/desk", `{"apis":[{"identifier":"https://shop.example","scopes":["buy"]}]}`)
	if scope := claimsOf(t, h.earned("desk", both))["scope"]; scope != "buy" {
		t.Errorf("the client may have buy only, and got %v", scope)
	}
}

// Class E: the admin API is out of reach, whichever way.
func TestClassENoExchangeReachesTheAdminAPI(t *testing.T) {
	h := newHouse(t)
	h.desks()
	const both = `{"apis":[{"identifier":"urn:gatehouse:admin","scopes":["users:read"]},{"identifier":"https://shop.example","scopes":["read"]}]}`
	h.admin("PATCH", "tenants/acme/clients/shop", both)
	h.admin("PATCH", "tenants/acme/clients/desk", both)
	h.admin("PATCH", "tenants/acme/users/carl", `{"permissions":["users:read"]}`)
	h.admin("PATCH", "tenants/acme/users/ann", `{"permissions":["users:read"]}`)
	shop, admins := h.as("ann", "audience", shopAPI), h.as("ann", "audience", oauth.AdminAudience)
	for _, more := range [][]string{{}, {"requested_subject", "carl"}} {
		h.refused(oauth.InvalidTarget, "shop", shop, append([]string{"audience", oauth.AdminAudience}, more...)...)
		h.refused(oauth.InvalidTarget, "desk", admins, more...)
	}
	h.admin("PATCH", "tenants/acme/clients/shop", `{"apis":[{"identifier":"urn:gatehouse:admin","scopes":["users:read"]}]}`)
	h.refused(oauth.InvalidTarget, "shop", shop) // its only API
}
