package assertion_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	b64 "encoding/base64"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/assertion/assertiontest"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
)

var now = time.Unix(1_800_000_000, 0)

// secret is long enough for HS256 (RFC 7518 section 3.2).
var secret = bytes.Repeat([]byte("secret"), 6)

func claims(change ...any) map[string]any {
	c := map[string]any{"iss": "c", "sub": "c", "aud": "https://as.example", "exp": now.Add(time.Minute).Unix(), "jti": "1"}
	for i := 0; i < len(change); i += 2 {
		if c[change[i].(string)] = change[i+1]; change[i+1] == nil {
			delete(c, change[i].(string))
		}
	}
	return c
}

func pairs(t testing.TB) map[string]any {
	t.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"RS256": keystest.RSA(2048, 0), "PS256": keystest.RSA(4096, 0), "ES256": ec, "EdDSA": ed}
}

func keyOf(t testing.TB, alg string, private any) *assertion.Key {
	t.Helper()
	key := &assertion.Key{Alg: alg}
	switch private := private.(type) {
	case *ecdsa.PrivateKey:
		key.Public = &private.PublicKey
	case ed25519.PrivateKey:
		key.Public = private.Public()
	default:
		key.Public = &keystest.RSA(map[string]int{"RS256": 2048, "PS256": 4096}[alg], 0).PublicKey
	}
	return key
}

func read(t testing.TB, text string) *assertion.Token {
	t.Helper()
	token, err := assertion.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestSignatures(t *testing.T) {
	all := pairs(t)
	for signing, private := range all {
		token := read(t, assertiontest.Sign(map[string]any{"alg": signing, "kid": "k", "typ": "application/JWT"}, claims(), signing, private))
		if token.KeyID != "k" || token.Type != "jwt" || token.Alg != signing || token.Claims.Subject != "c" || !token.Claims.OneAudience {
			t.Errorf("read as %+v", token)
		}
		for verifying, other := range all {
			if got := token.IsSignedBy(keyOf(t, verifying, other)); got != (signing == verifying) {
				t.Errorf("%s verified by a key of %s: %v", signing, verifying, got)
			}
		}
		if token.IsSignedWith(secret) {
			t.Errorf("%s counts as signed with a secret", signing)
		}
	}
	token := read(t, assertiontest.Sign(map[string]any{"alg": "HS256"}, claims(), "HS256", secret))
	if !token.IsSignedWith(secret) || token.IsSignedWith(bytes.ToUpper(secret)) || token.IsSignedWith(nil) {
		t.Error("a secret's signature is not told from others")
	}
	if read(t, assertiontest.Sign(map[string]any{"alg": "HS256"}, claims(), "HS256", []byte{})).IsSignedWith(nil) {
		t.Error("anybody signs for a client without a secret")
	}
}

// RFC 9864 calls EdDSA by another name.
func TestEdDSAByItsNewerName(t *testing.T) {
	all := pairs(t)
	text := assertiontest.Sign(map[string]any{"alg": "Ed25519"}, claims(), "EdDSA", all["EdDSA"])
	token := read(t, text)
	if token.Alg != assertion.EdDSA || !token.IsSignedBy(keyOf(t, "EdDSA", all["EdDSA"])) {
		t.Errorf("read as %s, and not verified", token.Alg)
	}
	_, another, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	if token.IsSignedBy(keyOf(t, "EdDSA", another)) || token.IsSignedBy(keyOf(t, "ES256", all["ES256"])) || token.IsSignedWith(secret) {
		t.Error("any key verifies it")
	}
	input, _, _ := cutLast(text)
	if read(t, input+"."+string(base64([]byte("short")))).IsSignedBy(keyOf(t, "EdDSA", all["EdDSA"])) {
		t.Error("a short signature verifies")
	}
}

// Class A: the header never decides alone. Each of these was signed by the right
// key, or made from what is public.
func TestClassAAlgorithmConfusion(t *testing.T) {
	rsa := keystest.RSA(2048, 0)
	key := keyOf(t, "RS256", rsa)
	jwk, err := key.JWK()
	if err != nil {
		t.Fatal(err)
	}
	public := rsa.N.Bytes()
	good := assertiontest.Sign(map[string]any{"alg": "RS256"}, claims(), "RS256", rsa)
	parts := strings.Split(good, ".")
	for name, text := range map[string]string{
		"none":                   assertiontest.Sign(map[string]any{"alg": "none"}, claims(), "none", nil),
		"None":                   assertiontest.Sign(map[string]any{"alg": "None"}, claims(), "none", nil),
		"nOnE, signed":           assertiontest.Sign(map[string]any{"alg": "nOnE"}, claims(), "RS256", rsa),
		"HS256 by the modulus":   assertiontest.Sign(map[string]any{"alg": "HS256"}, claims(), "HS256", public),
		"HS256 by the JWK":       assertiontest.Sign(map[string]any{"alg": "HS256"}, claims(), "HS256", jwk),
		"RS384":                  assertiontest.Sign(map[string]any{"alg": "RS384"}, claims(), "RS384", rsa),
		"PS256":                  assertiontest.Sign(map[string]any{"alg": "PS256"}, claims(), "PS256", rsa),
		"RS256 said ES256":       assertiontest.Sign(map[string]any{"alg": "ES256"}, claims(), "RS256", rsa),
		"PS256 said RS256":       assertiontest.Sign(map[string]any{"alg": "RS256"}, claims(), "PS256", rsa),
		"no alg":                 assertiontest.Sign(map[string]any{"typ": "JWT"}, claims(), "RS256", rsa),
		"alg is a list":          assertiontest.Sign(map[string]any{"alg": []string{"RS256"}}, claims(), "RS256", rsa),
		"typ is a list":          assertiontest.Sign(map[string]any{"alg": "RS256", "typ": []string{"at+jwt"}}, claims(), "RS256", rsa),
		"jwk":                    assertiontest.Sign(map[string]any{"alg": "RS256", "jwk": map[string]string{"kty": "RSA"}}, claims(), "RS256", rsa),
		"jku":                    assertiontest.Sign(map[string]any{"alg": "RS256", "jku": "https://evil.example/jwks"}, claims(), "RS256", rsa),
		"x5u":                    assertiontest.Sign(map[string]any{"alg": "RS256", "x5u": "https://evil.example/x"}, claims(), "RS256", rsa),
		"x5c":                    assertiontest.Sign(map[string]any{"alg": "RS256", "x5c": []string{"MII="}}, claims(), "RS256", rsa),
		"crit":                   assertiontest.Sign(map[string]any{"alg": "RS256", "crit": []string{"x"}, "x": 1}, claims(), "RS256", rsa),
		"crit, empty":            assertiontest.Sign(map[string]any{"alg": "RS256", "crit": []string{}}, claims(), "RS256", rsa),
		"b64":                    assertiontest.Sign(map[string]any{"alg": "RS256", "crit": []string{"b64"}, "b64": false}, claims(), "RS256", rsa),
		"zip":                    assertiontest.Sign(map[string]any{"alg": "RS256", "zip": "DEF"}, claims(), "RS256", rsa),
		"empty signature":        parts[0] + "." + parts[1] + ".",
		"no signature":           parts[0] + "." + parts[1],
		"a JWE of five parts":    good + "." + parts[0] + "." + parts[1],
		"JSON serialization":     `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"JSON with 2 signatures": `{"payload":"` + parts[1] + `","signatures":[{"protected":"` + parts[0] + `","signature":"` + parts[2] + `"},{}]}`,
		"padded":                 good + "==",
		"line break":             good[:10] + "\n" + good[10:],
		"space":                  " " + good,
		"another header":         assertiontest.Sign(map[string]any{"alg": "RS256", "kid": "x"}, claims(), "none", nil) + parts[2],
		"repeated alg":           sign(`{"alg":"none","alg":"RS256"}`, `{}`, rsa),
		"header is no object":    sign(`"RS256"`, `{}`, rsa),
		"header is null":         sign(`null`, `{}`, rsa),
		"claims are no object":   assertiontest.Sign(map[string]any{"alg": "RS256"}, `[]`, "RS256", rsa),
		"claims are a JWT":       assertiontest.Sign(map[string]any{"alg": "RS256", "cty": "JWT"}, good, "RS256", rsa),
		"empty":                  "",
		"dots":                   strings.Repeat(".", 1<<20),
		"longer than 8 KiB":      assertiontest.Sign(map[string]any{"alg": "RS256"}, claims("x", strings.Repeat("x", 6000)), "RS256", rsa),
		"deep":                   assertiontest.Sign(map[string]any{"alg": "RS256"}, strings.Repeat("[", 5000), "RS256", rsa),
	} {
		token, err := assertion.Read(text)
		if err == nil && token.IsSignedBy(key) {
			t.Errorf("%s: verified", name)
		}
	}
	if !read(t, good).IsSignedBy(key) {
		t.Error("the good one is refused: the test would show nothing")
	}
	if mixed := assertiontest.Sign(map[string]any{"ALG": "none", "alg": "RS256"}, claims(), "RS256", rsa); !read(t, mixed).IsSignedBy(key) {
		t.Error("an unknown header parameter must be ignored (RFC 7515 section 4)")
	}
}

func sign(header, body string, key any) string {
	token := assertiontest.Sign(nil, body, "none", nil)
	_, rest, _ := strings.Cut(token, ".")
	input := assertiontest.Sign(nil, header, "none", nil)
	_, head, _ := strings.Cut(input, ".")
	signed := strings.TrimSuffix(head, ".") + "." + strings.TrimSuffix(rest, ".")
	return signed + "." + string(base64(assertiontest.Signature("RS256", key, signed)))
}

func TestTypes(t *testing.T) {
	for typ, want := range map[any]bool{
		nil: true, "": true, "JWT": true, "jwt": true, "application/jwt": true, "client-authentication+jwt": true,
		"application/Client-Authentication+JWT": true, "at+jwt": false, "logout+jwt": false, "JOSE": false, "jwt2": false,
	} {
		header := map[string]any{"alg": "EdDSA"}
		if typ != nil {
			header["typ"] = typ
		}
		if got := read(t, assertiontest.Sign(header, claims(), "none", nil)+"AA").IsType("client-authentication+jwt"); got != want {
			t.Errorf("typ %v: %v", typ, got)
		}
	}
}

// A signature of ES256 can be turned into another one that verifies too: what is
// used once must not depend on it.
func TestSignedIsTheSameForASecondSignature(t *testing.T) {
	private := pairs(t)["ES256"].(*ecdsa.PrivateKey)
	text := assertiontest.Sign(map[string]any{"alg": "ES256"}, claims(), "ES256", private)
	token := read(t, text)
	input, _, _ := cutLast(text)
	signature := assertiontest.Signature("ES256", private, input)
	s := new(big.Int).SetBytes(signature[32:])
	s.Sub(elliptic.P256().Params().N, s).FillBytes(signature[32:])
	second := read(t, input+"."+string(base64(signature)))
	if !second.IsSignedBy(keyOf(t, "ES256", private)) {
		t.Fatal("the second signature does not verify: the test would show nothing")
	}
	if second.Signed() != token.Signed() {
		t.Error("the same claims count as two assertions")
	}
}

func FuzzClientAssertion(f *testing.F) {
	private := keystest.RSA(2048, 0)
	key := keyOf(f, "RS256", private)
	good := assertiontest.Sign(map[string]any{"alg": "RS256"}, claims(), "RS256", private)
	f.Add(good)
	f.Add(assertiontest.Sign(map[string]any{"alg": "HS256", "typ": "JWT", "kid": "k"}, `{"aud":["a"],"exp":1.5,"nbf":1}`, "HS256", []byte("s")))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := assertion.Read(text)
		if err != nil {
			return
		}
		if len(text) > assertion.MaxBytes || strings.Count(text, ".") != 2 || !strings.HasPrefix(text, token.Signed()+".") {
			t.Fatalf("%q was read", text)
		}
		if token.IsSignedBy(key) && text != good {
			t.Fatalf("%q was verified, and nobody signed it", text)
		}
		_ = token.Claims.ValidAt(now, time.Minute)
		_ = token.Claims.Texts("aud")
	})
}

func base64(data []byte) []byte { return b64.RawURLEncoding.AppendEncode(nil, data) }

// cutLast splits a compact JWS before its signature.
func cutLast(text string) (input, signature string, found bool) {
	i := strings.LastIndexByte(text, '.')
	return text[:max(i, 0)], text[i+1:], i >= 0
}
