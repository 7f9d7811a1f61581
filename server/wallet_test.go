package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/passwords"
)

// credential is something that a tenant gave somebody. It tries itself at the
// tenant of that slug, where a client has to prove itself by its secret there, and
// reports whether it was good for anything.
type credential func(node *house, slug, secret string) bool

// cheap is for tests that are about other things than hashes: under the race
// detector one of the real cost takes half a second.
func cheap() passwords.Cost { return passwords.Cost{Memory: 64, Iterations: 1} }

// hashOf returns the hash of a password, so that many users cost one.
func hashOf(t testing.TB, password string) string {
	t.Helper()
	hasher, err := passwords.NewHasher(1, cheap())
	if err != nil {
		t.Fatal(err)
	}
	slot, err := hasher.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer slot.Release()
	hash, err := slot.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// furnishAll makes a tenant with a client "app" that may use every grant of
// people and programs, a resource server "rs" and the user ann. Of two such
// tenants all ids are the same.
func (h *house) furnishAll(slug, secret, passwordHash string) {
	h.t.Helper()
	h.admin("POST", "tenants", `{"slug":"`+slug+`","name":"`+slug+`","hosts":["`+slug+`.example"]}`)
	h.admin("POST", "tenants/"+slug+"/apis", `{"identifier":"https://api.example","name":"API","shared_host":false,"scopes":[{"name":"data"}]}`)
	grants := strings.Join([]string{
		oauth.GrantClientCredentials, oauth.GrantPassword, oauth.GrantUserAndClient, oauth.GrantRefreshToken, oauth.GrantAPIKey, oauth.GrantDeviceCode,
		oauth.GrantSession, oauth.GrantTokenExchange, oauth.GrantJWTBearer,
	}, `","`)
	h.admin("POST", "tenants/"+slug+"/clients", `{"client_id":"app","client_secret":"`+secret+`","name":"App","grant_types":["`+grants+`"],"apis":[{"identifier":"https://api.example"}]}`)
	h.admin("POST", "tenants/"+slug+"/clients", `{"client_id":"rs","client_secret":"`+secret+`","name":"RS","grant_types":[],"resource_server_for":["https://api.example"]}`)
	h.admin("POST", "tenants/"+slug+"/users", `{"id":"u-ann","username":"ann","password_hash":"`+passwordHash+`"}`)
	h.admin("POST", "tenants/"+slug+"/trusted-issuers", `{"issuer":"https://ci.example","reusable_assertions":true,"jwks":{"keys":[`+publicJWK("rsa", "")+`]},"rules":[{"client_id":"app","subject":"job","user_id":"u-ann"}]}`)
}

// wallet collects every kind of credential that a tenant made by furnishAll
// gives; ann's password is "correct horse".
func (h *house) wallet(slug, secret string) map[string]credential {
	h.t.Helper()
	ann := h.visitor(slug+".example", "ann")
	proof := ann.json("/oauth2/session_proof", url.Values{"client_id": {"app"}, "client_secret": {secret}})["session_proof"]
	_, granted := h.post("/t/"+slug+"/oauth2/token", url.Values{
		"grant_type": {oauth.GrantDeviceCode}, "client_id": {"app"}, "client_secret": {secret}, "device_code": {ann.approved(secret)},
	})
	access, refresh := fmt.Sprint(granted["access_token"]), fmt.Sprint(granted["refresh_token"])
	key := fmt.Sprint(h.admin("POST", "tenants/"+slug+"/users/u-ann/api-keys", `{"name":"key"}`)["key"])
	_, byKey := h.post("/t/"+slug+"/oauth2/token", url.Values{
		"grant_type": {oauth.GrantAPIKey}, "client_id": {"app"}, "client_secret": {secret}, "api_key": {key},
	})
	introspects := func(token any) credential {
		return func(node *house, slug, secret string) bool {
			_, answer := node.post("/t/"+slug+"/oauth2/introspect", url.Values{"token": {fmt.Sprint(token)}, "client_id": {"rs"}, "client_secret": {secret}})
			return answer["active"] == true
		}
	}
	return map[string]credential{
		"client_secret": func(node *house, slug, _ string) bool { return node.earns(slug, secret, "client_credentials") },
		"password":      form("password", "username", "ann", "password", "correct horse"),
		"person":        form(oauth.GrantUserAndClient, "username", "ann", "password", "correct horse"),
		"assertion":     form(oauth.GrantJWTBearer, "assertion", h.assertion(h.t, "rsa", "iss=https://ci.example", "sub=job", "aud=http://"+slug+".example", "exp=3000")),
		"refresh_token": form("refresh_token", "refresh_token", refresh),
		"api_key":       form(oauth.GrantAPIKey, "api_key", key),
		"device_code":   form(oauth.GrantDeviceCode, "device_code", ann.approved(secret)),
		"exchange":      form(oauth.GrantTokenExchange, "subject_token", access, "subject_token_type", accessType),
		"session": func(node *house, slug, secret string) bool {
			p := &person{house: node, host: slug + ".example", cookie: ann.cookieAt(node, slug)}
			return p.send("POST", "/oauth2/token", url.Values{
				"grant_type": {oauth.GrantSession}, "client_id": {"app"}, "client_secret": {secret}, "session_proof": {fmt.Sprint(proof)},
			}).StatusCode == http.StatusOK
		},
		"introspection": introspects(access),
		"key_token":     introspects(byKey["access_token"]),
		"bearer": func(node *house, slug, _ string) bool {
			response, _ := node.do("GET", "/t/"+slug+"/oauth2/impersonatees", "", "", access)
			return response.StatusCode == http.StatusOK
		},
	}
}

// form is a credential that is one of a token request's parameters.
func form(grant string, params ...string) credential {
	return func(node *house, slug, secret string) bool { return node.earns(slug, secret, grant, params...) }
}

// earns reports whether the client app gets a token.
func (h *house) earns(slug, secret, grant string, params ...string) bool {
	h.t.Helper()
	form := url.Values{"grant_type": {grant}, "client_id": {"app"}, "client_secret": {secret}}
	for i := 0; i+1 < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	response, answer := h.post("/t/"+slug+"/oauth2/token", form)
	return response.StatusCode == http.StatusOK && answer["access_token"] != nil
}

// approved returns a device code that the person has let in.
func (p *person) approved(secret string) string {
	p.t.Helper()
	answer := p.json("/oauth2/device_authorization", url.Values{"client_id": {"app"}, "client_secret": {secret}})
	_, request := p.enter(fmt.Sprint(answer["user_code"]))
	if status := p.decide(request, "approve"); status != http.StatusSeeOther {
		p.t.Fatalf("approval: %d %s", status, p.page)
	}
	p.send("GET", "/device", nil)
	return fmt.Sprint(answer["device_code"])
}

// cookieAt is the person's cookie under the name that a tenant would look for.
func (p *person) cookieAt(node *house, slug string) string {
	p.t.Helper()
	_, value, _ := strings.Cut(p.cookie, "=")
	tenant, err := node.service.Tenant(p.t.Context(), admin.Actor{Scopes: admin.AllScopes()}, slug)
	if err != nil {
		return p.cookie // the tenant is gone
	}
	return "gatehouse-" + tenant.ID + "=" + value
}
