package server_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/gatehouse-auth/gatehouse/oauth"
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

// Class O (CVE-2023-50658, CVE-2024-28180): nothing is decrypted, so that neither
// a JWE that asks for 2^31 rounds of PBKDF2 nor one that unpacks to 4 MiB makes
// the server work, wherever tokens are read.
func TestClassOEncryptedTokensAreNotOpened(t *testing.T) {
	h := newHouse(t)
	h.desks()
	h.signer("")
	h.admin("POST", "tenants/acme/clients/signer/keys", `{"public_key":"`+base64Of(publicKeyDER("rsa"))+`"}`)
	as := func(more url.Values) string {
		more.Set("client_id", "desk")
		more.Set("client_secret", "s")
		return more.Encode()
	}
	const form, token = "application/x-www-form-urlencoded", "/t/acme/oauth2/token"
	for name, jwe := range map[string]string{"2^31 rounds": costlyJWE(), "a zip bomb": bombJWE(t)} {
		for _, place := range []struct {
			name, method, path, body, bearer string
			want                             int
		}{
			{"client_assertion", "POST", token, url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {oauth.ClientAssertionJWT}, "client_assertion": {jwe}, "client_id": {"signer"}}.Encode(), "", 401},
			{"subject_token", "POST", token, as(url.Values{"grant_type": {exchangeGrant}, "subject_token": {jwe}, "subject_token_type": {accessType}}), "", 400},
			{"bearer", "GET", "/admin/v1/tenants/acme", "", jwe, 401},
			{"introspection", "POST", "/t/acme/oauth2/introspect", as(url.Values{"token": {jwe}}), "", 200},
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			response, answer := h.do(place.method, place.path, form, place.body, place.bearer)
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			if response.StatusCode != place.want || place.want == http.StatusOK && fmt.Sprint(answer) != "map[active:false]" {
				t.Errorf("%s as %s: %s %v", name, place.name, response.Status, answer)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 3<<20 || took > 5*time.Second {
				t.Errorf("%s as %s: %v and %d bytes", name, place.name, took, grown)
			}
		}
	}
}

// costlyJWE returns a JWE whose key is derived from a password in 2^31 rounds.
func costlyJWE() string {
	part := func(n int) string { return base64URLOf(bytes.Repeat([]byte{1}, n)) }
	header := base64URLOf([]byte(`{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483648,"p2s":"AAAAAAAAAAAAAAAAAAAAAA"}`))
	return strings.Join([]string{header, part(24), part(12), part(32), part(16)}, ".")
}

// bombJWE returns a JWE of some 6 KB for the key "rsa" with 4 MiB of zeros in it.
func bombJWE(t *testing.T) string {
	t.Helper()
	_, key := privateKey("rsa")
	encrypter, err := jose.NewEncrypter(jose.A128GCM, jose.Recipient{Algorithm: jose.RSA_OAEP_256, Key: key.Public()}, &jose.EncrypterOptions{Compression: jose.DEFLATE})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := encrypter.Encrypt(make([]byte, 4<<20))
	if err != nil {
		t.Fatal(err)
	}
	text, err := sealed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
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
