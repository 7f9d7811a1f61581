package server_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Class O: what is far too large, deep or many is refused, and costs little.
func TestClassOHugeRequests(t *testing.T) {
	h := newHouse(t)
	h.seed()
	h.ask()
	const form, token = "application/x-www-form-urlencoded", "/t/acme/oauth2/token"
	const who = "grant_type=client_credentials&client_id=106&client_secret=s3cret"
	n := strings.Repeat("A", 2731) // base64url of 16384 bits
	for _, huge := range []struct {
		name, path, contentType, body, bearer string
		want                                  int
	}{
		{"30,000 scopes", token, form, who + "&scope=" + strings.Repeat("a+", 30_000), "", 400},
		{"9,000 scopes that differ", token, form, who + "&scope=" + scopes(9_000), "", 400},
		{"9,000 parameters", token, form, who + strings.ReplaceAll(scopes(9_000), "+", "&"), "", 400},
		{"a body of 1 MB", token, form, who + "&scope=" + strings.Repeat("a", 1<<20), "", 413},
		{"a token of dots", "/t/acme/oauth2/introspect", form, "client_id=106&client_secret=s3cret&token=" + strings.Repeat(".", 60_000), "", 200},
		{"JSON 10,000 deep", "/admin/v1/tenants/acme/users", "application/json", `{"username":"deep","profile":` + strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_001), h.token, 400},
		{"a number past any double", "/admin/v1/tenants/acme/users", "application/json", `{"username":"huge","profile":{"x":1e400}}`, h.token, 400},
		{"a year past any date", "/admin/v1/tenants/acme/clients/106/secrets", "application/json", `{"expires_at":"9999-12-31T23:59:59-12:00"}`, h.token, 400},
		{"an exponent of 2^64", "/admin/v1/tenants/acme/clients/106/keys", "application/json", `{"jwk":{"kty":"RSA","n":"` + n[:342] + `","e":"AQAAAAAAAAAB"}}`, h.token, 400},
		{"an RSA key of 16384 bits", "/admin/v1/tenants/acme/clients/106/keys", "application/json", `{"jwk":{"kty":"RSA","n":"w` + n[1:] + `","e":"AQAB"}}`, h.token, 400},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		response, answer := h.do(http.MethodPost, huge.path, huge.contentType, huge.body, huge.bearer)
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		if response.StatusCode != huge.want {
			t.Errorf("%s: %s %.200v", huge.name, response.Status, answer)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 20<<20 || took > 5*time.Second { // seconds, as machines are slow
			t.Errorf("%s: %v and %d bytes", huge.name, took, grown)
		}
	}
}

// scopes returns n scopes, no two the same.
func scopes(n int) string {
	var text strings.Builder
	for i := range n {
		text.WriteByte('+')
		for k := i + 1; k > 0; k /= 26 {
			text.WriteByte(byte('a' + k%26))
		}
	}
	return text.String()
}
