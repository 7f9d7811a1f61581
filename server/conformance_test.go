package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// RFC 6749 section 10.10, RFC 8628 sections 5.2 and 6.1: the probability of guessing
// what opens something is at most 2^-128; codes that people type are of the 20
// letters that make no words, and their guesses are counted.
func TestTokensAreTooLongToGuess(t *testing.T) {
	h := newHouse(t)
	h.renewable()
	h.admin("PATCH", "tenants/acme", `{"hosts":["acme.example"]}`)
	h.admin("POST", "tenants/acme/clients", `{"client_id":"106","client_secret":"s3cret","name":"ERP","grant_types":["client_credentials"]}`)
	h.admin("POST", "tenants/acme/clients", `{"client_id":"107","client_secret":"s3cret","name":"Opaque","grant_types":["client_credentials"],"token_format":"opaque"}`)
	h.admin("POST", "tenants/acme/clients", `{"client_id":"tv","name":"TV","token_endpoint_auth_method":"none","grant_types":["`+oauth.GrantDeviceCode+`"]}`)
	text := func(answer map[string]any, name string) string { return fmt.Sprint(answer[name]) }
	own := func(client string) string {
		_, answer := h.post("/t/acme/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {"s3cret"}})
		return text(answer, "access_token")
	}
	for kind, next := range map[string]func() string{
		"jti":           func() string { return text(h.claims(own("106")), "jti") },
		"opaque token":  func() string { return own("107") },
		"refresh token": h.granted,
		"client secret": func() string { return text(h.admin("POST", "tenants/acme/clients/106/secrets", "{}"), "secret") },
		"API key":       func() string { return text(h.admin("POST", "tenants/acme/users/u1/api-keys", `{"name":"k"}`), "key") },
		"session":       func() string { return h.visitor("acme.example", "ann").cookie },
		"device code": func() string {
			_, answer := h.post("/t/acme/oauth2/device_authorization", url.Values{"client_id": {"tv"}})
			if code := text(answer, "user_code"); !regexp.MustCompile("^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$").MatchString(code) {
				t.Errorf("the user code is %s", code)
			}
			return text(answer, "device_code")
		},
	} {
		var tokens []string
		for range 5 { // so many do not begin alike by chance
			tokens = append(tokens, next())
		}
		same := 0 // characters that tell the kind
		for same < len(tokens[0]) && !slices.ContainsFunc(tokens, func(token string) bool { return token[same] != tokens[0][same] }) {
			same++
		}
		if bits := 6 * (len(tokens[0]) - same); bits < 128 {
			t.Errorf("a %s has %d bits: %q", kind, bits, tokens)
		}
		if slices.Sort(tokens); len(slices.Compact(tokens)) != 5 {
			t.Errorf("a %s comes twice: %q", kind, tokens)
		}
	}
}

// RFC 6749 section 5.2: whatever a client sends, an error's description has no
// other characters than it may, and its code is one of the RFCs'.
func TestErrorDescriptionsHaveOnlyAllowedCharacters(t *testing.T) {
	h := newHouse(t)
	h.seed()
	legal := regexp.MustCompile(`^[\x20-\x21\x23-\x5B\x5D-\x7E]+$`)
	const evil = "\"\\\r\n\x00ä\u2028<script>"
	for _, name := range []string{"grant_type", "scope", "resource", "audience", "client_id", "client_secret", "client_assertion", "client_assertion_type", "expires_in", "token", evil} {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"106"}, "client_secret": {"s3cret"}}
		if strings.HasPrefix(name, "client_assertion") {
			form.Del("client_secret")
			form.Set("client_assertion", "e30.e30.e30")
			form.Set("client_assertion_type", oauth.ClientAssertionJWT)
		}
		form.Set(name, evil)
		response, answer := h.post("/t/acme/oauth2/token", form)
		if name == "token" || name == evil { // nothing that the grant knows
			if response.StatusCode != http.StatusOK {
				t.Errorf("with an unknown parameter: %v", answer)
			}
			continue
		}
		if description, _ := answer["error_description"].(string); !legal.MatchString(description) || !legal.MatchString(fmt.Sprint(answer["error"])) || response.StatusCode >= 500 {
			t.Errorf("%s: %s %q", name, response.Status, answer)
		}
	}
	many := url.Values{"grant_type": {"client_credentials"}, "client_id": {"106"}, "client_secret": {"s3cret"}, "scope": {strings.Repeat("a ", 8000)}}
	if _, answer := h.post("/t/acme/oauth2/token", many); answer["error"] != "invalid_scope" || len(fmt.Sprint(answer["error_description"])) > 600 {
		t.Errorf("8000 scopes: %.700s", answer)
	}
	many.Set("scope", "x"+strings.Repeat("é", 4000))
	if _, answer := h.post("/t/acme/oauth2/token", many); len(fmt.Sprint(answer["error_description"])) > 600 || !legal.MatchString(fmt.Sprint(answer["error_description"])) {
		t.Errorf("a long scope: %.700s", answer)
	}
	endpoint := h.badges() // whose words are passed on
	endpoint.status.Store(http.StatusForbidden)
	endpoint.body.Store(`{"error":"access_denied","error_description":"\"n\\\\o\" \u00e4\u2028 \u0007"}`)
	if _, answer := h.show("acme"); answer["error"] != "access_denied" || !legal.MatchString(fmt.Sprint(answer["error_description"])) {
		t.Errorf("what a tenant's endpoint says: %q", answer)
	}
}

// RFC 9068 section 3, RFC 8707 section 2, ASVS 9.2.4: a token is for one API, by
// its name, and its scopes are of that API.
func TestScopesOfSeveralAPIsAreNotMixed(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.admin("POST", "tenants/acme/apis", `{"identifier":"https://shop.acme.example","name":"Shop","scopes":[{"name":"buy"},{"name":"data"}]}`)
	h.admin("PATCH", "tenants/acme/clients/106", `{"apis":[{"identifier":"https://api.acme.example","scopes":["data"]},{"identifier":"https://shop.acme.example","scopes":["buy"]}]}`)
	for _, test := range []struct{ further, audience, scope, code string }{
		{"scope=data", "https://api.acme.example", "data", ""},
		{"scope=buy", "https://shop.acme.example", "buy", ""},
		{"resource=https://shop.acme.example", "https://shop.acme.example", "buy", ""},
		{"resource=https://shop.acme.example&scope=data", "", "", "invalid_scope"},
		{"scope=data+buy", "", "", "invalid_scope"},
		{"", "", "", "invalid_target"},
		{"resource=https://api.acme.example&audience=https://shop.acme.example", "", "", "invalid_target"},
		{"resource=https://api.acme.example&resource=https://shop.acme.example", "", "", "invalid_request"},
	} {
		_, answer := h.do(http.MethodPost, "/t/acme/oauth2/token", "application/x-www-form-urlencoded", "grant_type=client_credentials&client_id=106&client_secret=s3cret&"+test.further, "")
		if code, _ := answer["error"].(string); code != test.code {
			t.Errorf("%s: %v, want %q", test.further, answer, test.code)
			continue
		}
		if test.code != "" {
			continue
		}
		if claims := h.claims(answer["access_token"].(string)); claims["aud"] != test.audience || claims["scope"] != test.scope {
			t.Errorf("%s: for %v with %v", test.further, claims["aud"], claims["scope"])
		}
	}
	for _, resource := range []string{"https://api.acme.example#part", "https://api.acme.example#", "api", "//api.acme.example", "%"} {
		_, answer := h.post("/t/acme/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"106"}, "client_secret": {"s3cret"}, "resource": {resource}})
		if answer["error"] != "invalid_target" || answer["error_description"] != "resource must be an absolute URI without a fragment" {
			t.Errorf("resource %s: %v", resource, answer)
		}
	}
}

// Class C, RFC 8725 section 3.11: what is one kind of token is no other.
func TestClassCTokensOfOneKindAreNoneOfAnother(t *testing.T) {
	h := newHouse(t)
	h.renewable()
	h.admin("POST", "tenants/acme/clients", `{"client_id":"106","client_secret":"s3cret","name":"ERP","grant_types":["client_credentials"]}`)
	h.signer(`,"apis":[]`)
	h.admin("POST", "tenants/acme/clients/signer/keys", `{"public_key":"`+base64Of(publicKeyDER("rsa"))+`"}`)
	assertion := h.fresh("rsa", "1")
	refresh := h.granted()
	_, answer := h.post("/t/acme/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"106"}, "client_secret": {"s3cret"}})
	access := answer["access_token"].(string)
	h.admin("PATCH", "tenants/acme/clients/106", `{"grant_types":["client_credentials","refresh_token","`+oauth.GrantDeviceCode+`","`+oauth.GrantTokenExchange+`","`+oauth.GrantJWTBearer+`"]}`)
	ask := func(grant, name, token string, more ...string) string {
		t.Helper()
		form := url.Values{"grant_type": {grant}, "client_id": {"106"}, "client_secret": {"s3cret"}, name: {token}}
		if len(more) > 0 {
			form.Set(more[0], more[1])
		}
		_, answer := h.post("/t/acme/oauth2/token", form)
		code, _ := answer["error"].(string)
		return code
	}
	for name, token := range map[string]string{"access token": access, "refresh token": refresh, "assertion": assertion} {
		if name != "refresh token" {
			if code := ask(oauth.GrantRefreshToken, "refresh_token", token); code != "invalid_grant" {
				t.Errorf("%s as a refresh token: %q", name, code)
			}
		}
		if name != "access token" {
			if code := ask(oauth.GrantTokenExchange, "subject_token", token, "subject_token_type", "urn:ietf:params:oauth:token-type:access_token"); code != "invalid_request" {
				t.Errorf("%s as a subject token: %q", name, code)
			}
			if response, _ := h.do("GET", "/admin/v1/tenants/acme", "", "", token); response.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s as a bearer token: %s", name, response.Status)
			}
		}
		if code := ask(oauth.GrantDeviceCode, "device_code", token); code != "invalid_grant" {
			t.Errorf("%s as a device code: %q", name, code)
		}
		if code := ask(oauth.GrantJWTBearer, "assertion", token); code != "invalid_grant" {
			t.Errorf("%s as an authorization grant: %q", name, code)
		}
		if name != "assertion" {
			if status, code := h.prove(token); status != http.StatusUnauthorized || code != "invalid_client" {
				t.Errorf("%s as a client assertion: %d %s", name, status, code)
			}
		}
	}
	if h.active(assertion) {
		t.Error("an assertion introspects as a token")
	}
}

// RFC 8628 section 3.5: a device that a person does not let in is told so.
func TestDeniedDeviceIsToldSo(t *testing.T) {
	h := newHouse(t)
	h.tellies("acme", "acme.example")
	ann := h.visitor("acme.example", "ann")
	deviceCode, userCode := ann.device()
	_, request := ann.enter(userCode)
	if status := ann.decide(request, "deny"); status != http.StatusSeeOther {
		t.Fatalf("denial: %d %s", status, ann.page)
	}
	for range 2 {
		if status, answer := ann.redeem(h, deviceCode); status != http.StatusBadRequest || decoded(t, answer)["error"] != "access_denied" {
			t.Errorf("the device is told %d %s", status, answer)
		}
		h.clock.Advance(10 * time.Second)
	}
}
